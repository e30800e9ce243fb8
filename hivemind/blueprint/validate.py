"""Source to Blueprint: schema, rules, and every environment, all findings at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from hivemind.blueprint import schema
from hivemind.blueprint.build import build
from hivemind.blueprint.forms import mapping_of
from hivemind.blueprint.model import Blueprint
from hivemind.blueprint.overlay import DEFAULT_ENVIRONMENT, View, environments_of, view_of
from hivemind.blueprint.rules import RULES
from hivemind.blueprint.schemaerrors import compiled, findings_of, overlay_findings
from hivemind.blueprint.schemafaults import blame
from hivemind.blueprint.source import Source
from hivemind.text.suggest import did_you_mean, listed
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding, Severity, in_order
from hivemind.values.schemaparts import SchemaPart


class Accepted(Protocol):
    """Remembers what the schema had nothing to say about."""

    def knows(self, content: str) -> bool: ...
    def keep(self, content: str) -> None: ...


def validate(
    source: Source,
    parts: Mapping[str, SchemaPart],
    *,
    environment: str | None = None,
    accepted: Accepted | None = None,
    distributions: Mapping[str, str] | None = None,
) -> tuple[Blueprint, tuple[Finding, ...]]:
    """The Blueprint of one environment, and the findings that don't stop it.

    parts: plugin name -> what it adds to the schema. environment: `production` unless said; it need not be
    declared. All declared environments are checked, not only this one. accepted: spares comparing the same data with
    the same schema again. distributions: third-party plugin -> distribution and version, or its file, for messages;
    None: all are third-party ones, and are named alone. Raises FindingsError with every finding at once.
    """
    chosen = environment or DEFAULT_ENVIRONMENT
    names = environments_of(source)
    findings = list(_unknown_environment(source, chosen, names))
    view = view_of(source, chosen)
    views = (view, *(view_of(source, name) for name in names if name != chosen))
    findings += _schema_findings(source, views, parts, accepted, distributions)
    for each in views:
        for rule in RULES:
            findings += rule(each)
    findings += _nothing_to_remove(source)
    ordered = in_order(_once(findings))
    if any(finding.is_error for finding in ordered):
        raise FindingsError(ordered)
    return build(view, parts), ordered


def _schema_findings(
    source: Source,
    views: Iterable[View],
    parts: Mapping[str, SchemaPart],
    accepted: Accepted | None,
    distributions: Mapping[str, str] | None,
) -> list[Finding]:
    distributions = dict.fromkeys(parts, "a plugin") if distributions is None else distributions
    others = {name: part for name, part in parts.items() if name in distributions}
    try:
        merged = schema.merged(parts, distributions)
    except (TypeError, ValueError, AttributeError):
        blame(others, distributions)
        raise
    compared = None if accepted is None else _compared(merged, [source.data, *(view.data for view in views)])
    if accepted is not None and compared is not None and accepted.knows(compared):
        return []
    blame(others, distributions)
    validator = compiled(merged)
    findings = [finding for view in views for finding in findings_of(validator, view)]
    findings += overlay_findings(validator, source)
    if accepted is not None and compared is not None and not findings:
        accepted.keep(compared)
    return findings


def _compared(merged: Mapping[str, Any], data: list[Any]) -> str | None:
    """Everything that the schema's answer depends on, as text; None where a plugin's schema is no JSON."""

    def plain(value: object) -> object:
        if isinstance(value, Mapping):
            return dict(value)
        raise TypeError

    try:
        return json.dumps([merged, data], default=plain)
    except (TypeError, ValueError):
        return None


def _once(findings: Iterable[Finding]) -> Iterable[Finding]:
    """Environments share most of the file: what one said of a place needs no repetition for the next."""
    first: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        first.setdefault((finding.id, finding.place, finding.message), finding)
    return first.values()


def _unknown_environment(source: Source, chosen: str, names: tuple[str, ...]) -> Iterator[Finding]:
    known = {*names, DEFAULT_ENVIRONMENT}
    if chosen not in known:
        hint = did_you_mean(chosen, known) or f"Environments: {listed(known)}."
        place = source.place(("environments",), key=True)
        yield Finding("H113", Severity.ERROR, f'unknown environment "{chosen}"', place, hint, path="environments")


def _nothing_to_remove(source: Source) -> Iterator[Finding]:
    """`null` in an environment removes; where there is nothing to remove it is likely a misspelt name."""
    for environment, overlay in mapping_of(source.data.get("environments")).items():
        view = View(source, environment, source.data)
        for group in ("services", "resources"):
            below = mapping_of(source.data.get(group))
            for name, said in mapping_of(mapping_of(overlay).get(group)).items():
                if said is None and name not in below:
                    path = ("environments", environment, group, name)
                    hint = did_you_mean(name, below) or f"Write an empty one as `{name}: {{}}`."
                    message = f'nothing to remove: "{name}" is not in {group}'
                    yield view.finding("H132", path, message, hint, severity=Severity.WARNING, key=True)
