"""Carries an apply through, from what somebody asked to a verified release: the whole of `hivemind apply`.

look -> up to date? | check, connect, lease, prepare -> refuse -> approve -> run
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.flow import clouds
from hivemind.flow.approval import (
    approves,
    interrupted,
    refuse_changed,
    refuse_dirty,
    refuse_loss,
    refuse_unreviewed,
    require_approval,
)
from hivemind.flow.checking import with_findings
from hivemind.flow.face import ProposedApply
from hivemind.flow.interrupting import decides
from hivemind.flow.looking_ahead import wrong_account
from hivemind.flow.project import blueprint_file, checked_project, tell_new
from hivemind.flow.target import is_local_target, target_is_local
from hivemind.flow.telling import tell_where
from hivemind.values.asked import PluginChoice
from hivemind.values.state_address import VARIABLE

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint
    from hivemind.deploy.lease import Holder
    from hivemind.deploy.state import DeploymentState
    from hivemind.flow.apply import Applied
    from hivemind.flow.checking import Checked
    from hivemind.flow.face import Face
    from hivemind.flow.keeping import Kept
    from hivemind.flow.nothing_to_do import Fingerprint
    from hivemind.flow.run import Run
    from hivemind.plan.model import Plan
    from hivemind.values.asked import Asked, Terms
    from hivemind.values.cloud import Cloud


@dataclass(frozen=True)
class Ended:
    """What an apply came to. applied: None where there was nothing to do. state: as recorded then. calls: operations
    that the cloud was asked for, and how often."""

    applied: Applied | None
    state: DeploymentState
    calls: Mapping[str, int]


def apply(asked: Asked, face: Face, terms: Terms) -> Ended:
    """Creates or updates a deployment, releases its application and verifies it.

    The face is told and asked on the way. A saved plan as `asked.path` is what is done, or nothing. Raises
    FindingsError, CloudUnreachable, DeploymentLocked, PlanChanged, Refused, StageError and Interrupted.
    """
    reviewed = _reviewed(asked.path)
    if reviewed is not None:
        local = reviewed.cloud == "local" if asked.local is None and reviewed.cloud else asked.local
        role_arn = reviewed.role_arn or asked.role_arn
        asked = replace(asked, path=Path(), environment=reviewed.environment, local=local, role_arn=role_arn)
        terms = replace(terms, again=terms.again or reviewed.again)
    seen = None if reviewed or terms.again or terms.scale or terms.reset_scale else _fingerprint(asked)
    return (_up_to_date(seen, asked, face) if seen else None) or _applied(asked, face, terms, reviewed, seen)


def _applied(asked: Asked, face: Face, terms: Terms, reviewed: Plan | None, seen: Fingerprint | None) -> Ended:
    from hivemind.flow.prepare import prepare

    checked = checked_project(asked, face)
    region = reviewed.region if reviewed else clouds.region_of(checked.blueprint)
    local = is_local_target(checked, asked.local)
    cloud = clouds.connect(checked.blueprint.name, region, checked.folder, local=local, say=face.note)
    _tell_where(cloud, checked.blueprint, face)
    checked = with_findings(checked, wrong_account(checked.blueprint, cloud))
    with _held(checked, cloud, face, terms) as held:
        scale = _scale(checked, cloud, terms, face)
        run = prepare(
            checked,
            cloud,
            may_lose=terms.may_lose,
            skip_rollback=terms.skip_rollback,
            again=terms.again,
            keeps=terms.keep,
            held=held.check,
            kept=held.kept,
            say=face.note,
            scale=scale,
        )
        if reviewed is not None:
            refuse_unreviewed(run, reviewed)
        if seen is not None:
            seen.keep(run)
        if run.plan.empty and not run.unverified:
            _remove_left(run, face)
            return Ended(None, run.store.load(run.deployment_id), cloud.calls())
        refuse_dirty(run, checked.blueprint.require_clean if terms.require_clean is None else terms.require_clean)
        refuse_loss(run)
        tell_new(checked, run.checked, face)
        decision = face.approve(ProposedApply(run.plan, reviewed=reviewed is not None))
        require_approval(decision)
        if decision.digest is not None:
            refuse_changed(run, decision.digest)
        applied = _carried_out(run, face, reviewed=reviewed is not None)
    return Ended(applied, run.store.load(run.deployment_id), cloud.calls())


def _scale(checked: Checked, cloud: Cloud, terms: Terms, face: Face) -> Mapping[str, int | None]:
    """The numbers of instances that are wanted. Raises Refused where nothing else may change, and something would."""
    from hivemind.flow.prepare import prepare
    from hivemind.flow.scaling_alone import refuse_others

    if terms.scale_only:
        refuse_others(prepare(checked, cloud, say=face.note))
    return dict.fromkeys(checked.blueprint.services) if terms.reset_scale else terms.scale


@dataclass(frozen=True)
class _Held:
    """check: raises when the deployment is held no longer. kept: where other machines find what becomes of it."""

    check: Callable[[], None]
    kept: Kept


@contextmanager
def _held(checked: Checked, cloud: Cloud, face: Face, terms: Terms) -> Iterator[_Held]:
    """Holds the deployment against other runs, on this machine and on others, with the newest state that any of them
    left."""
    from hivemind.deploy.lease import acquire
    from hivemind.deploy.shared_lease import shared
    from hivemind.deploy.state import StateStore
    from hivemind.flow.keeping import bring
    from hivemind.flow.prepare import id_of, kept_now

    identity, store = id_of(checked, cloud), StateStore(cloud.state)

    def waiting(holder: Holder) -> None:
        face.note(f"Waiting for {holder}")

    with acquire(store.folder(identity), command="hivemind apply", wait=terms.wait, on_wait=waiting) as lease:
        kept = kept_now(checked, cloud)
        with shared(kept.place, command="hivemind apply", wait=terms.wait, on_wait=waiting) as held:
            bring(store, identity, kept.place, str(checked.folder.resolve()), say=face.note)

            def both() -> None:
                lease.check()
                held()

            yield _Held(both, kept)


def _carried_out(run: Run, face: Face, *, reviewed: bool) -> Applied:
    """reviewed: whether the plan is a saved one, which lists the approvals that its steps want: they are given."""
    from hivemind.flow.apply import apply as carry_out

    if run.unverified:
        face.note("Nothing changes, but the last run failed: HiveMind runs its checks again.")
    try:
        agrees = (lambda _: None) if reviewed else approves(face, run.deployment_id)
        return carry_out(run, face.progress, agrees, decides(face, run.checked.blueprint.on_interrupt))
    except KeyboardInterrupt as error:
        raise interrupted(run) from error


def _reviewed(path: Path) -> Plan | None:
    """The saved plan that a path is, if it is one."""
    if path.suffix != ".json" and (path.suffix in (".yaml", ".yml") or not path.is_file()):
        return None
    from hivemind.plan.file import load

    return load(path)


def _fingerprint(asked: Asked) -> Fingerprint | None:
    """The project as it is; None where plugins were named, whose part in it can't be seen."""
    from hivemind.flow.nothing_to_do import fingerprint

    if asked.plugins != PluginChoice():
        return None
    options = (asked.environment or "", clouds.region_of(None), os.environ.get(VARIABLE, ""))
    return fingerprint(blueprint_file(asked.path), options)


