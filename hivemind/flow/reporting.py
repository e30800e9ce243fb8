"""What is known of deployments: the list, one as it is now, its address, its journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.deploy.state import DeploymentStatus
from hivemind.flow.deployments import Known, everything, find, others, require, second_ones, told_others
from hivemind.flow.project import tell_broken_plugin
from hivemind.flow.refreshing import refreshed
from hivemind.values.errors import CloudUnreachable, DeploymentNotFound

if TYPE_CHECKING:
    from hivemind.deploy.drift import Drift
    from hivemind.deploy.state import DeploymentState, Listing, Revision
    from hivemind.flow.face import Face
    from hivemind.flow.status import LiveStatus
    from hivemind.values.asked import Asked
    from hivemind.values.events import Event


@dataclass(frozen=True)
class Status:
    """A deployment. state: as recorded. found: as it is now, None where nobody was asked. unreachable: why nobody
    could be."""

    state: DeploymentState
    found: LiveStatus | None
    unreachable: str | None

    @property
    def works(self) -> bool | None:
        """Whether everything has a release and works; None where nobody was asked."""
        return None if self.found is None else self.found.works and bool(self.state.revisions)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is not in order, a sentence each; none where all is, or where HiveMind can't know."""
        if not self.state.changeable:
            return ()
        if self.found is None:
            return (f"The cloud cannot be asked: {self.unreachable}.",)
        told = [] if self.state.revisions else ["Nothing is released yet."]
        told += self.found.problems()
        if self.state.status in (DeploymentStatus.FAILED, DeploymentStatus.APPLYING, DeploymentStatus.DESTROYING):
            told.append("The last run did not end well.")
        return tuple(told)


def status(asked: Asked, face: Face) -> Status | None:
    """A deployment as it is now; None where nothing is deployed. Starts no local cloud."""
    known = find(asked.path, asked.environment, asked.deployment, local=asked.local)
    by_file = asked.deployment is None
    beside = () if not by_file else second_ones(known, asked.path) if known else others(asked.path, asked.environment)
    if beside:
        face.note(told_others(beside), aside=True)
    if known is None:
        return None
    if by_file:
        tell_broken_plugin(asked, face)
    if not known.state.changeable:
        return Status(known.state, None, None)
    known = refreshed(known, say=face.note)
    from hivemind.flow.jobs import with_jobs
    from hivemind.flow.processes import with_processes
    from hivemind.flow.status import live_status

    try:
        found = live_status(known.cloud(), known.stack)
        if known.state.revisions:
            found = with_jobs(known, with_processes(known, found))
        return Status(known.state, found, None)
    except CloudUnreachable as error:
        return Status(known.state, None, error.message)


def deployments() -> tuple[Listing, ...]:
    """What is known on this machine: that of AWS, that of the local cloud."""
    return tuple(listing for _, listing in everything())


def known(asked: Asked) -> Known:
    """The deployment that is meant. Raises DeploymentNotFound."""
    return require(asked.path, asked.environment, asked.deployment, local=asked.local)


def address(asked: Asked, service: str | None) -> tuple[str, DeploymentState]:
    """The web address of a deployment's service, else of its first one, and the deployment as recorded.

    Raises DeploymentNotFound where there is none.
    """
    state = known(asked).state
    url = state.urls.get(service) if service else next(iter(state.urls.values()), None)
    if url is None:
        named = f"service {service}" if service else state.deployment_id
        hint = f"Services with an address: {', '.join(state.urls)}" if state.urls else "`hivemind status` shows why."
        raise DeploymentNotFound(f"{named} has no address", hint=hint)
    return url, state


def events(
    asked: Asked, face: Face, *, last: int | None = None, every: bool = False, commands: bool = False
) -> Sequence[Event]:
    """A deployment's journal: the last events of the last attempt, or of every one. last: so many, None for all.
    commands: only those that say who ran what on instances, of every attempt; the last attempt is shown without."""
    from hivemind.deploy.journal import last_attempt, read_journal
    from hivemind.flow.auditing import AUDIT

    folder = refreshed(known(asked), say=face.note).folder
    found = list(read_journal(folder, attempt=None if every or commands else last_attempt(folder)))
    if commands or not every:
        found = [one for one in found if (one.stage == AUDIT) is commands]
    return found[-last:] if last else found


def drift(asked: Asked) -> tuple[str, Drift]:
    """A deployment's id, and what differs from its template. Raises DeploymentNotFound, CloudUnreachable and
    StageError."""
    from hivemind.deploy.drift import detect

    found = known(asked)
    return found.state.deployment_id, detect(found.cloud(), found.stack)


def history(asked: Asked, face: Face) -> tuple[str, Sequence[Revision]]:
    """A deployment's id, and its revisions on all machines, oldest first. Raises DeploymentNotFound."""
    state = refreshed(known(asked), say=face.note).state
    return state.deployment_id, state.revisions
