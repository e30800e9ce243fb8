"""Whether an apply that is to change numbers of instances alone would change anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.values.errors import DeploymentNotFound, Refused

if TYPE_CHECKING:
    from hivemind.flow.run import Run


def refuse_others(run: Run) -> None:
    """Raises Refused where an apply of the project as it is would change anything, or none was made yet."""
    plan, released = run.plan, run.apply.snapshot.artifacts
    if run.apply.snapshot.status is None:
        raise DeploymentNotFound(f"nothing is deployed as {run.deployment_id}", hint="Deploy it: `hivemind apply`.")
    changed = [one.service for one in plan.releases if one.needed and released.get(one.service) != one.source]
    if plan.changes or plan.recovers or changed:
        parts = [*(f"a release of {name}" for name in changed), *sorted({one.logical_id for one in plan.changes})[:3]]
        raise Refused(
            f"hivemind.yaml or the code differs from what is deployed: {', '.join(parts) or 'the stack'}",
            hint="Scaling changes nothing else. Apply first: `hivemind apply`.",
        )
