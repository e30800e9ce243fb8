"""Whether a plan is what is left to do of another one that was reviewed."""

from __future__ import annotations

from hivemind.plan.model import Action, Plan


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


def worse_than(now: Plan, reviewed: Plan) -> tuple[str, ...]:
    """What a plan replaces or deletes, or may replace, that a reviewed one did not say, in words."""
    known = {change.logical_id: change for change in reviewed.changes}
    found: list[str] = []
    for change in now.changes:
        before = known.get(change.logical_id)
        action = before.action if before else None
        seen = {*before.may_replace, *before.properties} if before else set()
        unseen = sorted(set(change.may_replace) - seen)
        named = f"{change.logical_id} ({change.type})"
        if change.action in (Action.REPLACE, Action.DELETE) and action is not change.action:
            found.append(f"{named} would be {change.action.value}d")
        elif unseen and action is not Action.REPLACE:
            found.append(f"{named} might be replaced because of {', '.join(unseen)}")
    return tuple(found)


def _target(plan: Plan) -> tuple[object, ...]:
    releases = tuple((release.service, release.source, release.instances) for release in plan.releases)
    return plan.name, plan.environment, plan.region, plan.cloud, plan.template_digest, releases
