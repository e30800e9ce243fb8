"""Takes a deployment away, from what somebody asked to what is left of it: the whole of `hivemind destroy`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.deploy.lease import acquire
from hivemind.flow.approval import approves, require_approval
from hivemind.flow.clouds import left_nothing_running
from hivemind.flow.deployments import Known, find
from hivemind.flow.destroy import destroy as carry_out
from hivemind.flow.destroy import leaving
from hivemind.flow.face import ProposedDestroy
from hivemind.flow.project import folder_of, loaded, loaded_without, tell_broken_plugin
from hivemind.values.errors import PlanChanged

if TYPE_CHECKING:
    from hivemind.deploy.final_snapshots import FinalSnapshot
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
    return None if known is None else _proposed(known, known.cloud(start=True, say=face.note), terms)


def destroy(asked: Asked, face: Face, terms: DestroyTerms) -> Destroyed | None:
    """Drains a deployment, deletes its stack and forgets it, once the face agrees; None where nothing is deployed.

    Raises CloudUnreachable, DeploymentLocked, PlanChanged, Refused, and StageError (cleanup) where something could
    not be deleted.
    """
    known = _found(asked, face)
    if known is None:
        return None
    cloud = known.cloud(start=True, say=face.note)
    plugins = _plugins(asked, face)
    with acquire(known.folder, command="hivemind destroy", wait=terms.wait) as lease:
        proposed = _proposed(known, cloud, terms)
        decision = face.approve(proposed)
        require_approval(decision)
        if decision.digest not in (None, proposed.digest):
            raise PlanChanged(
                "what would be deleted now is not what was reviewed", hint="Look again at what hivemind destroy lists."
            )
        deletion = carry_out(
            cloud,
            known.store,
            proposed.leaving,
            plugins,
            keep_snapshots=terms.keep_snapshots,
            unprotect=terms.unprotect,
            listener=face.progress,
            approve=approves(face, known.state.deployment_id),
            held=lease.check,
        )
    kept = tuple(deletion.snapshots) if terms.keep_snapshots else ()
    return Destroyed(known.state.deployment_id, deletion, kept, left_nothing_running(cloud))


def _found(asked: Asked, face: Face) -> Known | None:
    known = find(asked.path, asked.environment, asked.deployment, local=asked.local)
    if known is None:
        return None
    if asked.deployment is None:
        tell_broken_plugin(asked, face)
    known.require_changeable()
    return known


def _plugins(asked: Asked, face: Face) -> Plugins:
    """Those whose steps take a deployment away; that of the project only where the project is what is meant."""
    if asked.deployment is None:
        return loaded(folder_of(asked.path), asked.plugins, face.note)
    return loaded_without(asked.path, asked.plugins, "another folder's deployment is named", face.note)


def _proposed(known: Known, cloud: Cloud, terms: DestroyTerms) -> ProposedDestroy:
    what = leaving(cloud, known.state.deployment_id, known.stack)
    return ProposedDestroy(known.state.name, what, terms.keep_snapshots)
