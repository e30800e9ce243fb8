"""How long a plan's apply takes on AWS, about: the longest path through what is made. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from hivemind.plan.model import Action, Plan
from hivemind.template.average_seconds import AVERAGE_SECONDS, OTHERS_SECONDS
from hivemind.template.references import references

RELEASE_SECONDS = 180.0
"""From a running instance to a verified release: boot, login, upload, install, two health checks."""


def expected_seconds(plan: Plan, template: Mapping[str, Any]) -> float:
    """Seconds that the whole apply takes, about; 0 for one that does nothing."""
    path = longest_path(template, created(plan))
    seconds = sum(seconds for _, seconds in path)
    return seconds + (RELEASE_SECONDS if any(release.needed for release in plan.releases) else 0.0)


class Chains:
    """What waits for what among the resources that are created.

    made: logical ids of what is created. known: type -> seconds that this deployment took before, which tell better
    than the averages. What is not created takes no time, and nothing waits for it.
    """

    def __init__(
        self, template: Mapping[str, Any], made: Iterable[str], known: Mapping[str, float] | None = None
    ) -> None:
        resources: Mapping[str, Any] = template.get("Resources", {})
        wanted = {name for name in made if name in resources}
        taken = {**AVERAGE_SECONDS, **(known or {})}
        self._own = {name: taken.get(str(resources[name].get("Type")), OTHERS_SECONDS) for name in wanted}
        self._before = {
            name: sorted({one.target for one in references(resources[name])} & (wanted - {name})) for name in wanted
        }
        try:
            sorter = TopologicalSorter({name: self._before[name] for name in sorted(wanted)})
            self._order = tuple(sorter.static_order())
        except CycleError:  # which no template has that was checked
            self._order = ()

    def expected(self, name: str) -> float | None:
        """Seconds that a resource takes, about; None for one that is not created."""
        return self._own.get(name)

    def longest(self, done: Collection[str] = ()) -> tuple[tuple[str, float], ...]:
        """The resources that hold up all others, without those that are done, in the order in which they are made,
        each with its seconds."""
        until: dict[str, float] = {}
        latest: dict[str, str | None] = {}
        for name in self._order:
            if name in done:
                continue
            held = max((one for one in self._before[name] if one in until), key=until.__getitem__, default=None)
            latest[name] = held
            until[name] = self._own[name] + (until[held] if held is not None else 0.0)
        path: list[tuple[str, float]] = []
        last = max(sorted(until), key=until.__getitem__, default=None)
        while last is not None:
            path.append((last, self._own[last]))
            last = latest[last]
        return tuple(reversed(path))


def longest_path(
    template: Mapping[str, Any], made: Iterable[str], known: Mapping[str, float] | None = None
) -> tuple[tuple[str, float], ...]:
    """As `Chains.longest` before anything is done."""
    return Chains(template, made, known).longest()


def created(plan: Plan) -> frozenset[str]:
    """Logical ids of what a plan creates, replacements included."""
    return frozenset(one.logical_id for one in plan.changes if one.action in (Action.CREATE, Action.REPLACE))
