"""Takes a deployment away, from what somebody asked to what is left of it: all of `hivemind destroy` and `rollback`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.deploy.lease import acquire
from hivemind.deploy.shared_lease import shared
from hivemind.deploy.state import GONE
from hivemind.flow.approval import approves, require_approval
from hivemind.flow.clouds import left_nothing_running
from hivemind.flow.deployments import Known, find_one, second_ones, told_others
from hivemind.flow.destroy import destroy as carry_out
from hivemind.flow.destroy import leaving
from hivemind.flow.face import ProposedDestroy
from hivemind.flow.project import folder_of, loaded, loaded_without, tell_broken_plugin
from hivemind.flow.refreshing import place_of, refreshed
from hivemind.flow.returning import Returned, can_return, return_to
from hivemind.steps.run import Goal
from hivemind.values.errors import PlanChanged, Refused

if TYPE_CHECKING:
    from hivemind.deploy.final_snapshots import FinalSnapshot
    from hivemind.deploy.lease import Holder
    from hivemind.deploy.removal import Deletion
    from hivemind.flow.face import Face
    from hivemind.plugins.loading import Plugins
    from hivemind.values.asked import Asked, DestroyTerms
    from hivemind.values.cloud import Cloud


@dataclass(frozen=True)
class Destroyed:
    """What a destroy came to. snapshots: final ones that were kept. ended_local_cloud: whether it was the last
    deployment of a local cloud that ran for deployments alone, which is stopped."""

    deployment_id: str
    deletion: Deletion
    snapshots: tuple[FinalSnapshot, ...]
    ended_local_cloud: bool


def destruction(asked: Asked, face: Face, terms: DestroyTerms) -> ProposedDestroy | None:
    """What `destroy` would take away; None where nothing is deployed. Changes nothing.

    Raises CloudUnreachable, and Refused for a deployment that HiveMind did not make.
    """
    known = _found(asked, face)
    return None if known is None else _proposed(known, known.cloud(start=True, say=face.note), terms, Goal.DESTROY)


def destroy(asked: Asked, face: Face, terms: DestroyTerms) -> Destroyed | None:
    """Drains a deployment, deletes its stack and forgets it, once the face agrees; None where nothing is deployed.

    Raises CloudUnreachable, DeploymentLocked, PlanChanged, Refused, and StageError (cleanup) where something could
    not be deleted.
    """
    known = _found(asked, face)
    return None if known is None else _taken_away(known, asked, face, terms, Goal.DESTROY)


def _taken_away(known: Known, asked: Asked, face: Face, terms: DestroyTerms, goal: Goal) -> Destroyed:
    cloud = known.cloud(start=True, say=face.note)
    plugins = _plugins(asked, face)
    command = f"hivemind {goal}"
    place = place_of(known, cloud)
    lasting = None if place is None or place.own else place

    def waiting(holder: Holder) -> None:
        face.note(f"Waiting for {holder}")

    with (
        acquire(known.folder, command=command, wait=terms.wait, on_wait=waiting) as lease,
        shared(place, command=command, wait=terms.wait, on_wait=waiting) as held,
    ):

        def both() -> None:
            lease.check()
            if lasting is not None:
                # The deployment's own bucket goes with the stack: its lease is lost in the end, and only keeps others
                # from beginning.
                held()

        proposed = _proposed(known, cloud, terms, goal)
        decision = face.approve(proposed)
        require_approval(decision)
        if decision.digest not in (None, proposed.digest):
            raise PlanChanged("the deployment changed since its review", hint=f"Review it again: `hivemind {goal}`")
        deletion = carry_out(
            cloud,
            known.store,
            proposed.leaving,
            plugins,
            keep_snapshots=terms.keep_snapshots,
            # The local cloud has nothing that is worth protecting, unless the blueprint says that it has.
            unprotect=terms.unprotect or (cloud.name == "local" and not proposed.leaving.protected),
            listener=face.progress,
            approve=approves(face, known.state.deployment_id),
            held=both,
            goal=goal,
            place=lasting,
        )
    kept = tuple(deletion.snapshots) if terms.keep_snapshots else ()
    return Destroyed(known.state.deployment_id, deletion, kept, left_nothing_running(cloud))


def rollback(
    asked: Asked, face: Face, terms: DestroyTerms, *, to: int | None = None, delete: bool = False
) -> Returned | Destroyed | None:
    """Returns a deployment to its last good revision, or to the one with the number `to`. One that has none is taken
    back: drained, its stack deleted, and remembered as `rolled_back`. None where nothing is deployed.

    delete: delete it in any case. Raises what `return_to` and `destroy` raise, with stage rollback.
    """
    known = _found(asked, face)
    if known is None or known.state.status in GONE:
        return None
    if delete:
        return _taken_away(known, asked, face, terms, Goal.ROLLBACK)
    stands = known.state.stands
    if stands is not None and to is None:
        raise Refused(
            f"{known.state.deployment_id} was good at r{stands.number}, and a later apply failed. CloudFormation takes "
            "back by itself what a failed update changed. Nothing was changed.",
            hint="What runs now: hivemind status\nTo go on: hivemind apply\nTo an earlier revision: "
            "hivemind rollback --to rN\nTo delete the deployment: hivemind rollback --delete",
        )
    good = can_return(known.state, to)
    if good is not None:
        return return_to(asked, known, good, face, wait=terms.wait)
    if known.state.last_good is not None:
        raise Refused(
            f"{known.state.deployment_id} has no other good revision before r{known.state.revision} than those that a "
            "rollback left behind. Nothing was changed.",
            hint="To any earlier revision: hivemind rollback --to rN\n"
            "To delete the deployment: hivemind rollback --delete",
        )
    return _taken_away(known, asked, face, terms, Goal.ROLLBACK)


def _found(asked: Asked, face: Face) -> Known | None:
    known = find_one(asked.path, asked.environment, asked.deployment, local=asked.local)
    if known is None:
        return None
    if asked.deployment is None:
        tell_broken_plugin(asked, face)
        if beside := second_ones(known, asked.path):
            face.note(f"{told_others(beside)}\n", aside=True)
    known.require_changeable()
    return refreshed(known, say=face.note)


def _plugins(asked: Asked, face: Face) -> Plugins:
    """Those whose steps take a deployment away; that of the project only where the project is what is meant."""
    if asked.deployment is None:
        return loaded(folder_of(asked.path), asked.plugins, face.note)
    return loaded_without(asked.path, asked.plugins, "the deployment belongs to another folder", face.note)


def _proposed(known: Known, cloud: Cloud, terms: DestroyTerms, goal: Goal) -> ProposedDestroy:
    what = leaving(cloud, known.state.deployment_id, known.stack)
    return ProposedDestroy(known.state.name, what, terms.keep_snapshots, goal)
