"""What differs between a template as it stands and one as it is to be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from hivemind.plan.model import Action
from hivemind.template.references import PLACEHOLDER, references
from hivemind.template.resource_types import resource_type
from hivemind.template.tags import FIRST_REVISION, REVISION
from hivemind.template.update_behaviour import is_replaced_by, is_settled

EMPTY: Mapping[str, Any] = MappingProxyType({})
_ATTRIBUTES = ("CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy")
"""Parts of a resource beside its properties whose change CloudFormation takes for an update. DependsOn is none:
it only orders."""
_MISSING = object()


@dataclass(frozen=True)
class Difference:
    """One resource's difference. paths: changed properties as dotted paths (`*` for items of a list), attributes
    of the resource by name. replacing: those that replace it. because: logical ids of replaced resources that
    it refers to."""

    logical_id: str
    action: Action
    paths: tuple[str, ...] = ()
    replacing: tuple[str, ...] = ()
    because: tuple[str, ...] = ()


@dataclass(frozen=True)
class Side:
    """A template with the parameter values that it is, or would be, used with."""

    template: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    parameters: Mapping[str, str] = field(default_factory=lambda: EMPTY)

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        found: Mapping[str, Mapping[str, Any]] = self.template.get("Resources", EMPTY)
        return found

    def values(self) -> Mapping[str, str]:
        """What each parameter stands for. Those of revisions are all the same, on both sides: a new revision alone
        changes nothing, nor does the tag that named the present one in stacks of earlier versions."""
        declared = self.template.get("Parameters", EMPTY)
        known = {name: str(part["Default"]) for name, part in declared.items() if "Default" in part}
        known.update((name, value) for name, value in self.parameters.items() if name in declared)
        known.update((name, REVISION) for name in (REVISION, FIRST_REVISION) if name in declared)
        return known


def differences(before: Side, after: Side) -> tuple[Difference, ...]:
    """Every difference, by logical id. The order of mappings and of tags means nothing."""
    old, new = before.resources, after.resources
    old_values, new_values = before.values(), after.values()
    found: dict[str, Difference] = {}
    for name in sorted({*old, *new}):
        if name not in new:
            found[name] = Difference(name, Action.DELETE)
        elif name not in old:
            found[name] = Difference(name, Action.CREATE)
        else:
            paths = tuple(sorted(_changed(old[name], old_values, new[name], new_values)))
            if paths:
                found[name] = _difference(
                    name, new[name], paths, same_type=old[name].get("Type") == new[name].get("Type")
                )
    _propagate(found, old, new)
    return tuple(found[name] for name in sorted(found))


def _difference(name: str, resource: Mapping[str, Any], paths: tuple[str, ...], *, same_type: bool) -> Difference:
    replacing = tuple(path for path in paths if _replaces(resource, path)) if same_type else ("Type",)
    return Difference(name, Action.REPLACE if replacing else Action.UPDATE, paths, replacing)


def _replaces(resource: Mapping[str, Any], path: str) -> bool:
    """Whether a change at this path makes a new resource. A path that ends above a create-only property (an
    intrinsic function stands for the whole object) counts: better announced than not."""
    facts = resource_type(str(resource.get("Type")))
    if facts is None or path in _ATTRIBUTES:
        return False
    return any(_covers(path, only) for only in facts.create_only) or is_replaced_by(facts.name, path)


def conditional(kind: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Those of the changed paths that replace a resource of type `kind` under conditions only the service knows."""
    facts = resource_type(kind)
    if facts is None:
        return ()
    open_ones = [only for only in facts.conditional if not is_settled(kind, only)]
    return tuple(sorted(path for path in paths if any(_covers(path, only) for only in open_ones)))


def _covers(path: str, only: str) -> bool:
    return path == only or path.startswith(f"{only}.") or only.startswith(f"{path}.")


def _changed(
    old: Mapping[str, Any], old_values: Mapping[str, str], new: Mapping[str, Any], new_values: Mapping[str, str]
) -> set[str]:
    before = evaluated(old.get("Properties") or {}, old_values)
    after = evaluated(new.get("Properties") or {}, new_values)
    paths = set(_paths(before, after, ""))
    paths.update(name for name in _ATTRIBUTES if old.get(name) != new.get(name))
    if old.get("Type") != new.get("Type"):
        paths.add("Type")
    return paths


