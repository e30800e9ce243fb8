"""Switches the maintenance page of a deployment on and off: one rule of its load balancer, by an update of its stack.

It is made from the template that is deployed, so that it needs no project, and nothing else changes with it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hivemind.aws.snapshot import read
from hivemind.deploy import shared_state
from hivemind.deploy.journal import Journal, last_attempt, new_attempt
from hivemind.deploy.lease import acquire, who
from hivemind.deploy.shared_lease import shared
from hivemind.deploy.stack import StackDriver, StackRequest
from hivemind.flow.deployments import require
from hivemind.flow.refreshing import place_of
from hivemind.template.capabilities import capabilities
from hivemind.template.maintenance import LONGEST, Maintenance, Page, maintenance_of, page_of, switched
from hivemind.template.names import ARTIFACT_BUCKET
from hivemind.template.render import as_json
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.errors import DeploymentNotFound, HiveMindError, Refused, Stage
from hivemind.values.events import EventKind
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.deploy.lease import Holder
    from hivemind.flow.deployments import Known
    from hivemind.flow.face import Face
    from hivemind.plan.model import Snapshot
    from hivemind.values.asked import Asked
    from hivemind.values.cloud import Cloud

COMMAND = "hivemind maintenance"
STEP = "maintenance"
DEFAULT = "We are working on it and will be back soon."


def maintenance_page(message: str | None, body: str | None, content_type: str) -> Page:
    """The page to show. message: text for a page of HiveMind's. body: a page of one's own, with its type.

    Raises HiveMindError for one that the load balancer can't hold.
    """
    page = Page(body, content_type) if body is not None else page_of(message or DEFAULT)
    if not page.body.strip() or len(page.body) > LONGEST:
        count = len(page.body)
        said = "the page is empty" if not page.body.strip() else f"the page has {count} characters, {LONGEST} at most"
        raise HiveMindError(
            said,
            hint="A load balancer holds no more. Let the page refer to styles and pictures elsewhere.",
            exit_code=ExitCode.USAGE,
        )
    return page


def switch_maintenance(
    asked: Asked, face: Face, page: Page | None, *, wait: float = 0.0, clock: Clock = SYSTEM_CLOCK
) -> Maintenance | None:
    """Shows a page in place of the application, or the application again (page: None). Returns what is shown then.

    wait: seconds for another run to end. Killed at any moment, it is finished by the same command. Raises
    DeploymentNotFound, DeploymentLocked, CloudUnreachable, StageError, and Refused where nothing is behind a load
    balancer.
    """
    known = require(asked.path, asked.environment, asked.deployment, local=asked.local)
    known.require_changeable()
    cloud = known.cloud()
    place = place_of(known, cloud)

    def waiting(holder: Holder) -> None:
        face.note(f"Waiting for {holder}")

    with (
        acquire(known.folder, command=COMMAND, wait=wait, on_wait=waiting),
        shared(place, command=COMMAND, wait=wait, on_wait=waiting),
    ):
        driver = StackDriver(cloud, clock=clock, say=face.note)
        driver.settle(known.stack)
        snapshot = read(cloud, known.stack)
        if snapshot.status is None:
            raise DeploymentNotFound(
                f"the stack of {known.state.deployment_id} is gone", hint="`hivemind apply` creates it again."
            )
        shown = maintenance_of(snapshot.template)
        if (shown.page if shown else None) == page:
            return shown
        wanted = Maintenance(page, who(), clock.now().isoformat(timespec="seconds")) if page else None
        template = switched(snapshot.template, wanted)
        if template is None:
            raise Refused(
                "nothing is behind a load balancer: there is no page to show", hint="Stop workers by `scale`."
            )
        _tell(known, f"{who()} switches maintenance {'on' if page else 'off'}", clock)
        _update(driver, known, snapshot, as_json(template))
        _record(known, cloud)
        shared_state.push(place, known.store, known.state.deployment_id, face.note)
        _tell(known, f"maintenance is {'on' if page else 'off'}", clock)
        return wanted


def _update(driver: StackDriver, known: Known, snapshot: Snapshot, body: str) -> None:
    info = known.state.stack_info
    driver.apply(
        StackRequest(
            stack_name=info.stack_name if info else known.stack,
            body=body,
            parameters=snapshot.parameters,
            owners={},
            bucket=ARTIFACT_BUCKET,
            capabilities=capabilities(snapshot.template),
        )
    )


def _record(known: Known, cloud: Cloud) -> None:
    """The stack as it is now, for plans that can't ask the cloud."""
    now = read(cloud, known.stack)
    recorded = known.state.recorded
    if recorded is not None:
        changed = replace(recorded, status=now.status, template=now.template, outputs=now.outputs)
        known.store.change(known.state.deployment_id, lambda state: replace(state, recorded=changed))


def _tell(known: Known, message: str, clock: Clock) -> None:
    folder, identity = known.folder, known.state.deployment_id
    with Journal(folder, identity, last_attempt(folder) or new_attempt(clock), clock=clock) as journal:
        journal.record(Stage.PROVISION, STEP, EventKind.NOTE, message, {"by": who()})
