"""Runs the checks of a deployment again, from what somebody asked to the recorded verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hivemind.checks.verifying import refuse_bad
from hivemind.checks.verifying import verify as run_checks
from hivemind.flow.basis import checkout_of, deployed_now
from hivemind.flow.deployments import require
from hivemind.flow.project import checked_project
from hivemind.releases.release import CheckResult, CheckStatus, Verdict
from hivemind.values.clock import SYSTEM_CLOCK
from hivemind.values.errors import Stage
from hivemind.values.events import Event, EventKind

if TYPE_CHECKING:
    from hivemind.flow.face import Face
    from hivemind.releases.deployed import Deployed
    from hivemind.values.asked import Asked


@dataclass(frozen=True)
class Verified:
    """What the checks of a deployment came to. deployed: what they ran on."""

    deployment_id: str
    verdict: Verdict
    deployed: Deployed

    def require_good(self) -> None:
        """Raises StageError (verify) for a verdict that is not good."""
        refuse_bad(self.verdict, self.deployed)


def verify(asked: Asked, face: Face) -> Verified:
    """Runs the checks of a deployment again and records the verdict. Each result is an event, as in an apply.

    Raises DeploymentNotFound, CloudUnreachable, FindingsError.
    """
    known = require(asked.path, asked.environment, asked.deployment, local=asked.local)
    known.require_changeable()
    cloud = known.cloud()
    project = replace(asked, path=checkout_of(known, asked), environment=known.state.environment)
    checked = checked_project(project, face, lint=False)
    identity = known.state.deployment_id
    deployed = deployed_now(known, checked, cloud)
    verdict = run_checks(deployed, lambda result: face.progress(_event(identity, result)))
    known.store.update(identity, verification_results=verdict)
    return Verified(identity, verdict, deployed)


def _event(deployment_id: str, result: CheckResult) -> Event:
    return Event(
        time=SYSTEM_CLOCK.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        deployment_id=deployment_id,
        attempt="",
        stage=Stage.VERIFY.value,
        step=Stage.VERIFY.value,
        kind=EventKind.PROGRESS if result.status is CheckStatus.PASSED else EventKind.NOTE,
        message=f"{result.name}: {result.message}",
        data={"check": result.name, "status": result.status.value, "milliseconds": round(result.milliseconds, 1)},
    )
