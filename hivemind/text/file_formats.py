"""Formats of files that strangers wrote, read within bounds: any content gives a value, never an exception."""

from __future__ import annotations

import json
import re
from typing import Any

_PIECES = re.compile(r'"(?:[^"\\\n]|\\.)*"|//|/\*')
_TRAILING = re.compile(r'("(?:[^"\\\n]|\\.)*")|,(?=\s{0,200}[}\]])')
_LARGEST = 200_000
_LONGEST_LINE = 20_000
_MOST_NODES = 20_000
_DEEPEST = 60


def json_object(text: str | None) -> dict[str, Any]:
    """The object in a JSON text, JSON with comments included; empty for anything else."""
    if not text:
        return {}
    content = _parsed(text)
    if content is None and len(text) <= _LARGEST:
        content = _parsed(_TRAILING.sub(r"\1", _without_comments(text)))
    return content if isinstance(content, dict) else {}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _without_comments(text: str) -> str:
    """JSON without its comments, in one pass."""
    kept: list[str] = []
    place = 0
    while match := _PIECES.search(text, place):
        if match[0][0] == '"':
            kept.append(text[place : match.end()])
            place = match.end()
            continue
        kept.append(text[place : match.start()])
        end = text.find("\n" if match[0] == "//" else "*/", match.end())
        if end < 0:
            return "".join(kept)
        place = end if match[0] == "//" else end + 2
    return "".join([*kept, text[place:]])


def toml_table(text: str | None) -> dict[str, Any]:
    """The table in a TOML text; empty for anything else, and for lines that no person writes."""
    import tomllib

    if not text or len(max(text.splitlines(), key=len, default="")) > _LONGEST_LINE:
        return {}
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def table(content: Any, *keys: str) -> dict[str, Any]:
    """The table at a path of keys; empty where something else is on the way."""
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content if isinstance(content, dict) else {}


def yaml_mapping(text: str | None) -> dict[str, Any]:
    """The mapping in the first document of a YAML text; empty for anything else, and for what is too large.

    Built from PyYAML's events, so that aliases are resolved to at most `_MOST_NODES` nodes and tags mean nothing.
    """
    if not text or len(text) > _LARGEST:
        return {}
    import yaml

    try:
        content = _Building(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))).document()
    except (yaml.YAMLError, ValueError, RecursionError, StopIteration, TypeError):
        return {}
    return content if isinstance(content, dict) else {}


class _Building:
    """Values out of YAML events."""

    def __init__(self, events: Any) -> None:
        import yaml

        self.events = iter(events)
        self.kinds = yaml.events
        self.anchors: dict[str, Any] = {}
        self.nodes = 0

    def document(self) -> Any:
        for event in self.events:
            if isinstance(event, self.kinds.NodeEvent):
                return self._value(event, 0)
        return None

    def _value(self, event: Any, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > _MOST_NODES or depth > _DEEPEST:
            raise ValueError("too large")
        kinds = self.kinds
        if isinstance(event, kinds.AliasEvent):
            return self._shared(event.anchor)
        value: Any
        if isinstance(event, kinds.ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, kinds.SequenceStartEvent):
            value = []
            while not isinstance(following := next(self.events), kinds.SequenceEndEvent):
                value.append(self._value(following, depth + 1))
        else:
            value = self._mapping(depth)
        if event.anchor:
            self.anchors[event.anchor] = value
        return value

    def _mapping(self, depth: int) -> dict[str, Any]:
        value: dict[str, Any] = {}
        merged: list[Any] = []
        while not isinstance(following := next(self.events), self.kinds.MappingEndEvent):
            key = self._value(following, depth + 1)
            content = self._value(next(self.events), depth + 1)
            if key == "<<":
                merged += content if isinstance(content, list) else [content]
            elif not isinstance(key, dict | list):
                value[str(key)] = content
        for each in merged:
            if isinstance(each, dict):
                value = {**each, **value}
        return value

    def _shared(self, anchor: str) -> Any:
        """The value of an anchor, the very object: a bomb of aliases stays as small as its text. Its nodes are not
        counted again, so readers must not walk a whole tree: they look up keys."""
        return self.anchors.get(anchor)

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.style or event.tag:
            return text
        if text in {"true", "True", "yes", "on"}:
            return True
        if text in {"false", "False", "no", "off"}:
            return False
        if text in {"", "~", "null"}:
            return None
        return int(text) if re.fullmatch(r"-?[1-9]\d{0,11}|0", text) else text
