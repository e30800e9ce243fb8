"""How long a plan's apply takes on AWS, about: the longest path through what is made. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from typing import Any

from hivemind.plan.model import Action, Plan
from hivemind.template.average_seconds import AVERAGE_SECONDS, OTHERS_SECONDS
from hivemind.template.references import references

RELEASE_SECONDS = 180.0
"""From a running instance to a verified release: boot, login, upload, install, two health checks."""


def expected_seconds(plan: Plan, template: Mapping[str, Any]) -> float:
    """Seconds that the whole apply takes, about; 0 for one that does nothing."""
    made = [change.logical_id for change in plan.changes if change.action in (Action.CREATE, Action.REPLACE)]
    path = longest_path(template, made)
    seconds = sum(seconds for _, seconds in path)
    return seconds + (RELEASE_SECONDS if any(release.needed for release in plan.releases) else 0.0)


def longest_path(
    template: Mapping[str, Any], made: Iterable[str], known: Mapping[str, float] | None = None
) -> tuple[tuple[str, float], ...]:
    """The resources that hold up all others, in the order in which they are made, each with its seconds.

    made: logical ids of what is created. known: type -> seconds that this deployment took before, which tell better
    than the averages. What is not created takes no time, and nothing waits for it.
    """
    resources: Mapping[str, Any] = template.get("Resources", {})
    wanted = {name for name in made if name in resources}
    taken = {**AVERAGE_SECONDS, **(known or {})}
    before = {name: {one.target for one in references(resources[name])} & (wanted - {name}) for name in wanted}
    own = {name: taken.get(str(resources[name].get("Type")), OTHERS_SECONDS) for name in wanted}
    until: dict[str, float] = {}
    latest: dict[str, str | None] = {}
    # A circle, which no template has that was checked, ends it.
    sorter = TopologicalSorter({name: sorted(before[name]) for name in sorted(wanted)})
    with suppress(CycleError):
        for name in sorter.static_order():
            latest[name] = max(sorted(before[name]), key=until.__getitem__, default=None)
            held = latest[name]
            until[name] = own[name] + (until[held] if held is not None else 0.0)
    path: list[tuple[str, float]] = []
    last = max(sorted(until), key=until.__getitem__, default=None)
    while last is not None:
        path.append((last, own[last]))
        last = latest[last]
    return tuple(reversed(path))
