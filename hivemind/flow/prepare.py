"""Makes a Run: the live plan with everything that carrying it out needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from hivemind.aws.snapshot import describe, read
from hivemind.deploy import shared_key
from hivemind.deploy.files import make_private
from hivemind.deploy.journal import usual_resource_seconds
from hivemind.deploy.parameters import PUBLIC_KEY, parameters
from hivemind.deploy.state import DeploymentState, DeploymentStatus, StateStore, deployment_id
from hivemind.flow.answering import with_answers
from hivemind.flow.checking import Checked, assembled, placed, with_findings
from hivemind.flow.collecting import collected
from hivemind.flow.keeping import NOWHERE, Kept, kept_in, place
from hivemind.flow.looking_ahead import ahead
from hivemind.flow.planning import NOTHING_WANTED, planned, taken_over
from hivemind.flow.preflight import preflight
from hivemind.flow.recording import record_step
from hivemind.flow.repairing import with_repairs
from hivemind.flow.run import Run, told
from hivemind.machine import home
from hivemind.releases.shared_ports import collisions
from hivemind.steps.deployment import Deployment
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.errors import FindingsError, Refused, StageError
from hivemind.values.stack_statuses import is_moving, is_ready

if TYPE_CHECKING:
    from hivemind.plan.model import Snapshot
    from hivemind.values.cloud import Cloud


def id_of(checked: Checked, cloud: Cloud) -> str:
    """The id of the deployment of a blueprint in a cloud."""
    blueprint = checked.blueprint
    return deployment_id(blueprint.name, blueprint.environment, cloud.account, cloud.region)


def kept_now(checked: Checked, cloud: Cloud) -> Kept:
    """Where other machines leave what they know of the deployment."""
    address = kept_in(checked.blueprint.state)
    return Kept(address, place(cloud, id_of(checked, cloud), checked.blueprint.stack_name, address))


def prepare(
    checked: Checked,
    cloud: Cloud,
    *,
    may_lose: frozenset[str] = frozenset(),
    skip_rollback: frozenset[str] = frozenset(),
    again: bool = False,
    keeps: bool = False,
    held: Callable[[], None] = lambda: None,
    kept: Kept = NOWHERE,
    clock: Clock = SYSTEM_CLOCK,
    say: Callable[[str], None] = lambda _: None,
    scale: Mapping[str, int | None] = NOTHING_WANTED,
) -> Run:
    """Reads what is deployed and makes the plan, live. The caller holds the lease.

    held: raises when the lease is lost. kept: where other machines find what becomes of the run. again: whether
    every service is released, also where nothing changed. keeps: whether new instances of a blue-green release stay
    when it fails. scale: as `planned` has it. say: gets a line when an interrupted run's stack operation is
    waited for. Raises Refused for a deployment that was not made through CloudFormation.
    """
    store = StateStore(cloud.state)
    identity = id_of(checked, cloud)
    state = store.find(identity)
    if state is not None and not state.changeable:
        raise Refused(f"HiveMind cannot change {identity}", hint=state.instructions)
    if cloud.shares_ports and (found := tuple(collisions(checked.blueprint))):
        raise FindingsError(placed(found, checked.source))
    artifacts = home.home() / "artifacts"
    make_private(artifacts)  # a build may have packed what only its owner should read
    snapshot = live_snapshot(checked, cloud, state, clock=clock, say=say)
    now = clock.now().isoformat(timespec="seconds")
    checked, plan, sources = planned(
        checked, snapshot, cloud.platform, region=cloud.region, cloud=cloud.name, made_at=now, again=again, scale=scale
    )
    checked = with_findings(checked, ahead(checked, plan, snapshot, cloud))
    checked = with_findings(checked, preflight(checked, plan, snapshot, cloud, clock=clock))

    def values(public_key: str = snapshot.parameters.get(PUBLIC_KEY, "")) -> Mapping[str, str]:
        return parameters(cloud, checked.assembly, snapshot, revision=f"r{plan.revision}", public_key=public_key)

    plan = with_answers(checked, plan, snapshot, cloud, values, clock=clock, say=say)
    unverified = plan.empty and state is not None and state.status is not DeploymentStatus.DEPLOYED
    if unverified and state is not None and state.revisions:
        plan = replace(plan, revision=state.revision)
    public_key = snapshot.parameters.get(PUBLIC_KEY)
    if public_key is None or (cloud.name == "aws" and (unverified or not plan.empty)):
        # Most local applies find it in the stack; the cryptography to read ours is loaded where it is used.
        key = shared_key.bring(cloud, store.folder(identity), identity, pinned=public_key, say=say)
        public_key = public_key or key.public
    deployment = Deployment(
        id=identity,
        cloud=cloud,
        store=store,
        hooks=checked.plugins,
        held=held,
        artifacts=artifacts,
        parameters=values(public_key),
        known_hosts=state.host_keys if state else {},
        assemble=lambda blueprint: taken_over(assembled(blueprint, checked.plugins), snapshot.template),
        clock=clock,
    )
    apply = told(
        checked,
        plan,
        snapshot,
        sources,
        deployment_id=identity,
        may_lose=may_lose,
        skip_rollback=skip_rollback,
        unverified=unverified,
        keeps=keeps,
        left=state.build_stack if state else None,
        usual=usual_resource_seconds(store.folder(identity)) if plan.changes else {},
    )
    return Run(checked, apply, deployment, collected(apply, checked.plugins, own=(record_step(apply),)), kept)


def live_snapshot(
    checked: Checked,
    cloud: Cloud,
    state: DeploymentState | None,
    *,
    clock: Clock = SYSTEM_CLOCK,
    say: Callable[[str], None] = lambda _: None,
    wait: bool = True,
) -> Snapshot:
    """What stands. wait: for an operation of an interrupted run to end first, instead of showing it half done.

    What is released comes from the state; a lost one means that releases are made again, and the revision goes on
    from the one in the stack.
    """
    name = checked.blueprint.stack_name
    described = describe(cloud.client("cloudformation"), name)
    if wait and described is not None and is_moving(described["StackStatus"]):
        from hivemind.deploy.stack import StackDriver

        try:
            StackDriver(cloud, clock=clock, say=say).settle(name, owners=checked.assembly.owners)
        except StageError as error:
            # The stack is as it was before; what the interrupted run took out of service must come back all the same.
            described = describe(cloud.client("cloudformation"), name)
            if described is None or not is_ready(described["StackStatus"]):
                raise
            say(f"The interrupted update failed, and the stack is as it was before: {'; '.join(error.lines[:1])}")
        described = None
    known = state.sources if state else {}
    snapshot = read(
        cloud,
        name,
        artifacts=known,
        revision=state.revision if state else 0,
        described=described,
    )
    if snapshot.status is None:
        return replace(snapshot, artifacts={})
    parts = state.parts if state else {}
    snapshot = replace(snapshot, revision=max(snapshot.revision, _revision_in(snapshot)), parts=parts)
    return with_repairs(cloud, snapshot, state) if is_ready(snapshot.status) else snapshot


def _revision_in(snapshot: Snapshot) -> int:
    text = snapshot.parameters.get("Revision", "").removeprefix("r")
    # The stack has the number of the apply that changed it last, which may not have ended well.
    return max(0, int(text) - 1) if text.isdigit() else 0
