"""DeploymentState: what is known of one deployment, and the store that keeps it.

State holds intent and results, never a secret, and never the last word: the stack is the truth.
The mapping to the spec's data model is in docs/state.md.
"""

from __future__ import annotations

import enum
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hivemind.deploy.diagnosis import Diagnosis
from hivemind.deploy.files import locked, make_private, write_atomically
from hivemind.deploy.migrate import FORMAT, NewerFormat, migrate
from hivemind.plan.model import Basis, Snapshot
from hivemind.releases.release import Verdict
from hivemind.text.codec import DecodeError, decode, encode
from hivemind.text.redact import REDACTOR
from hivemind.values.errors import DeploymentNotFound, HiveMindError
from hivemind.values.exits import ExitCode

FILE = "state.json"
_REBUILD = (
    "To make it anew, from what other machines left or from the stack: `hivemind adopt`. It keeps the file that cannot "
    "be read, under another name."
)
CLOUDFORMATION = "cloudformation"
EMPTY: Mapping[str, Any] = MappingProxyType({})


class DeploymentStatus(enum.StrEnum):
    """What the last run of a deployment came to. The words of the spec, with `applying` and `destroying` for a
    run under way.

    `rolled_back`: its stack was deleted by a rollback. `destroyed`: by a destroy, which removes the state of its own
    machine, and leaves this one where other machines find it.
    """

    PENDING = "pending"
    APPLYING = "applying"
    DESTROYING = "destroying"
    DEPLOYED = "deployed"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    DESTROYED = "destroyed"


GONE = frozenset({DeploymentStatus.ROLLED_BACK, DeploymentStatus.DESTROYED})
"""Of deployments that have no stack, and whose history is kept."""


@dataclass(frozen=True)
class StackInfo:
    """stack_id: the ARN, None before the stack exists. region: `eu-west-1`."""

    stack_name: str
    stack_id: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class Revision:
    """One apply that got as far as traffic, or one rollback. time: RFC 3339. artifacts: service -> Artifact.digest.
    sources: service -> Provenance.digest. releases: service -> digest of its whole release, commands and variables
    included, as `DeploymentState.sources`. verdict: `good`, `bad`, or None where the run ended before its checks did.
    by: who applied it, `user@host`. seconds: by stage. back_to: number of the earlier revision whose releases a
    rollback made current, None for an apply."""

    number: int
    time: str
    artifacts: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    sources: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    template_digest: str = ""
    commit: str | None = None
    dirty: bool = False
    subject: str | None = None
    verdict: str | None = None
    by: str | None = None
    seconds: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    releases: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    back_to: int | None = None


@dataclass(frozen=True)
class Recorded:
    """The stack as last seen: what a plan on basis `recorded` is compared with."""

    status: str | None
    template: Mapping[str, Any]
    parameters: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    outputs: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    physical_ids: Mapping[str, str] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True)
