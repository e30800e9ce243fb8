"""Variables of services: as the blueprint has them, and what of them would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hivemind.flow.deployments import find
from hivemind.flow.project import checked_project
from hivemind.releases.variables import Variable, variables
from hivemind.text.suggest import did_you_mean, listed
from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.flow.checking import Checked
    from hivemind.flow.face import Face
    from hivemind.values.asked import Asked


@dataclass(frozen=True)
class Changed:
    """A variable of a service that differs. before, after: what it is, in words that tell no secret; None where it is
    not set."""

    service: str
    variable: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Compared:
    """before, after: names of what was compared. unknown: services of which nobody knows what was released."""

    before: str
    after: str
    changes: tuple[Changed, ...]
    unknown: tuple[str, ...] = ()


def environment(asked: Asked, face: Face, service: str | None) -> Mapping[str, tuple[Variable, ...]]:
    """Service -> its variables, of all services or of one, as the next apply gives them. Asks no cloud.

    Raises FindingsError, and HiveMindError for an unknown service.
    """
    return _variables(checked_project(asked, face, lint=False), service)


def next_changes(asked: Asked, face: Face, service: str | None) -> Compared:
    """What the next apply changes of the variables that are deployed. Raises as `environment`."""
    checked = checked_project(asked, face, lint=False)
    after = _marks(_variables(checked, service))
    known = find(asked.path, asked.environment, None, local=asked.local)
    recorded = known.state.environments if known else {}
    released = known.state.sources if known else {}
    unknown = tuple(name for name in after if name in released and name not in recorded)
    before = {name: recorded.get(name, {}) for name in {*after, *(recorded if service is None else ())}}
    shown = {name: one for name, one in after.items() if name not in unknown}
    name = f"{known.state.deployment_id} r{known.state.revision}" if known else "nothing deployed"
    return Compared(name, "the next apply", tuple(_changes(before, shown)), unknown)


def between(asked: Asked, face: Face, first: str, second: str, service: str | None) -> Compared:
    """What differs from one environment of the blueprint to another. Raises as `environment`."""
    before, after = (
        _marks(_variables(checked_project(replace(asked, environment=one), face, lint=False), service))
        for one in (first, second)
    )
    return Compared(first, second, tuple(_changes(before, after)))


def _variables(checked: Checked, service: str | None) -> Mapping[str, tuple[Variable, ...]]:
    services, bindings = checked.blueprint.services, checked.assembly.bindings
    if service is not None and service not in services:
        near = did_you_mean(service, services)
        hint = f"{near} " if near else ""
        raise HiveMindError(
            f"no service {service}", hint=f"{hint}Services: {listed(services)}.", exit_code=ExitCode.NOT_FOUND
        )
    return {
        name: variables(checked.blueprint, one, bindings)
        for name, one in sorted(services.items())
        if service in (None, name)
    }


def _marks(found: Mapping[str, tuple[Variable, ...]]) -> dict[str, Mapping[str, str]]:
    return {name: {one.name: one.mark for one in of} for name, of in found.items()}


def _changes(before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]) -> Iterator[Changed]:
    for service in sorted({*before, *after}):
        old, new = before.get(service, {}), after.get(service, {})
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                yield Changed(service, name, old.get(name), new.get(name))
