"""Violations of the JSON Schema as findings in words for people."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hivemind.blueprint.formats import FORMATS
from hivemind.blueprint.masking import credential, in_clear
from hivemind.blueprint.overlay import DEFAULT_ENVIRONMENT, View, dotted
from hivemind.blueprint.source import Source
from hivemind.blueprint.yamltree import Path
from hivemind.text.suggest import did_you_mean, listed
from hivemind.values.findings import Finding

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}
_BOOLEAN_WORDS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_SHOWN = 60


def compiled(schema: Mapping[str, Any]) -> Draft202012Validator:
    """A validator that knows our formats and no others. Compile once, use for every environment."""
    from jsonschema import Draft202012Validator, FormatChecker

    checker = FormatChecker(formats=())
    for name, check in FORMATS.items():
        checker.checks(name)(_holds(check))
    return Draft202012Validator(schema, format_checker=checker)


def _holds(check: Callable[[str], object]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or check(value) is None


def findings_of(validator: Draft202012Validator, view: View) -> Iterator[Finding]:
    """What the schema has to say about the data of one environment."""
    for error in validator.iter_errors(view.data):
        yield from _explain(error, view)


def overlay_findings(validator: Draft202012Validator, source: Source) -> Iterator[Finding]:
    """What the schema has to say about `environments` as it stands in the file."""
    if "environments" not in source.data:
        return
    view = View(source, DEFAULT_ENVIRONMENT, {"environments": source.data["environments"]})
    for error in validator.iter_errors(view.data):
        if error.absolute_path:
            yield from _explain(error, view)


@dataclass(frozen=True)
class _Violation:
    """A leaf of a schema error. keyword: what was violated, with value `expected`, in `schema`, by `instance`."""

    keyword: str
    expected: Any
    instance: Any
    schema: Mapping[str, Any]


def _explain(error: ValidationError, view: View) -> Iterable[Finding]:
    path: Path = tuple(error.absolute_path)
    schema: Any = error.schema
    violation = _Violation(
        str(error.validator), error.validator_value, error.instance, schema if isinstance(schema, Mapping) else {}
    )
    keyword = violation.keyword
    if "propertyNames" in list(error.relative_schema_path)[-2:-1]:
        return _bad_name(violation, path, view)
    if keyword == "anyOf" and path[:1] == ("checks",) and len(path) == 2:
        return _unknown_check(violation, path, view)
    if keyword in {"anyOf", "oneOf"}:
        nearest = _nearest_branch(error)
        if nearest:
            return [finding for inner in nearest for finding in _explain(inner, view)]
    explain = _BY_KEYWORD.get(keyword, _other)
    return explain(violation, path, view)


def _nearest_branch(error: ValidationError) -> list[ValidationError]:
    """Of several allowed shapes, the one that the value seems to be meant as: that of its own type."""
    by_branch: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        by_branch.setdefault(inner.relative_schema_path[0], []).append(inner)
    fitting = [
        inners
        for inners in by_branch.values()
        if not any(inner.validator == "type" and not inner.relative_path for inner in inners)
    ]
    return min(fitting, key=len, default=[])


def _unknown_keys(violation: _Violation, path: Path, view: View) -> Iterator[Finding]:
    known = [*violation.schema.get("properties", {})]
    patterns = violation.schema.get("patternProperties", {})
    for key in violation.instance:
        if key in known or any(re.search(pattern, key) for pattern in patterns):
            continue
        odd = next((each for each in key if each.isspace() and each != " "), None)
        if odd is not None:
            hint = f"The key contains the space U+{ord(odd):04X}. YAML indents with plain spaces (U+0020) only."
            yield view.finding("H101", (*path, key), f'unknown key "{key}"{_inside(path, view)}', hint, key=True)
            continue
        hint = did_you_mean(key, known) or (f"Known keys: {listed(known, limit=30)}." if known else "Remove it.")
        yield view.finding("H101", (*path, key), f'unknown key "{key}"{_inside(path, view)}', hint, key=True)


def _missing(violation: _Violation, path: Path, view: View) -> Iterator[Finding]:
    for key in violation.expected:
        if key not in violation.instance:
            described = violation.schema.get("properties", {}).get(key, {})
            example = _example(described) or ("<name>" if key == "name" else "...")
            where = _inside(path, view)
            yield view.finding("H103", path, f'"{key}" is missing{where}', f"Add `{key}: {example}`.", key=True)


def _wrong_type(violation: _Violation, path: Path, view: View) -> Iterator[Finding]:
    allowed = violation.expected if isinstance(violation.expected, list) else [violation.expected]
    value, written = violation.instance, view.written(path)
    if isinstance(value, int | float) and "string" in allowed:
        shown = written if written is not None else json.dumps(value)
        kind = "true or false" if isinstance(value, bool) else "a number"
        message = f"YAML reads {shown} as {kind}{_inside(path, view)}; expected text"
        yield view.finding("H108", path, message, f'Quote it: `"{shown}"`.')
        return
    expected = " or ".join(_TYPES.get(str(name), str(name)) for name in allowed if name != "null")
    hint = f"For example: `{example}`." if (example := _example(violation.schema)) else None
    if isinstance(value, str) and "boolean" in allowed and value.lower() in _BOOLEAN_WORDS:
        hint = f"Write `{_BOOLEAN_WORDS[value.lower()]}`."
    elif isinstance(value, str) and {"integer", "number"} & {*allowed} and re.fullmatch(r"-?\d{1,9}", value):
        hint = f"Write `{value}` without quotes."
    elif value is None:
        hint = "Add a value, or remove the key." + (f" For example: `{example}`." if example else "")
    yield view.finding("H102", path, f"{_found(value)}{_inside(path, view)}; expected {expected}", hint)


def _not_allowed(violation: _Violation, path: Path, view: View) -> Iterator[Finding]:
    known = violation.expected if violation.keyword == "enum" else [violation.expected]
    names = [str(name) for name in known]
    shown = _shown(violation.instance)
    hint = did_you_mean(str(violation.instance), names) or (
        f"Allowed values: {listed(names, limit=30)}." if names else None
    )
    if path == ("hivemind",):
        message = f"this version of HiveMind does not know format {shown}; expected 1"
        yield view.finding("H100", path, message, "Write `hivemind: 1`, or update HiveMind.")
    elif path[:1] == ("resources",) and (len(path) == 2 or path[2:] == ("type",)):
        hint = hint or "Plugins add resource types: `hivemind plugins` lists the loaded plugins."
        yield view.finding("H110", path, f"unknown resource type {shown}", hint)
    else:
        yield view.finding("H105", path, f"{shown} is not allowed{_inside(path, view)}", hint)


def _out_of_range(violation: _Violation, path: Path, view: View) -> Iterator[Finding]:
    schema = violation.schema
    bound = violation.expected
    value = violation.instance
    if isinstance(value, int | float):
        low, high = schema.get("minimum"), schema.get("maximum")
        expected = (
            f"{low} to {high}" if low is not None and high is not None else f"{_BOUND[violation.keyword]} {bound}"
        )
        message = f"{_shown(value)} is out of range{_inside(path, view)}"
        yield view.finding("H106", path, message, f"Expected {expected}.")
        return
    unit = ("character", "characters") if isinstance(value, str) else ("entry", "entries")
    found = f"{len(value) or 'no'} {unit[len(value) != 1]}{_inside(path, view)}"
    message = f"{found}, which is too {'few' if violation.keyword.startswith('min') else 'many'}" if value else found
    many = "one" if bound == 1 else str(bound)
    yield view.finding("H106", path, message, f"Expected {_BOUND[violation.keyword]} {many} {unit[bound != 1]}.")


_BOUND = {
    "minimum": "at least", "minLength": "at least", "minItems": "at least", "minProperties": "at least",
    "maximum": "at most", "maxLength": "at most", "maxItems": "at most", "maxProperties": "at most",
    "exclusiveMinimum": "more than", "exclusiveMaximum": "less than",
}  # fmt: skip


def _bad_text(violation: _Violation, path: Path, view: View) -> Iterator[Finding]:
    expected = violation.schema.get("x-expected")
    example = _example(violation.schema)
    message = f"{_shown(violation.instance)} is not valid{_inside(path, view)}"
    hint = f"Expected {expected}." if expected else (f"For example: `{example}`." if example else None)
    yield view.finding("H109" if path == ("name",) else "H107", path, message, hint)


def _bad_format(violation: _Violation, path: Path, view: View) -> Iterator[Finding]:
    problem = FORMATS[violation.expected](violation.instance)
    if problem is not None:
        message = problem.message.replace("{owner}", owner(view.in_file(path)))
        yield view.finding(problem.id, path, message, problem.hint)


def _bad_name(violation: _Violation, path: Path, view: View) -> Iterator[Finding]:
    expected = violation.schema.get("x-expected")
    hint = f"Expected {expected}." if expected and violation.keyword == "pattern" else None
    if violation.keyword == "maxLength":
        hint = f"Expected at most {violation.expected} characters."
    message = f"{_shown(violation.instance)} is not a valid name{_inside(path, view)}"
    yield view.finding("H109", (*path, str(violation.instance)), message, hint, key=True)


def _unknown_check(violation: _Violation, path: Path, view: View) -> Iterator[Finding]:
    kinds = [branch["required"][0] for branch in violation.expected if branch]
    keys = list(violation.instance)
    near = next((hint for key in keys if (hint := did_you_mean(key, kinds))), None)
    shown = _shown(keys[0]) if keys else "nothing"
    where = (*path, keys[0]) if keys else path
    yield view.finding(
        "H111", where, f"unknown kind of check: {shown}", near or f"Known kinds: {listed(kinds)}.", key=True
    )


def _twice(violation: _Violation, path: Path, view: View) -> Iterator[Finding]:
    seen: list[Any] = []
    for index, item in enumerate(violation.instance):
        if item in seen:
            yield view.finding("H126", (*path, index), f"{_shown(item)} is listed twice", "Remove one of the two.")
        seen.append(item)


def _other(violation: _Violation, path: Path, view: View) -> Iterator[Finding]:
    example = _example(violation.schema)
    message = f"{_found(violation.instance)}{_inside(path, view)}; expected another form"
    yield view.finding("H130", path, message, f"For example: `{example}`." if example else None)


_BY_KEYWORD: Mapping[str, Callable[[_Violation, Path, View], Iterable[Finding]]] = {
    "additionalProperties": _unknown_keys,
    "unevaluatedProperties": _unknown_keys,
    "required": _missing,
    "type": _wrong_type,
    "enum": _not_allowed,
    "const": _not_allowed,
    "pattern": _bad_text,
    "format": _bad_format,
    "uniqueItems": _twice,
    **dict.fromkeys(_BOUND, _out_of_range),
}


def owner(path: Path) -> str:
    """The part of the blueprint that a path belongs to: `services.web`, `network`."""
    if path[:1] == ("environments",):
        path = path[2:] or path
    named = path[:1] in {("services",), ("resources",), ("plugins",)}
    return ".".join(str(part) for part in path[: 2 if named else 1])


def _inside(path: Path, view: View) -> str:
    return f" in {dotted(view.in_file(path))}" if path else ""


def _found(value: Any) -> str:
    if value is None:
        return "no value"
    if isinstance(value, dict):
        return "found a mapping"
    if isinstance(value, list):
        return "found a list"
    return f"found {_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, str) and (credential(value) or in_clear("", value)):
        return "(hidden text)"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _example(schema: Any) -> str | None:
    examples = schema.get("examples") if isinstance(schema, Mapping) else None
    if not examples:
        return None
    return examples[0] if isinstance(examples[0], str) else json.dumps(examples[0], ensure_ascii=False)
