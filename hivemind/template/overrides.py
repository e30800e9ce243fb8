"""Overrides: JSON Patch (RFC 6902) on the final template, the blueprint's way around every default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hivemind.values.findings import Finding, Severity

SECTIONS = ("Parameters", "Resources", "Outputs")
MAKING = ("add", "copy", "move")


def apply_overrides(
    template: dict[str, Any], operations: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """The template with every operation applied that could be, and a finding for each that could not."""
    if not operations:
        return template, ()
    import jsonpatch
    import jsonpointer

    findings: list[Finding] = []
    for number, operation in enumerate(operations):
        path = f"overrides.{number}"
        try:
            patched = jsonpatch.JsonPatch([dict(operation)]).apply(template)
        except jsonpatch.JsonPatchTestFailed:
            findings.append(_failed_test(template, operation, path))
        except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError) as error:
            findings.append(_no_such_place(template, operation, path, error))
        else:
            broken = _broken(patched)
            if broken:
                findings.append(
                    Finding("H422", Severity.ERROR, f"the override breaks the template: {broken}", path=path)
                )
            else:
                template = patched
    return template, tuple(findings)


def _broken(template: Any) -> str | None:
    """What keeps something from being a template at all, None for one."""
    if not isinstance(template, dict):
        return "it replaces the whole template"
    if "Resources" not in template:
        return "no Resources are left"
    wrong = [section for section in SECTIONS if not isinstance(template.get(section, {}), dict)]
    return f"{wrong[0]} is not a mapping" if wrong else None


def _failed_test(template: Mapping[str, Any], operation: Mapping[str, Any], path: str) -> Finding:
    pointer = str(operation.get("path", ""))
    found, rest, _ = _walk(template, pointer)
    state = f"it is {found!r}" if not rest else "it does not exist"
    return Finding(
        "H421",
        Severity.ERROR,
        f"the override's test failed: {pointer} is not {operation.get('value')!r}; {state}",
        hint="`hivemind template` prints the template. Change the test, or remove the override.",
        path=f"{path}.value",
    )


def _no_such_place(template: Mapping[str, Any], operation: Mapping[str, Any], path: str, error: Exception) -> Finding:
    for field in ("path", "from"):
        pointer = operation.get(field)
        if not isinstance(pointer, str):
            continue
        container, rest, walked = _walk(template, pointer)
        # A member to be made need not be there yet; what it is to stand in must.
        made = field == "path" and operation.get("op") in MAKING
        if rest and not (made and len(rest) == 1):
            names = [str(key) for key in container] if isinstance(container, Mapping) else []
            import difflib

            near = difflib.get_close_matches(rest[0], names, n=1, cutoff=0.5)
            hint = f"Did you mean {walked}/{_escaped(near[0])}?" if near else _listing(walked, names)
            message = f"the override's {field} {pointer} leads nowhere: {walked or 'the template'} has no {rest[0]!r}"
            return Finding("H420", Severity.ERROR, message, hint=hint, path=f"{path}.{field}")
    return Finding("H420", Severity.ERROR, f"cannot apply the override: {error}", path=path)


def _listing(walked: str, names: Sequence[str]) -> str:
    if not names:
        return "`hivemind template` prints the template."
    shown = ", ".join(sorted(names)[:8]) + (", ..." if len(names) > 8 else "")
    return f"{walked or 'The template'} has: {shown}."


def _walk(template: Any, pointer: str) -> tuple[Any, list[str], str]:
    """As far as the pointer leads: the value there, the parts that lead nowhere, and the pointer walked."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    node, walked = template, ""
    for index, part in enumerate(parts):
        try:
            node = node[int(part)] if isinstance(node, list) else node[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return node, parts[index:], walked
        walked += "/" + _escaped(part)
    return node, [], walked


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def written(operations: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """JSON pointer -> blueprint path of the last override that writes or removes there, the last one last."""
    found: dict[str, str] = {}
    for number, operation in enumerate(operations):
        for pointer in _touched(operation):
            found.pop(pointer, None)
            found[pointer] = f"overrides.{number}"
    return found


def _touched(operation: Mapping[str, Any]) -> tuple[str, ...]:
    if operation.get("op") == "test":
        return ()
    # What is moved is gone from where it was.
    fields = ("from", "path") if operation.get("op") == "move" else ("path",)
    return tuple(str(operation[field]) for field in fields if operation.get(field))
