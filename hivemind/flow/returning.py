"""Returns a deployment to an earlier revision: its releases become current again, as the instances keep them, else from
the deployment's bucket.

Nothing is built and no resource changes. Databases keep what later revisions made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

from hivemind.aws.snapshot import read
from hivemind.checks.verifying import verify as run_checks
from hivemind.deploy import shared_state
from hivemind.deploy.journal import Journal, new_attempt
from hivemind.deploy.kept_releases import changed_services, kept_on_all, names_of, to_return_to
from hivemind.deploy.lease import acquire, who
from hivemind.deploy.shared_lease import shared
from hivemind.deploy.shared_state import BUCKET
from hivemind.deploy.state import DeploymentStatus, Revision
from hivemind.flow.approval import require_approval
from hivemind.flow.basis import checkout_of, deployed_now
from hivemind.flow.face import ProposedReturn, ServiceReturn
from hivemind.flow.instances import Chosen, instances, open_host, resting
from hivemind.flow.project import checked_project
from hivemind.flow.refreshing import place_of
from hivemind.flow.reinstalling import acts, make_current
from hivemind.flow.restarting import deadline_of
from hivemind.flow.status import ids_of
from hivemind.flow.switching_back import SwitchBack, running_on
from hivemind.hosts import remote
from hivemind.releases.in_turn import InTurn
from hivemind.releases.kept_requests import KeptRequest, kept
from hivemind.template.names import scaling_group_output, target_group
from hivemind.template.resource_types import TARGET_GROUP
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.errors import DeploymentNotFound, FindingsError, PlanChanged, Refused, Stage, StageError
from hivemind.values.events import EventKind

if TYPE_CHECKING:
    from hivemind.deploy.lease import Holder
    from hivemind.deploy.state import DeploymentState
    from hivemind.flow.deployments import Known
    from hivemind.flow.face import Face
    from hivemind.hosts.ssh import Host
    from hivemind.releases.release import CheckResult, Verdict
    from hivemind.values.asked import Asked
    from hivemind.values.cloud import Cloud

COMMAND = "hivemind rollback"
Turned: TypeAlias = "tuple[InTurn, list[Host], Mapping[str, str]]"
"""A service whose instances are changed, its instances, and instance id -> the release before."""


@dataclass(frozen=True)
class Returned:
    """revision: the new one. to: the earlier one, whose releases are current again. verdict: of the checks, None where
    they could not be run."""

    deployment_id: str
    revision: int
    to: int
    verdict: Verdict | None


def can_return(state: DeploymentState, number: int | None) -> Revision | None:
    """The revision that `return_to` would return to. Raises DeploymentNotFound for a number that there is none of."""
    to = to_return_to(state, number)
    if to is None and number is not None:
        known = ", ".join(f"r{one.number}" for one in state.revisions[:-1]) or "none"
        raise DeploymentNotFound(
            f"no earlier revision r{number}", hint=f"Earlier ones: {known}. See `hivemind history`."
        )
    return to


def return_to(
    asked: Asked, known: Known, to: Revision, face: Face, *, wait: float = 0.0, clock: Clock = SYSTEM_CLOCK
) -> Returned:
    """Makes the releases of an earlier revision current again, once the face agrees; instance by instance, each out of
    the load balancer meanwhile and healthy before the next one's turn.

    If one does not become healthy, those that changed go back, and nothing has changed. Raises Refused where an
    instance no longer keeps its release, DeploymentLocked, PlanChanged, StageError (rollback).
    """
    cloud = known.cloud()
    place = place_of(known, cloud)

    def waiting(holder: Holder) -> None:
        face.note(f"Waiting for {holder}")

    with (
        acquire(known.folder, command=COMMAND, wait=wait, on_wait=waiting),
        shared(place, command=COMMAND, wait=wait, on_wait=waiting),
        ExitStack() as connections,
    ):
        changed = changed_services(known.state, to)
        hosts = _hosts(known, instances(known, None), changed, connections)
        spare = _hosts(known, resting(known), changed, connections)
        stored = _stored(known, cloud, to, changed)
        proposed = _proposed(known, to, hosts, spare, stored)
        decision = face.approve(proposed)
        require_approval(decision)
        if decision.digest not in (None, proposed.digest):
            raise PlanChanged("the deployment changed since its review", hint=f"Review it again: `{COMMAND}`")
        identity = known.state.deployment_id
        with Journal(known.folder, identity, new_attempt(clock), listeners=(face.progress,), clock=clock) as journal:
            journal.started(proposed.digest, f"{known.state.name}-{known.state.environment} back to r{to.number}")
            try:
                switch = SwitchBack(known, cloud, [one for one in proposed.services if one.switches], journal)
                with TemporaryDirectory(prefix="hivemind-return-") as folder:
                    done = _switch(known, cloud, hosts, proposed, journal, acts(cloud, proposed, stored, Path(folder)))
                try:
                    switch.run(hosts, spare)
                except StageError as error:
                    raise _taken_back(known, done, error) from error
                state = known.store.change(identity, lambda state: _recorded(state, to, clock))
                switch.remove_others()
                verdict = _checked(asked, replace(known, state=state), cloud, face, journal)
            except StageError as error:
                journal.failed(error.message)
                raise
            _with_verdict(known, verdict)
            journal.finished(f"r{state.revision} is live: the releases of r{to.number}")
        shared_state.push(place, known.store, identity, face.note)
    return Returned(identity, state.revision, to.number, verdict)


def _hosts(
    known: Known, chosen: tuple[Chosen, ...], services: tuple[str, ...], connections: ExitStack
) -> Mapping[str, list[Host]]:
    """Open connections to those of some instances that are of some services."""
    return {
        name: [connections.enter_context(open_host(known, one)) for one in chosen if one.service == name]
        for name in services
    }


def _stored(known: Known, cloud: Cloud, to: Revision, services: tuple[str, ...]) -> Mapping[str, KeptRequest]:
    """What the deployment's bucket has of a revision's releases."""
    bucket = known.state.recorded.outputs.get(BUCKET) if known.state.recorded else None
    found = {name: kept(cloud, bucket, name, names_of(known.state, to, name)) for name in services} if bucket else {}
    return {name: one for name, one in found.items() if one is not None}


def _proposed(
    known: Known,
    to: Revision,
    hosts: Mapping[str, list[Host]],
    spare: Mapping[str, list[Host]],
    stored: Mapping[str, KeptRequest],
) -> ProposedReturn:
    """What would change. spare: connections to instances that rest. Raises Refused where it can't: a release that is no
    longer kept, or nothing to change."""
    commit = to.commit[:12] if to.commit else None
    way = f"git checkout {commit} && hivemind apply" if commit else "apply the files of that revision"
    if not to.releases:
        raise Refused(
            f"an earlier version of HiveMind made r{to.number} and did not record its releases. Nothing was changed.",
            hint=f"To return to it: {way}",
        )
    if not hosts:
        raise Refused(f"what runs is what r{to.number} released. Nothing was changed.")
    outputs = known.state.recorded.outputs if known.state.recorded else {}
    groups = [name for name in sorted(hosts) if scaling_group_output(name) in outputs]
    if groups:
        raise Refused(
            f"instances of {groups[0]} start by themselves, with the release that the last apply left for them. "
            "Nothing was changed.",
            hint=f"To return to r{to.number}: {way}",
        )
    services = []
    for name, members in sorted(hosts.items()):
        seen = {host.instance_id: remote.status(host, name) for host in members}
        held = {one: tuple(map(str, status.get("releases") or ())) for one, status in seen.items()}
        before = {one: str(status.get("current") or "") for one, status in seen.items()}
        if running := running_on(names_of(known.state, to, name), spare[name], name):
            services.append(ServiceReturn(name, running, before, switches=True))
            continue
        releases = kept_on_all(names_of(known.state, to, name), held)
        if not releases and held and name in stored:
            services.append(ServiceReturn(name, dict.fromkeys(held, stored[name].release), before, installs=True))
            continue
        if releases is None or not releases:
            shown = "; ".join(f"{one} keeps {', '.join(ids) or 'none'}" for one, ids in held.items())
            raise Refused(
                f"the release of {name} at r{to.number} is neither on all of its instances nor in the deployment's "
                "bucket any more. Nothing was changed.",
                hint=f"To return to it: {way}\n{shown or 'No instance runs.'}",
            )
        services.append(ServiceReturn(name, releases, before))
    return ProposedReturn(known.state.deployment_id, known.state.revision, to, tuple(services))


def _switch(  # noqa: PLR0917 - each is something of its own
    known: Known,
    cloud: Cloud,
    hosts: Mapping[str, list[Host]],
    proposed: ProposedReturn,
    journal: Journal,
    act: Mapping[str, Callable[[Host], None]],
) -> list[Turned]:
    """Makes the releases current; where one fails, all that changed go back. act: service -> what makes it so on an
    instance. What was changed."""
    groups = ids_of(read(cloud, known.stack), TARGET_GROUP)
    done: list[Turned] = []
    for service in (one for one in proposed.services if not one.switches):
        name, step = service.service, f"return {service.service}"
        known.store.forget_released(known.state.deployment_id, name)
        arn = groups.get(target_group(name))
        turn = InTurn(cloud, name, arn, deadline_of(cloud, arn), _teller(journal, step))
        journal.record(Stage.ROLLBACK, step, EventKind.STARTED, f"{name} on {len(hosts[name])} instances")
        done.append((turn, hosts[name], service.before))
        try:
            turn.each(hosts[name], act[name])
        except StageError as error:
            journal.record(Stage.ROLLBACK, step, EventKind.FAILED, error.message)
            raise _taken_back(known, done, error) from error
        journal.record(Stage.ROLLBACK, step, EventKind.FINISHED, f"{name} {next(iter(service.releases.values()))}")
    return done


def _teller(journal: Journal, step: str) -> Callable[[str, str], None]:
    def tell(instance: str, what: str) -> None:
        journal.record(Stage.ROLLBACK, step, EventKind.PROGRESS, f"{instance}: {what}", {"instance": instance})

    return tell


def _taken_back(known: Known, done: list[Turned], error: StageError) -> StageError:
    """The failure as one of the rollback, once what had changed is as before."""
    wrong = []
    for turn, hosts, before in reversed(done):
        changed = [one for one in hosts if remote.status(one, turn.service).get("current") != before[one.instance_id]]
        try:
            turn.each(changed, partial(make_current, turn.service, before))
        except StageError as later:
            wrong.append(f"{turn.service}: {later.message}")
    if wrong:
        known.store.update(known.state.deployment_id, status=DeploymentStatus.FAILED)
    else:
        known.store.update(known.state.deployment_id, sources=known.state.sources)
    left = "; ".join(wrong) if wrong else f"r{known.state.revision} is current on all instances"
    return StageError(
        Stage.ROLLBACK, error.message, subject=error.subject, lines=error.lines, hint=error.hint, left=left
    )


def _recorded(state: DeploymentState, to: Revision, clock: Clock) -> DeploymentState:
    """The state with the return as a revision of its own."""
    changed = changed_services(state, to)
    releases = {**state.sources, **{name: to.releases[name] for name in changed}}
    artifacts = {**state.artifacts, **{name: to.artifacts[name] for name in changed}}
    revision = replace(
        to,
        number=state.revision + 1,
        time=clock.now().isoformat(timespec="seconds"),
        releases=releases,
        artifacts=artifacts,
        template_digest=state.revisions[-1].template_digest,
        verdict=None,
        by=who(),
        seconds={},
        back_to=to.number,
    )
    parts = {name: one for name, one in state.parts.items() if name not in changed}
    environments = {name: one for name, one in state.environments.items() if name not in changed}
    return replace(
        state,
        sources=releases,
        artifacts=artifacts,
        parts=parts,
        environments=environments,
        revisions=(*state.revisions, revision),
    )


def _checked(asked: Asked, known: Known, cloud: Cloud, face: Face, journal: Journal) -> Verdict | None:
    """The verdict of the checks; None where the files of this folder do not say any more which they are."""
    project = replace(asked, path=checkout_of(known, asked), environment=known.state.environment)
    try:
        checked = checked_project(project, face, lint=False)
    except FindingsError:
        face.note("Not verified: hivemind.yaml has errors. The load balancer says that all instances are healthy.")
        return None

    def tell(result: CheckResult) -> None:
        journal.record(Stage.VERIFY, Stage.VERIFY, EventKind.PROGRESS, f"{result.name}: {result.message}")

    return run_checks(deployed_now(known, checked, cloud), tell)


def _with_verdict(known: Known, verdict: Verdict | None) -> None:
    def completed(state: DeploymentState) -> DeploymentState:
        made = replace(state.revisions[-1], verdict=verdict.word if verdict else None)
        good = verdict is None or verdict.good
        return replace(
            state,
            status=DeploymentStatus.DEPLOYED if good else DeploymentStatus.FAILED,
            verification_results=verdict or state.verification_results,
            failure_analysis=None if good else state.failure_analysis,
            revisions=(*state.revisions[:-1], made),
        )

    known.store.change(known.state.deployment_id, completed)
