"""Assemble: the fragments of all plugins become one template. Pure; the order of plugins means nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from hivemind.blueprint.model import Blueprint
from hivemind.template import limits, render
from hivemind.template.fragment import EMPTY, Assembly, Binding, Fragment, Owner
from hivemind.template.names import ESTABLISHED
from hivemind.template.overrides import apply_overrides, written
from hivemind.template.references import references
from hivemind.template.tags import FIRST_REVISION, REVISION, with_tags
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding, Severity

FORMAT = "2010-09-09"
LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,255}")
CORE = Owner("hivemind", "name")

CORE_PARAMETERS: Mapping[str, Mapping[str, str]] = {
    REVISION: {"Type": "String", "Description": "The revision of the deployment, for example r12"},
    FIRST_REVISION: {
        "Type": "String",
        "Description": "The revision that created the deployment",
    },
}
"""Parameters that every template has; the stack driver fills them."""
CORE_OUTPUTS: Mapping[str, Mapping[str, Any]] = {REVISION: {"Value": {"Ref": REVISION}}}
CONDITIONS: Mapping[str, Mapping[str, Any]] = {
    ESTABLISHED: {"Fn::Not": [{"Fn::Equals": [{"Ref": REVISION}, {"Ref": FIRST_REVISION}]}]}
}
"""Conditions that a template has where something in it depends on them."""


@dataclass
class _Merge:
    """What has been merged so far. claims: logical id -> everybody who put it there."""

    sections: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"Parameters": {}, "Resources": {}, "Outputs": {}}
    )
    claims: dict[str, list[Owner]] = field(default_factory=dict)
    bindings: dict[str, list[tuple[Owner, Binding]]] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)


def assemble(
    blueprint: Blueprint,
    contributions: Sequence[tuple[str, tuple[Fragment, ...]]],
    *,
    distributions: Mapping[str, str] = EMPTY,
) -> Assembly:
    """Merges fragments into an Assembly, tags every resource and applies the blueprint's overrides.

    contributions: (plugin, its fragments), in any order. distributions: third-party plugin -> distribution and
    version, or its file, for messages. Raises FindingsError with everything that is wrong: two owners of one logical
    id, bad logical ids, references that lead nowhere, overrides that can't be applied, limits exceeded.
    """
    merged = _merge(contributions, distributions)
    findings = [*_conflicts(merged, distributions), *_malformed(merged)]
    owners = {name: claims[0] for name, claims in merged.claims.items()}
    template = render.canonical(
        {
            "AWSTemplateFormatVersion": FORMAT,
            "Description": f"{blueprint.name} ({blueprint.environment}), made by HiveMind",
            **merged.sections,
            **_conditions(merged.sections["Resources"]),
            "Resources": {
                name: with_tags(name, resource, owners[name].plugin, blueprint)
                for name, resource in merged.sections["Resources"].items()
                if isinstance(resource, Mapping)
            },
        }
    )
    if blueprint.overrides:
        template, failed = apply_overrides(template, blueprint.overrides)
        template = render.canonical(template)
    else:
        failed = ()
    assembly = Assembly(
        template=MappingProxyType(template),
        owners=MappingProxyType(dict(sorted(_owners_after_overrides(template, owners).items()))),
        bindings=MappingProxyType({name: found[0][1] for name, found in sorted(merged.bindings.items())}),
        images=_filled(merged.images, template),
        zones=_filled(merged.zones, template),
        overridden=MappingProxyType(written(blueprint.overrides)),
    )
    findings += [
        *failed,
        *_typeless(template["Resources"], assembly.owners),
        *_dangling(template, assembly.owners),
        *_unbound(template, merged),
        *limits.exceeded(template, assembly.text),
        *_ill_named(assembly, blueprint),
        *_overtagged(assembly),
    ]
    if any(finding.is_error for finding in findings):
        raise FindingsError(findings)
    return assembly


def _filled(sources: Mapping[str, str], template: Mapping[str, Any]) -> Mapping[str, str]:
    """Where the values of parameters come from, of those that the template has."""
    known = template.get("Parameters", {})
    return MappingProxyType({name: source for name, source in sorted(sources.items()) if name in known})


def _ill_named(assembly: Assembly, blueprint: Blueprint) -> Iterator[Finding]:
    for logical_id, key, message in limits.ill_named(assembly.resources, blueprint.stack_name):
        owner = assembly.responsible("Resources", logical_id, "Properties", key)
        hint = "Shorten the name, or leave it out: CloudFormation then makes one."
        yield Finding("H414", Severity.ERROR, message, hint=hint, plugin=owner.plugin, path=owner.path)


def _overtagged(assembly: Assembly) -> Iterator[Finding]:
    for logical_id, count, jobs in limits.overtagged(assembly.resources):
        owner = assembly.responsible("Resources", logical_id, "Properties", "Tags")
        room = max(0, limits.MOST_TAGS - (count - jobs))
        message = f"{logical_id} would have {count} tags, and AWS allows {limits.MOST_TAGS}"
        hint = "Write fewer under `tags`."
        if jobs:
            message += f": each of its {jobs} jobs takes one"
            hint = (
                f"An instance has room for {room} jobs: let others run on another service (`on`), start several with "
            )
            hint += "one command, or write fewer `tags`."
        yield Finding("H168", Severity.ERROR, message, hint=hint, plugin=owner.plugin, path=owner.path)


def _conditions(resources: Mapping[str, Any]) -> dict[str, Any]:
    used = {name: body for name, body in CONDITIONS.items() if _depends(resources, name)}
    return {"Conditions": used} if used else {}


def _depends(node: Any, condition: str) -> bool:
    """Whether something in a part of the template depends on a condition."""
    if isinstance(node, Mapping):
        branches = node.get("Fn::If")
        chosen = isinstance(branches, list | tuple) and branches[:1] in ([condition], (condition,))
        return chosen or any(_depends(value, condition) for value in node.values())
    return isinstance(node, list | tuple) and any(_depends(value, condition) for value in node)


def _merge(contributions: Sequence[tuple[str, tuple[Fragment, ...]]], distributions: Mapping[str, str]) -> _Merge:
    merged = _Merge()
    merged.sections["Parameters"].update(CORE_PARAMETERS)
    merged.sections["Outputs"].update(CORE_OUTPUTS)
    merged.claims.update({name: [CORE] for name in CORE_PARAMETERS})
    # Sorted, so that of two claims the same one counts whatever order plugins were loaded in; what was installed
    # comes after what is built in, so that a conflict is laid to the plugin that can be left out.
    for plugin, fragments in sorted(contributions, key=lambda entry: (entry[0] in distributions, entry[0])):
        for fragment in sorted(fragments, key=lambda fragment: fragment.path):
            _add(merged, Owner(plugin, fragment.path), fragment)
    return merged


def _add(merged: _Merge, owner: Owner, fragment: Fragment) -> None:
    for section, entries in (
        ("Parameters", fragment.parameters),
        ("Resources", fragment.resources),
        ("Outputs", fragment.outputs),
    ):
        for name, body in entries.items():
            if _shared(merged, section, name, body, owner):
                continue
            merged.claims.setdefault(name, []).append(owner)
            merged.sections[section].setdefault(name, body)
    for binding in fragment.bindings:
        merged.bindings.setdefault(binding.resource, []).append((owner, binding))
    merged.images.update(fragment.images)
    merged.zones.update(fragment.zones)


def _shared(merged: _Merge, section: str, name: str, body: Any, owner: Owner) -> bool:
    """Whether a parameter is there already, from the same plugin and with the same text: several services of one
    plugin can need the same machine image."""
    claims = merged.claims.get(name, [])
    return (
        section == "Parameters"
        and any(claim.plugin == owner.plugin for claim in claims)
        and merged.sections[section].get(name) == body
    )


def _conflicts(merged: _Merge, distributions: Mapping[str, str]) -> Iterator[Finding]:
    def who(owner: Owner) -> str:
        distribution = distributions.get(owner.plugin)
        return f'plugin "{owner.plugin}"' + (f" ({distribution})" if distribution else "") + f" for {owner.path}"

    for name, claims in sorted(merged.claims.items()):
        if len(claims) > 1:
            second = claims[1]
            yield Finding(
                "H401",
                Severity.ERROR,
                f"logical id {name} has two owners: {who(claims[0])} and {who(second)}",
                hint=_way_out(claims[0], second, distributions),
                plugin=second.plugin,
                path=second.path,
            )
    for resource, bound in sorted(merged.bindings.items()):
        if len(bound) > 1:
            (first, _), (second, _) = bound[:2]
            yield Finding(
                "H402",
                Severity.ERROR,
                f"resource {resource} is bound twice: by {who(first)} and {who(second)}",
                plugin=second.plugin,
                path=second.path,
            )


def _way_out(first: Owner, second: Owner, distributions: Mapping[str, str]) -> str:
    """What to do about two owners. A built-in plugin is never the one to leave out: the rest stands on it."""
    if first.plugin == second.plugin:
        return "Contribute a fragment of its own for each part, with ids from `hivemind.template.names.logical_id`."
    if second.plugin in distributions:
        return f"Rename the resource in {second.plugin}, or disable the plugin: `-p no:{second.plugin}`."
    return "Both come with HiveMind: this is a defect, please report it."


def _malformed(merged: _Merge) -> Iterator[Finding]:
    for name, claims in sorted(merged.claims.items()):
        owner = claims[0]
        if not LOGICAL_ID.fullmatch(name):
            yield Finding(
                "H403",
                Severity.ERROR,
                f"{name!r} is not a logical id: use letters and digits only, at most 255",
                hint="Use `hivemind.template.names.logical_id`.",
                plugin=owner.plugin,
                path=owner.path,
            )
    # Those that are mappings are looked at again once overrides have had their say.
    broken = {name: body for name, body in merged.sections["Resources"].items() if not isinstance(body, Mapping)}
    yield from _typeless(broken, {name: merged.claims[name][0] for name in broken})


def _typeless(resources: Mapping[str, Any], owners: Mapping[str, Owner]) -> Iterator[Finding]:
    for name, resource in sorted(resources.items()):
        if not isinstance(resource, Mapping) or not isinstance(resource.get("Type"), str):
            owner = owners[name]
            yield Finding("H404", Severity.ERROR, f"resource {name} has no Type", plugin=owner.plugin, path=owner.path)


def _unbound(template: Mapping[str, Any], merged: _Merge) -> Iterator[Finding]:
    """Outputs that services read their environment from and that are not there."""
    for resource, bound in sorted(merged.bindings.items()):
        for owner, binding in bound:
            needed = {*binding.outputs.values(), *(output for output, _ in binding.secrets.values())}
            for output in sorted(needed - set(template.get("Outputs") or {})):
                yield Finding(
                    "H405",
                    Severity.ERROR,
                    f"services find {resource} through the output {output}, which is not in the template",
                    plugin=owner.plugin,
                    path=owner.path,
                )


def _owners_after_overrides(template: Mapping[str, Any], owners: Mapping[str, Owner]) -> dict[str, Owner]:
    names = [name for section in ("Parameters", "Resources", "Outputs") for name in template.get(section) or {}]
    return {name: owners.get(name, Owner("hivemind", "overrides")) for name in names}


def _dangling(template: Mapping[str, Any], owners: Mapping[str, Owner]) -> Iterator[Finding]:
    resources = template.get("Resources") or {}
    known = {*resources, *(template.get("Parameters") or {})}
    for section in ("Resources", "Outputs"):
        for name, body in (template.get(section) or {}).items():
            for reference in dict.fromkeys(references(body)):
                if reference.target in (resources if reference.attribute else known):
                    continue
                import difflib

                near = difflib.get_close_matches(reference.target, sorted(known), n=1)
                owner = owners[name]
                yield Finding(
                    "H405",
                    Severity.ERROR,
                    f"{name} refers to {reference.target} ({reference.form}), which is not in the template",
                    hint=f"Did you mean {near[0]}?" if near else None,
                    plugin=owner.plugin,
                    path=owner.path,
                )