class DeploymentState:
    """One blueprint in one environment of one account and region. Fields up to `xray_enabled` are the spec's.

    artifacts, sources, parts: of the current revision; parts: service -> digests of what its release is made of.
    environments: service -> variable -> mark (`releases.variables`), of the current revision where that is known.
    host_keys: instance id -> `ssh-ed25519 AAAA...`. checkout: folder the deployment was applied from. cloud: `aws` or
    `local`. urls: service -> address. build_stack: name of a stack of build instances that was begun and is not known
    to be gone. kept_in: address of the states that the blueprint or the environment chose for it, None for none.
    serial: grows each time that the state is left where other machines find it.
    """

    deployment_id: str
    status: DeploymentStatus
    repo_url: str | None = None
    stack_info: StackInfo | None = None
    creation_method: str = CLOUDFORMATION
    alb_dns_name: str | None = None
    target_group_arn: str | None = None
    verification_results: Verdict | None = None
    monitoring_config: Mapping[str, Any] | None = None
    retry_count: int = 0
    failure_analysis: Diagnosis | None = None
    deployment_stage: str = "production"
    xray_enabled: bool = False
    name: str = ""
    environment: str = "production"
    account: str = ""
    region: str = ""
    cloud: str = "aws"
    endpoint: str | None = None
    checkout: str | None = None
    revisions: tuple[Revision, ...] = ()
    artifacts: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    sources: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    parts: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: EMPTY)
    environments: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: EMPTY)
    urls: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    host_keys: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    recorded: Recorded | None = None
    build_stack: str | None = None
    kept_in: str | None = None
    serial: int = 0

    @property
    def changeable(self) -> bool:
        """Whether HiveMind may change it: only what it made through CloudFormation."""
        return self.creation_method == CLOUDFORMATION

    @property
    def instructions(self) -> str | None:
        """What to do with a deployment that is not changeable; None for one that is."""
        if self.changeable:
            return None
        return (
            f"{self.deployment_id} was created by {self.creation_method!r}, not through CloudFormation. HiveMind "
            "shows it and leaves it alone. To bring it under HiveMind, write a hivemind.yaml, apply it under "
            "another environment name, move data and traffic over, then remove the old resources by hand."
        )

    @property
    def revision(self) -> int:
        """Number of the newest revision, whatever its verdict; 0 for none."""
        return self.revisions[-1].number if self.revisions else 0

    @property
    def last_good(self) -> Revision | None:
        """The newest revision before the current one whose Verdict was good."""
        return next((item for item in reversed(self.revisions[:-1]) if item.verdict == "good"), None)

    @property
    def stands(self) -> Revision | None:
        """The current revision, where it was good and a later apply failed before it made one of its own: the stack
        went back to it."""
        current = self.revisions[-1] if self.revisions else None
        failed = self.status is DeploymentStatus.FAILED
        return current if failed and current is not None and current.verdict == "good" else None

    def snapshot(self) -> Snapshot:
        """What was recorded, as the basis of a plan; `artifacts` in it are digests of sources, as plans compare."""
        if self.recorded is None:
            return Snapshot(Basis.RECORDED, artifacts=self.sources, revision=self.revision, parts=self.parts)
        return Snapshot(
            Basis.RECORDED,
            stack_id=self.stack_info.stack_id if self.stack_info else None,
            status=self.recorded.status,
            template=self.recorded.template,
            parameters=self.recorded.parameters,
            outputs=self.recorded.outputs,
            physical_ids=self.recorded.physical_ids,
            artifacts=self.sources,
            revision=self.revision,
            parts=self.parts,
        )


def deployment_id(name: str, environment: str, account: str, region: str) -> str:
    """The id of a deployment: `shop-production-123456789012-eu-west-1`."""
    return f"{name}-{environment}-{account}-{region}"


class StateUnreadable(HiveMindError):
    """What a state should be read from cannot be used; it is left as it is.

    path: the file, the deployment's folder where a file is in its place, or an address in a bucket. why: what is wrong
    with it. runs: what runs according to the stack, in words; None where nobody was asked.
    """

    exit_code = ExitCode.INVALID

    def __init__(self, path: Path | str, why: str, hint: str, runs: str | None = None) -> None:
        self.path, self.why, self.runs = path, why, runs
        if isinstance(path, Path):
            hint = hint.replace("adopt`", f"adopt -d {self.deployment_id}`")
        said = f"the state of {self.deployment_id} cannot be read: {path}: {why}"
        super().__init__(f"{said}\n{runs}" if runs else said, hint=hint)

    @property
    def deployment_id(self) -> str:
        """Of whose state it is, by the name of its folder."""
        if isinstance(self.path, str):
            return self.path
        return self.path.parent.name if self.path.name == FILE else self.path.name

    def told(self, runs: str) -> StateUnreadable:
        """The same, with what runs."""
        return StateUnreadable(self.path, self.why, self.hint or "", runs)


@dataclass(frozen=True)
class Listing:
    """states: those that can be read, by id. unreadable: an error for each of the others."""

    states: tuple[DeploymentState, ...]
    unreadable: tuple[StateUnreadable, ...]


