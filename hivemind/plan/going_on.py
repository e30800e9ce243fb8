"""Whether a plan is what is left to do of another one that was reviewed."""

from __future__ import annotations

from hivemind.plan.model import Plan


def is_rest_of(now: Plan, reviewed: Plan) -> bool:
    """Whether a plan leads to just what a reviewed one led to, and does no more than that one would have done.

    It is so after a run of the reviewed plan that did not end well: part of it is done. Where the project has changed
    since, what comes out at the end is something else, however little is left to do.
    """
    return (
        _target(now) == _target(reviewed)
        and {change.logical_id for change in now.changes} <= {change.logical_id for change in reviewed.changes}
        and {change.logical_id for change in now.losing_data} <= {change.logical_id for change in reviewed.losing_data}
    )


def _target(plan: Plan) -> tuple[object, ...]:
    releases = tuple((release.service, release.source, release.instances) for release in plan.releases)
    return plan.name, plan.environment, plan.region, plan.cloud, plan.template_digest, releases
