"""Rules for `strategy`: what goes with which way of releasing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.blueprint.forms import mapping_of, texts_of
from hivemind.blueprint.overlay import View
from hivemind.blueprint.scaling import scaling_of
from hivemind.blueprint.strategy import Way, way_of
from hivemind.values.findings import Finding

_OPTIONS = {"batch": Way.ROLLING, "bake": Way.BLUE_GREEN, "keep": Way.BLUE_GREEN}
"""Option -> the only way that it is for."""


def strategy(view: View) -> Iterator[Finding]:
    """New instances take over from others by the load balancer and have none of their data; options fit their way."""
    for name, service in mapping_of(view.data.get("services")).items():
        said = mapping_of(service)
        asked = said.get("strategy")
        way = way_of(asked)
        place = ("services", name, "strategy")
        if way == Way.BLUE_GREEN:
            yield from _blue_green(view, name, said)
        for option, its in _OPTIONS.items():
            if isinstance(asked, Mapping) and option in asked and way in set(Way) - {its}:
                message = f"{option} is for the strategy {its}, but services.{name} has {way}"
                yield view.finding("H174", (*place, option), message, f"Remove it, or write `type: {its}`.", key=True)
        if way == Way.RECREATE and scaling_of(said.get("instances")) is not None:
            message = f"services.{name} is an Auto Scaling group, which starts instances while others run"
            hint = "Write a number of instances, or another strategy."
            yield view.finding("H173", place, message, hint)


def _blue_green(view: View, name: str, said: Mapping[str, Any]) -> Iterator[Finding]:
    place = ("services", name, "strategy")
    if said.get("kind") == "worker":
        message = f"blue-green switches requests from one set of instances to another, and services.{name} gets none"
        hint = "Write `strategy: rolling` or `strategy: recreate`."
        yield view.finding("H170", place, message, hint)
    if said.get("data"):
        kept = ", ".join(texts_of(said["data"]))
        message = f"blue-green makes new instances, which do not have {kept} of services.{name}"
        hint = "Write `strategy: rolling`, or keep the data in a database or a bucket, and remove `data`."
        yield view.finding("H171", place, message, hint)
    if scaling_of(said.get("instances")) is not None:
        message = f"services.{name} is an Auto Scaling group: its releases go onto the instances that it has"
        hint = "Write a number of instances, or `strategy: rolling`."
        yield view.finding("H173", place, message, hint)
