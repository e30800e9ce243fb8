"""Rules for Auto Scaling groups: what their numbers must be, and what does not go with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.blueprint.forms import mapping_of, texts_of
from hivemind.blueprint.overlay import View
from hivemind.blueprint.scaling import scaling_of
from hivemind.values.findings import Finding


def scaling(view: View) -> Iterator[Finding]:
    """A group has a smaller least than most number; hours of operation do not stop it; it can read its secrets."""
    network = mapping_of(view.data.get("network"))
    for name, service in mapping_of(view.data.get("services")).items():
        said = mapping_of(service)
        group = scaling_of(said.get("instances"))
        place = ("services", name, "instances")
        if group is None:
            continue
        if group.least > group.most:
            message = f"min is {group.least}, but max is {group.most}"
            yield view.finding("H155", (*place, "max"), message, f"Write `max: {group.least}` or more.")
        if view.data.get("hours") is not None:
            message = f"hours of operation do not stop services.{name}: its group would replace what is stopped"
            yield view.finding("H156", place, message, "Write a number of instances, or remove `hours`.", key=True)
        if network.get("egress") == "none" and (said.get("secrets") or _with_passwords(view, said)):
            message = f"new instances of services.{name} read secrets by themselves, and `egress: none` leaves no way"
            hint = "Write `egress: nat`, or a number of instances: then HiveMind brings the secrets."
            yield view.finding("H157", place, message, hint, key=True)


def _with_passwords(view: View, service: Mapping[str, Any]) -> bool:
    """Whether the service needs a resource that has a password: of the types that HiveMind knows, all but redis."""
    resources = mapping_of(view.data.get("resources"))
    needed = (resources.get(name) for name in texts_of(service.get("needs")))
    return any((one if isinstance(one, str) else mapping_of(one).get("type")) != "redis" for one in needed)
