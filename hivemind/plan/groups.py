"""What a plan does to Auto Scaling groups, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hivemind.plan.model import Action, Change
from hivemind.template.resource_types import INSTANCE, LAUNCH_TEMPLATE, SCALING_GROUP


def is_renewed(changes: Iterable[Change], path: str) -> bool:
    """Whether the launch template of a service changes, for which a group replaces all its instances. path: of the
    service."""
    return any(one.path == path and one.type == LAUNCH_TEMPLATE and one.action is Action.UPDATE for one in changes)


def group_changes(changes: Iterable[Change]) -> Iterator[str]:
    """A sentence for each service that gets a group, loses it, or whose group replaces its instances."""
    every = tuple(changes)
    paths = {one.path for one in every if one.type in (SCALING_GROUP, LAUNCH_TEMPLATE)}
    for path in sorted(paths):
        done = {one.type: one.action for one in every if one.path == path and one.type in (SCALING_GROUP, INSTANCE)}
        numbered = {one.action for one in every if one.path == path and one.type == INSTANCE}
        if done.get(SCALING_GROUP) is Action.CREATE and Action.DELETE in numbered:
            yield f"{path}: a group takes the place of its instances, which go when the group has the traffic."
        elif done.get(SCALING_GROUP) is Action.DELETE and Action.CREATE in numbered:
            yield f"{path}: instances take the place of its group, which goes when they have the traffic."
        elif is_renewed(every, path):
            yield f"{path}: its group replaces all instances, one after another."