def _paths(before: Any, after: Any, path: str) -> Iterator[str]:
    if before == after:
        return
    if path in {"Tags", "HostedZoneTags"} and _by_key(before) == _by_key(after) is not None:
        return
    if _is_object(before) and _is_object(after):
        for key in {*before, *after}:
            yield from _paths(
                before.get(key, _MISSING), after.get(key, _MISSING), f"{path}.{key}" if path else str(key)
            )
    elif _is_object(before) and after is _MISSING and before:
        yield from _paths(before, {}, path)
    elif _is_object(after) and before is _MISSING and after:
        yield from _paths({}, after, path)
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        for index in range(max(len(before), len(after))):
            one = before[index] if index < len(before) else _MISSING
            other = after[index] if index < len(after) else _MISSING
            yield from _paths(one, other, f"{path}.*")
    else:
        yield path


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping) and not _is_intrinsic(value)


def _is_intrinsic(value: Mapping[str, Any]) -> bool:
    if len(value) != 1:
        return False
    key = next(iter(value))
    return key == "Ref" or str(key).startswith("Fn::")


def _by_key(tags: Any) -> dict[str, Any] | None:
    if not isinstance(tags, list | tuple) or not all(isinstance(tag, Mapping) and "Key" in tag for tag in tags):
        return None
    return {str(tag["Key"]): tag for tag in tags}


def evaluated(node: Any, values: Mapping[str, str]) -> Any:
    """A part of a template with its parameters' values in their places; other intrinsic functions stay."""
    if isinstance(node, Mapping):
        if len(node) == 1 and isinstance(node.get("Ref"), str) and node["Ref"] in values:
            return values[node["Ref"]]
        if len(node) == 1 and "Fn::Sub" in node:
            return {"Fn::Sub": _substituted(node["Fn::Sub"], values)}
        return {key: evaluated(item, values) for key, item in node.items()}
    if isinstance(node, list | tuple):
        return [evaluated(item, values) for item in node]
    return node


def _substituted(body: Any, values: Mapping[str, str]) -> Any:
    if isinstance(body, str):
        return PLACEHOLDER.sub(lambda match: values.get(match[1].strip(), match[0]), body)
    if isinstance(body, list | tuple) and len(body) == 2 and isinstance(body[1], Mapping):
        visible = {name: value for name, value in values.items() if name not in body[1]}
        return [_substituted(body[0], visible), evaluated(body[1], values)]
    return body


def _propagate(found: dict[str, Difference], old: Mapping[str, Any], new: Mapping[str, Mapping[str, Any]]) -> None:
    """A replaced resource has a new physical id: what refers to it is updated, or replaced in its turn."""
    referring = {name: list(_reference_paths(part.get("Properties") or {}, "")) for name, part in new.items()}
    waiting = [name for name, item in found.items() if item.action is Action.REPLACE]
    done: set[str] = set()
    while waiting:
        replaced = waiting.pop()
        if replaced in done:
            continue
        done.add(replaced)
        for name, places in referring.items():
            paths = {path for path, target in places if target == replaced}
            if not paths or name == replaced or name not in old:
                continue
            known = found.get(name) or Difference(name, Action.UPDATE)
            found[name] = _also(known, new[name], paths, replaced)
            if found[name].action is Action.REPLACE:
                waiting.append(name)


def _also(known: Difference, resource: Mapping[str, Any], paths: set[str], replaced: str) -> Difference:
    replacing = {*known.replacing, *(path for path in paths if _replaces(resource, path))}
    return Difference(
        known.logical_id,
        Action.REPLACE if replacing else known.action,
        tuple(sorted({*known.paths, *paths})),
        tuple(sorted(replacing)),
        tuple(sorted({*known.because, replaced})),
    )


def _reference_paths(node: Any, path: str) -> Iterator[tuple[str, str]]:
    """(dotted path, logical id) of every reference within properties."""
    if isinstance(node, Mapping) and _is_intrinsic(node):
        for reference in references(node):
            yield path, reference.target
    elif isinstance(node, Mapping):
        for key, item in node.items():
            yield from _reference_paths(item, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list | tuple):
        for item in node:
            yield from _reference_paths(item, f"{path}.*")