def _up_to_date(seen: Fingerprint, asked: Asked, face: Face) -> Ended | None:
    """The end, where what was made of the project before is what is deployed."""
    from hivemind.flow.nothing_to_do import already_deployed

    made = seen.made()
    if made is None:
        return None
    folder = seen.file.parent
    local = target_is_local(made.cloud, seen.file, made.environment, asked.local)
    region = made.region or clouds.region_of(None)
    cloud = clouds.connect(made.name, region, folder, local=local, say=face.note)
    state = already_deployed(made, cloud)
    if state is None:
        return None
    _tell_where(cloud, None, face)
    return Ended(None, state, cloud.calls())


def _remove_left(run: Run, face: Face) -> None:
    """What an earlier run left of its build instances."""
    state = run.store.find(run.deployment_id)
    if state is not None and state.build_stack:
        from hivemind.deploy.build_stack import remove_left

        face.note(f"Deleting the build stack {state.build_stack}, which an earlier run left behind.")
        remove_left(run.cloud, run.store, run.deployment_id, state.build_stack, face.note, clock=run.clock)


def _tell_where(cloud: Cloud, blueprint: Blueprint | None, face: Face) -> None:
    tell_where(cloud, blueprint, face)
    if cloud.name == "local":
        face.note(
            f"Using the local cloud at {cloud.endpoint}, account {cloud.account}.\n"
            f"Its health checks and draining are {cloud.pace:g} times faster than on AWS.\n"
            "Stop it: hivemind local stop\n",
            aside=True,
        )
