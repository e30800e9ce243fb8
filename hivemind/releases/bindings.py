"""Bindings: what a service finds of a resource that it needs, filled in from the stack's outputs and from secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from hivemind.values.errors import Stage, StageError
from hivemind.values.findings import Finding, Severity

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint
    from hivemind.releases.secret_values import SecretValues
    from hivemind.template.fragment import Assembly, Binding

PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def unfillable(assembly: Assembly) -> Iterator[Finding]:
    """Errors on bindings with placeholders that neither an output nor a secret gives a value: they would end the
    deployment once everything else stands."""
    for name, binding in sorted(assembly.bindings.items()):
        known = {*binding.outputs, *binding.secrets}
        for variable, pattern in sorted(binding.env.items()):
            for placeholder in sorted({*PLACEHOLDER.findall(pattern)} - known):
                yield Finding(
                    "H407",
                    Severity.ERROR,
                    f"{variable}, through which services find {name}, has no value for {{{placeholder}}}",
                    hint=f"The binding of {name} has: {', '.join(sorted(known)) or 'no values'}.",
                    plugin=_owner(assembly, binding),
                    path=f"resources.{name}",
                )


def bound_twice(assembly: Assembly, blueprint: Blueprint) -> Iterator[Finding]:
    """Warnings on variables that two needs of a service bind: the first one of `needs` gives the value, and nothing of
    the other reaches the application by that name. A service that sets the variable itself has decided."""
    for name, service in sorted(blueprint.services.items()):
        first: dict[str, str] = {}
        for position, need in enumerate(service.needs):
            binding = assembly.bindings.get(need)
            hidden: dict[str, list[str]] = {}
            for variable in sorted(binding.env) if binding else ():
                taken = first.setdefault(variable, need)
                if taken != need and variable not in service.env and variable not in service.secrets:
                    hidden.setdefault(taken, []).append(variable)
            for taken, variables in hidden.items():
                yield _twice(blueprint, name, position, (taken, need), variables)


def _twice(blueprint: Blueprint, service: str, position: int, needs: tuple[str, str], variables: list[str]) -> Finding:
    first, second = (
        f"{need} ({origin.evidence})" if (origin := blueprint.origins.get(f"resources.{need}")) else need
        for need in needs
    )
    listed = ", ".join(variables)
    return Finding(
        "H408",
        Severity.WARNING,
        f"{first} and {second} both set {listed} in services.{service}; the value is that of {needs[0]}",
        hint=f"Set what the application reads of {needs[1]} under `env`, or take one of the two out of `needs`.",
        path=f"services.{service}.needs[{position}]",
    )


def _owner(assembly: Assembly, binding: Binding) -> str:
    """The plugin that made what the binding is about, as far as the template tells."""
    outputs = (*binding.outputs.values(), *(output for output, _ in binding.secrets.values()))
    owners = [assembly.owners[output] for output in outputs if output in assembly.owners]
    path = f"resources.{binding.resource}"
    owners += [owner for owner in assembly.owners.values() if owner.path == path]
    return owners[0].plugin if owners else "hivemind"


def binding_values(binding: Binding, outputs: Mapping[str, str], secrets: SecretValues) -> Mapping[str, str]:
    """Placeholder -> value of a binding."""
    try:
        values = {placeholder: outputs[output] for placeholder, output in binding.outputs.items()}
        for placeholder, (output, key) in binding.secrets.items():
            values[placeholder] = secrets.field(outputs[output], key)
    except KeyError as missing:
        raise StageError(
            Stage.DEPLOY,
            f"the stack has no output {missing} for {binding.resource}",
            subject=binding.resource,
            path=f"resources.{binding.resource}",
        ) from None
    return values


def fill(pattern: str, values: Mapping[str, str], resource: str) -> str:
    """A pattern with its placeholders replaced; percent-encoded where the pattern is a URL."""
    encode = "://" in pattern

    def value(match: re.Match[str]) -> str:
        try:
            found = values[match[1]]
        except KeyError:
            raise StageError(
                Stage.DEPLOY, f"the binding of {resource} has no value for {{{match[1]}}}", subject=resource
            ) from None
        return quote(found, safe="") if encode else found

    return PLACEHOLDER.sub(value, pattern)
