"""Sees quickly that nothing is to be done.

What HiveMind makes of a project follows from the project's files, the options, HiveMind itself and the machine, and
from nothing else. So what was made of it is remembered for as long as all these are the same; and where just that
stands, it need not be made again to see that nothing changes. What stands is asked every time, never remembered.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.aws.snapshot import SETTLED, describe, template
from hivemind.deploy import shared_state
from hivemind.deploy.state import DeploymentState, DeploymentStatus, StateStore, deployment_id
from hivemind.flow.keeping import kept_in, place
from hivemind.flow.repairing import repairs
from hivemind.machine import installed, memory
from hivemind.repositories import unchanged
from hivemind.repositories.repository import read
from hivemind.template.render import as_json
from hivemind.values.defaults import PROJECT_PLUGIN

if TYPE_CHECKING:
    from hivemind.flow.run import Run
    from hivemind.values.cloud import Cloud

_OURS = "hivemind-deploy"
_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Made:
    """What was made of a project. cloud, region: as the blueprint says, None where it does not. template: its digest.
    sources: service -> digest of what its release is made of. platforms: `system size` -> what such instances run."""

    name: str
    environment: str
    cloud: str | None
    region: str | None
    stack: str
    template: str
    sources: Mapping[str, str]
    platforms: Mapping[str, str]


@dataclass(frozen=True)
class Fingerprint:
    """A project as it is now. options: everything else that was said. seen: digest of all that was looked at."""

    file: Path
    options: tuple[str, ...]
    seen: str

    def made(self) -> Made | None:
        """What was made of it; None where nothing is remembered, or not readably."""
        text = _memory().recall(self.seen)
        try:
            return Made(**json.loads(text)) if text else None
        except (ValueError, TypeError):
            return None

    def keep(self, run: Run) -> None:
        """Remembers what a run's plan was made from, if it was made from what was looked at, and from that alone."""
        blueprint = run.checked.blueprint
        # People see warnings at each run. A health path that the application was asked for, and a file that is packed
        # although it is ignored, are no part of what was looked at.
        warned = any(finding.severity != "info" for finding in run.checked.findings)
        asked = any(service.health.path is None for service in blueprint.web_services)
        packed = any(service.pack for service in blueprint.services.values())
        if warned or asked or packed or fingerprint(self.file, self.options) != self:
            return
        made = Made(
            name=blueprint.name,
            environment=blueprint.environment,
            cloud=blueprint.cloud,
            region=blueprint.region,
            stack=blueprint.stack_name,
            template=run.checked.assembly.digest,
            sources={name: source.digest for name, source in run.sources.items()},
            platforms=dict(
                _platforms(run.cloud, {f"{service.os} {service.size}" for service in blueprint.services.values()})
            ),
        )
        _memory().keep(self.seen, json.dumps(asdict(made)))


def fingerprint(file: Path, options: tuple[str, ...]) -> Fingerprint | None:
    """Looks at a project without reading its files.

    file: the blueprint. None where what is made of it may follow from more than can be seen: from plugins of others,
    or files too many or too fresh to tell.
    """
    folder = file.parent.resolve()
    plugins = any(point.distribution != _OURS for point in installed.entry_points())
    if plugins or (folder / PROJECT_PLUGIN).exists() or not file.is_file():
        return None
    state = unchanged.state(read(folder))
    if state is None:
        return None
    blueprint = file.read_bytes()
    whole = hashlib.sha256("\0".join([str(file.resolve()), *options, state, ""]).encode() + blueprint)
    return Fingerprint(file, options, whole.hexdigest())


def already_deployed(made: Made, cloud: Cloud) -> DeploymentState | None:
    """The state of the deployment, if just what was made stands, released, verified and in order. Asks the cloud for
    the stack, its template, instances and targets."""
    identity = deployment_id(made.name, made.environment, cloud.account, cloud.region)
    store, client = StateStore(cloud.state), cloud.client("cloudformation")
    state, described = store.find(identity), None
    if state is not None and (cloud.name == "aws" or state.kept_in):
        # Another machine may have released other sources meanwhile, with the same template.
        described = describe(client, made.stack)
        shared = place(cloud, identity, made.stack, kept_in(state.kept_in), described=described)
        shared_state.bring(store, identity, shared, state.checkout or "")
        state = store.find(identity)
    if state is None or state.status is not DeploymentStatus.DEPLOYED or not state.changeable or state.build_stack:
        return None
    if dict(state.sources) != made.sources or dict(_platforms(cloud, made.platforms)) != made.platforms:
        return None
    described = described or describe(client, made.stack)
    if described is None or described["StackStatus"] not in SETTLED:
        return None
    text = as_json(template(client, described["StackId"]))
    if hashlib.sha256(text.encode()).hexdigest() != made.template:
        return None
    return state if next(repairs(cloud, state.snapshot(), state), None) is None else None


def _platforms(cloud: Cloud, kinds: Mapping[str, str] | set[str]) -> Iterator[tuple[str, str]]:
    for kind in sorted(kinds):
        os, _, size = kind.partition(" ")
        yield kind, repr(cloud.platform(os, size))


def _memory() -> memory.Memory:
    return memory.of("nothing to do", package=_PACKAGE, needs=installed.judges(*installed.JUDGES))
