"""Deployments that this machine knows: which one a command without a blueprint is about."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hivemind.deploy.state import DeploymentState, Listing, StateStore
from hivemind.machine import home
from hivemind.values.cloud import Cloud
from hivemind.values.errors import DeploymentNotFound, Refused

LISTED = "`hivemind list` shows the deployments of this machine."


@dataclass(frozen=True)
class Known:
    """A deployment with the store that its state lies in."""

    store: StateStore
    state: DeploymentState

    @property
    def folder(self) -> Path:
        """Journal, lease and key are here."""
        return self.store.folder(self.state.deployment_id)

    @property
    def stack(self) -> str:
        """Id of the stack, or its name where the id is not known."""
        info = self.state.stack_info
        return (info.stack_id or info.stack_name) if info else f"{self.state.name}-{self.state.environment}"

    def cloud(self, *, start: bool = False, say: Callable[[str], None] = lambda _: None) -> Cloud:
        """The cloud that it is in. start: starts the local one when it does not run, and tells `say` a warning where
        it runs old code. Raises CloudUnreachable."""
        from hivemind.flow.clouds import connect

        checkout = Path(self.state.checkout or ".")
        local = self.state.cloud == "local"
        return connect(self.state.name, self.state.region, checkout, local=local, start=start, say=say)

    def require_changeable(self) -> None:
        """Raises Refused for a deployment that HiveMind did not make through CloudFormation."""
        if not self.state.changeable:
            raise Refused(f"HiveMind cannot change {self.state.deployment_id}", hint=self.state.instructions)


def stores() -> tuple[StateStore, ...]:
    """The stores of this user: AWS's and the local cloud's."""
    return (StateStore(home.deployments()), StateStore(home.local_cloud() / "deployments"))


def everything() -> Iterator[tuple[StateStore, Listing]]:
    """Every store with what is in it."""
    for store in stores():
        yield store, store.all()


def find(path: Path, environment: str | None, deployment: str | None, *, local: bool | None = None) -> Known | None:
    """The deployment with this id, else the one last applied from the project at `path`; None where there is none.

    environment: only this one. local: only those of the local cloud, or only those of AWS. Raises
    DeploymentNotFound for an id that is not known.
    """
    every = [Known(store, state) for store, listing in everything() for state in listing.states]
    if deployment is not None:
        return _by_id(every, deployment)
    if not path.exists():
        raise DeploymentNotFound(f"no file or folder {path}", hint=LISTED)
    folder = str((path if path.is_dir() else path.parent).resolve())
    here = [
        known
        for known in every
        if known.state.checkout == folder
        and environment in (None, known.state.environment)
        and local in (None, known.state.cloud == "local")
    ]
    return max(here, key=_last_touched, default=None)


def require(path: Path, environment: str | None, deployment: str | None, *, local: bool | None = None) -> Known:
    """As `find`, but raises DeploymentNotFound where there is none."""
    known = find(path, environment, deployment, local=local)
    if known is None:
        folder = (path if path.is_dir() else path.parent).resolve()
        wanted = f" in environment {environment}" if environment else ""
        raise DeploymentNotFound(
            f"nothing is deployed from {folder}{wanted}",
            hint="Deploy it: `hivemind apply`. List deployments: `hivemind list`.",
        )
    return known


def _by_id(every: list[Known], deployment: str) -> Known:
    for known in every:
        if known.state.deployment_id == deployment:
            return known
    near = difflib.get_close_matches(deployment, [known.state.deployment_id for known in every], n=1)
    hint = f"Did you mean {near[0]}?" if near else LISTED
    raise DeploymentNotFound(f"no deployment {deployment}", hint=hint)


def _last_touched(known: Known) -> float:
    try:
        return (known.folder / "state.json").stat().st_mtime
    except OSError:
        return 0.0