class StateStore:
    """Keeps states under `root`, one folder a deployment, which also holds its journal and its lease."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, deployment_id: str) -> Path:
        """The deployment's folder; it may not exist yet. Raises DeploymentNotFound for an id that can't be one."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,250}", deployment_id):
            raise DeploymentNotFound(f"{deployment_id!r} is not the id of a deployment")
        return self.root / deployment_id

    def find(self, deployment_id: str) -> DeploymentState | None:
        """The state, migrated to the present format; None where there is none. Raises StateUnreadable."""
        return _read(self.folder(deployment_id) / FILE)

    def load(self, deployment_id: str) -> DeploymentState:
        """As `find`, but raises DeploymentNotFound where there is none."""
        state = self.find(deployment_id)
        if state is None:
            hint = "`hivemind list` shows the deployments that this machine knows."
            raise DeploymentNotFound(f"no deployment {deployment_id}", hint=hint)
        return state

    def save(self, state: DeploymentState) -> None:
        """Writes the whole state. The caller holds the deployment's lease."""
        with self._locked(state.deployment_id) as path:
            _write(path, state)

    def change(self, deployment_id: str, edit: Callable[[DeploymentState], DeploymentState]) -> DeploymentState:
        """Reads, edits and writes a state as one action; what `edit` returns is returned."""
        with self._locked(deployment_id) as path:
            current = _read(path)
            if current is None:
                raise DeploymentNotFound(f"no deployment {deployment_id}")
            edited = edit(current)
            _write(path, edited)
            return edited

    def update(self, deployment_id: str, **fields: Any) -> DeploymentState:
        """`change` for some fields by name."""
        return self.change(deployment_id, lambda state: replace(state, **fields))

    def forget_released(self, deployment_id: str, service: str) -> None:
        """From here on until all instances have the new release, nobody knows which of them runs what: a run that ends
        in between must not leave a state that says the release before is everywhere."""
        self.change(
            deployment_id,
            lambda state: replace(
                state, sources={name: digest for name, digest in state.sources.items() if name != service}
            ),
        )

    def took_over(
        self, deployment_id: str, service: str, *, source: str, artifact: str, instances: Mapping[str, str]
    ) -> None:
        """From here on these instances (logical id -> EC2 id) serve, with this release: a run that ends now leaves
        nothing to release. source, artifact: digests."""

        def edit(state: DeploymentState) -> DeploymentState:
            known = state.recorded
            if known is not None:
                known = replace(known, physical_ids={**known.physical_ids, **instances})
            sources, artifacts = {**state.sources, service: source}, {**state.artifacts, service: artifact}
            return replace(state, sources=sources, artifacts=artifacts, recorded=known)

        self.change(deployment_id, edit)

    def all(self) -> Listing:
        """Every deployment under the root, by id."""
        states: list[DeploymentState] = []
        unreadable: list[StateUnreadable] = []
        for folder in sorted(self.root.iterdir()) if self.root.is_dir() else ():
            if folder.name.startswith("."):
                continue
            try:
                state = _read(folder / FILE)
            except StateUnreadable as error:
                unreadable.append(error)
                continue
            if state is not None:
                states.append(state)
        return Listing(tuple(states), tuple(unreadable))

    def set_aside(self, error: StateUnreadable, stamp: str) -> Path:
        """Renames what cannot be read, so that there is no state any more; where it is now. stamp: of the time."""
        assert isinstance(error.path, Path)
        hidden = "" if error.path.name == FILE else "."  # one in the place of a folder would be taken for one again
        aside = error.path.with_name(f"{hidden}{error.path.name}.unreadable-{stamp}")
        error.path.rename(aside)
        return aside

    def delete(self, deployment_id: str) -> None:
        """Removes the deployment's folder with state, journal and keys; harmless when it is gone."""
        shutil.rmtree(self.folder(deployment_id), ignore_errors=True)

    @contextmanager
    def _locked(self, deployment_id: str) -> Iterator[Path]:
        folder = self.folder(deployment_id)
        make_private(folder)
        with locked(folder / "state.lock"):
            yield folder / FILE


def as_text(state: DeploymentState) -> str:
    """The state as its file has it."""
    data = {"format": FORMAT, **REDACTOR.registered(encode(state))}
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def from_text(text: bytes, where: Path | str) -> DeploymentState:
    """The state in a file's content, migrated to the present format. where: it comes from, for messages. Raises
    StateUnreadable."""
    try:
        return decode(DeploymentState, migrate(json.loads(text)))
    except NewerFormat as error:
        newer = f"Use the version of HiveMind that wrote it, or a newer one. {_REBUILD}"
        raise StateUnreadable(where, str(error), newer) from None
    except (ValueError, DecodeError, RecursionError) as error:
        raise StateUnreadable(where, f"it is damaged: {' '.join(str(error).split())[:120]}", _REBUILD) from None


def _write(path: Path, state: DeploymentState) -> None:
    write_atomically(path, as_text(state))


def _read(path: Path) -> DeploymentState | None:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise StateUnreadable(path.parent, "it is a file where a folder should be", _REBUILD) from None
    except OSError as error:
        raise StateUnreadable(path, f"{error.strerror}", _REBUILD) from None
    return from_text(text, path)
