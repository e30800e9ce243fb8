"""What a plan does to instances that run: which are replaced or stopped, and which of them in turn. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hivemind.plan.model import Action, Change
from hivemind.template.resource_types import INSTANCE
from hivemind.template.update_behaviour import stopped_by


def is_replaced(change: Change) -> bool:
    """Whether the change replaces an instance."""
    return change.type == INSTANCE and change.action is Action.REPLACE


def is_stopped(change: Change) -> bool:
    """Whether the change stops an instance and starts it again."""
    return (
        change.type == INSTANCE
        and change.action is Action.UPDATE
        and bool(stopped_by(change.type, _own(change, change.properties)))
    )


def apart(changes: Iterable[Change]) -> Mapping[str, Change]:
    """Replaced and stopped instances that can be so in an update of their own: logical id -> change. Not those that
    only follow from another replaced resource, since it is replaced for all of them at once."""
    return {
        change.logical_id: change
        for change in changes
        if is_stopped(change) or (is_replaced(change) and set(change.replacing) == set(_own(change, change.replacing)))
    }


def _own(change: Change, names: Iterable[str]) -> tuple[str, ...]:
    """The properties that change by themselves, and not because of the identity of what they refer to."""
    return tuple(name for name in names if change.before.get(name) != change.after.get(name))
