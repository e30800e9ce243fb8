"""What every look of the preflight is given, and what they read of it alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hivemind.blueprint.model import Blueprint
from hivemind.plan.model import Action, Plan, Snapshot
from hivemind.template.fragment import Assembly
from hivemind.values.cloud import Cloud
from hivemind.values.findings import Finding, Severity

MADE = (Action.CREATE, Action.REPLACE)


@dataclass(frozen=True)
class Subject:
    """An apply that has not begun. now: the time of day, in UTC. state: address of where all machines find the state,
    None for the deployment's own bucket."""

    blueprint: Blueprint
    assembly: Assembly
    plan: Plan
    snapshot: Snapshot
    cloud: Cloud
    now: datetime
    state: str | None = None

    def made(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Logical id and properties of each resource of a type that the plan creates or replaces."""
        yield from self._changed(kind, MADE)

    def set(self, kind: str, *names: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """As `made`, with those in which the plan changes one of these properties."""
        yield from self._changed(kind, (*MADE, Action.UPDATE), names)

    def finding(self, rule: str, severity: Severity, message: str, hint: str, *place: str) -> Finding:
        """A finding on a place of the template: a logical id, and one of its properties or none."""
        where = ("Resources", place[0], "Properties", *place[1:]) if place else ()
        owner = self.assembly.responsible(*where)
        return Finding(rule, severity, message, hint=hint, plugin=owner.plugin, path=owner.path)

    def _changed(
        self, kind: str, actions: tuple[Action, ...], names: tuple[str, ...] = ()
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for change in self.plan.changes:
            resource = self.assembly.resources.get(change.logical_id)
            if change.type != kind or change.action not in actions or resource is None:
                continue
            if change.action not in MADE and not set(names) & set(change.properties):
                continue
            yield change.logical_id, resource.get("Properties") or {}


Look = Callable[[Subject], Iterable[Finding]]
"""Asks a cloud about one matter, by calls that only read. Raises HiveMindErrors where it is not told."""
