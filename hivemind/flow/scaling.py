"""Another number of instances for services that run: by an apply that changes nothing else, or of their groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hivemind.aws.snapshot import read
from hivemind.flow.carrying_through import apply
from hivemind.flow.deployments import require
from hivemind.flow.project import checked_project
from hivemind.flow.status import ids_of
from hivemind.releases import groups
from hivemind.template.names import scaling_group
from hivemind.template.resource_types import SCALING_GROUP
from hivemind.text.suggest import did_you_mean, listed
from hivemind.values.asked import Terms
from hivemind.values.errors import DeploymentNotFound, HiveMindError, Refused
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint
    from hivemind.flow.carrying_through import Ended
    from hivemind.flow.face import Face
    from hivemind.values.asked import Asked

MOST = 50
"""Instances of a service, as in hivemind.yaml."""


@dataclass(frozen=True)
class Rescaled:
    """groups: service -> instances that its group wants now. ended: the apply of the others; None where there was none
    to do."""

    groups: Mapping[str, int]
    ended: Ended | None


def scale(asked: Asked, face: Face, wanted: Mapping[str, int | None], *, wait: float = 0.0) -> Rescaled:
    """Gives services another number of instances. wanted: service -> number, None for that of hivemind.yaml.

    A fixed number is kept in the stack until the file says another, and the face is asked for the plan. A group gets a
    number within its bounds, and goes on to scale from there. Raises as `apply`, and Refused where the project would
    change anything else.
    """
    known = require(asked.path, asked.environment, None, local=asked.local)
    known.require_changeable()
    blueprint = checked_project(asked, face, lint=False).blueprint
    sizes = _of_groups(blueprint, wanted)
    others = {name: number for name, number in wanted.items() if blueprint.services[name].scaling is None}
    if sizes:
        cloud = known.cloud()
        made = ids_of(read(cloud, known.stack), SCALING_GROUP)
        missing = [name for name in sizes if scaling_group(name) not in made]
        if missing:
            raise DeploymentNotFound(f"{listed(missing)} has no group yet", hint="`hivemind apply` makes it.")
        for name, number in sizes.items():
            groups.desire(cloud, made[scaling_group(name)], number)
    ended = apply(asked, face, Terms(wait=wait, scale=others, scale_only=True)) if others else None
    return Rescaled(sizes, ended)


def _of_groups(blueprint: Blueprint, wanted: Mapping[str, int | None]) -> Mapping[str, int]:
    """Service -> number, of those with a group. Raises HiveMindError for an unknown service or a number that can't
    be."""
    services, found = blueprint.services, {}
    for name, number in wanted.items():
        if name not in services:
            near = did_you_mean(name, services)
            hint = f"{near} " if near else ""
            raise HiveMindError(
                f"no service {name}", hint=f"{hint}Services: {listed(services)}.", exit_code=ExitCode.NOT_FOUND
            )
        group = services[name].scaling
        if group is None:
            if number is not None and number > MOST:
                raise Refused(f"{name}: {number} instances are more than {MOST}", hint="Use a larger `size`.")
            continue
        if number is None:
            raise Refused(f"{name} has a group, which scales by itself", hint=f"Set it: `hivemind scale {name}=N`.")
        if not group.least <= number <= group.most:
            raise Refused(
                f"{name}={number} is not within its group's {group}", hint="Change `min` and `max` in hivemind.yaml."
            )
        found[name] = number
    return found


def kept_numbers(asked: Asked, face: Face) -> Mapping[str, tuple[int, str]]:
    """Service -> its number of instances, and where that comes from, in words. Raises DeploymentNotFound."""
    from hivemind.template.scaled import scaled_in

    known = require(asked.path, asked.environment, None, local=asked.local)
    blueprint = checked_project(replace(asked), face, lint=False).blueprint
    scaled = scaled_in(read(known.cloud(), known.stack).template)
    told: dict[str, tuple[int, str]] = {}
    for name, service in sorted(blueprint.services.items()):
        one = scaled.get(name)
        if service.scaling is not None:
            told[name] = (service.instances, f"at least, a group of {service.scaling}")
        elif one is not None and one.said == service.instances:
            told[name] = (one.instances, f"by hivemind scale ({one.by}), hivemind.yaml says {one.said}")
        else:
            told[name] = (service.instances, "by hivemind.yaml")
    return told
