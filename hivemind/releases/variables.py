"""The variables of a service by name and origin, as they follow from a blueprint: no value of a secret is looked at.

What an application finds beside them: what the runtime itself wants (`PYTHONUNBUFFERED`, `NODE_ENV`), and, for services
that call AWS, the region.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from hivemind.blueprint.masking import in_clear
from hivemind.blueprint.references import referred
from hivemind.releases.bindings import PLACEHOLDER
from hivemind.text.redact import redact

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint, Service
    from hivemind.template.fragment import Binding


@dataclass(frozen=True)
class Variable:
    """origin: where it comes from, in words. value: as the blueprint has it, with its references; None where it is a
    secret, looks like one, or is known only to the stack. mark: changes with the value, and does not tell it."""

    name: str
    origin: str
    value: str | None
    mark: str
    secret: bool = False


def variables(blueprint: Blueprint, service: Service, bindings: Mapping[str, Binding]) -> tuple[Variable, ...]:
    """The variables of a service, by name. bindings: by name of resource."""
    found: dict[str, Variable] = {}
    if service.is_web:
        found["PORT"] = Variable("PORT", "the service's port", str(service.listens_on), f"= {service.listens_on}")
    concealed: set[str] = set()
    for need in reversed(service.needs):  # the first one of `needs` gives the value
        binding = bindings.get(need)
        for name, pattern in binding.env.items() if binding else ():
            secret = binding is not None and any(one in binding.secrets for one in PLACEHOLDER.findall(pattern))
            concealed = concealed | {name} if secret else concealed - {name}
            found[name] = Variable(name, f"resource {need}", None, f"resource {need}: {pattern}", secret)
    for name, value in service.env.items():
        origin = _origin(blueprint, f"services.{service.name}.env.{name}")
        found[name] = _plain(name, value, origin, secret=bool(concealed & referred(value)), salt=service.name)
    for name, reference in service.secrets.items():
        made = "made with the stack" if reference.store == "generated" else f"secret {reference}"
        found[name] = Variable(name, made, None, made, secret=True)
    return tuple(found[name] for name in sorted(found))


def marks(blueprint: Blueprint, bindings: Mapping[str, Binding]) -> Mapping[str, Mapping[str, str]]:
    """Service -> variable -> its mark: what the state keeps of a release, to compare the next one with."""
    return {
        name: {one.name: one.mark for one in variables(blueprint, service, bindings)}
        for name, service in sorted(blueprint.services.items())
    }


def _plain(name: str, value: str, origin: str, *, secret: bool, salt: str) -> Variable:
    if in_clear(name, value) or redact(value) != value:
        hidden = sha256(f"{salt}\0{name}\0{value}".encode()).hexdigest()[:8]
        return Variable(name, origin, None, f"hidden {hidden}", secret=True)
    return Variable(name, origin, value, f"= {value}", secret)


def _origin(blueprint: Blueprint, path: str) -> str:
    while path:
        if path in blueprint.origins:
            return blueprint.origins[path].evidence
        path = path.rpartition(".")[0]
    return "HiveMind's default"
