"""YAML text to plain data and the position of every node.

Only what a configuration file needs: one document, mappings with text keys, lists, and scalars as YAML 1.2
reads them (`on`, `no` and `12:30` are text). Everything else is a finding, so that nobody is surprised by a
value that means something else than it looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from hivemind.blueprint.masking import masked
from hivemind.blueprint.syntax import explain_syntax
from hivemind.text.suggest import did_you_mean
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding, Place, Severity

Path = tuple[str | int, ...]

MAX_DEPTH = 40
MAX_NODES = 20_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BREAKS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_MAX_DIGITS = 300


@dataclass(frozen=True, slots=True)
class Span:
    """Where a node stands. key: (line, column, length) of its key or None in a list; line, column,
    length: of the value, 1-based; text: a scalar as written, without quotes."""

    key: tuple[int, int, int] | None
    line: int
    column: int
    length: int
    text: str | None = None


@dataclass(slots=True, eq=False)
class _Node:
    line: int
    column: int
    length: int
    text: str | None = None
    plain: bool = False
    items: list[_Node] | None = None
    pairs: list[tuple[_Node, _Node]] | None = None
    open: bool = False


class _TooMuchError(Exception):
    """Carries the finding that ends reading at once."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def lines_of(text: str) -> list[str]:
    """The text's lines as YAML counts them."""
    return _BREAKS.split(text)


def parse(text: str, file: str) -> tuple[Any, dict[Path, Span]]:
    """Data and spans of a YAML text; `file` is its name in findings. Raises FindingsError with all that is wrong."""
    return _Reader(text, file).read()


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.lines = lines_of(text)
        self.findings: list[Finding] = []
        self.anchors: dict[str, _Node] = {}
        self.spans: dict[Path, Span] = {}
        self.count = 0

    def read(self) -> tuple[Any, dict[Path, Span]]:
        data: Any = None
        try:
            root = self._document(iter(yaml.parse(self.text, Loader=_LOADER)))
            if root is not None:
                data = self._build(root, (), None)
        except yaml.YAMLError as error:
            self.findings.append(explain_syntax(error, self.file, self.lines))
        except _TooMuchError as stop:
            self.findings.append(stop.finding)
        if self.findings:
            raise FindingsError(self.findings)
        return data, self.spans

    # events to nodes

    def _document(self, events: Iterator[Any]) -> _Node | None:
        root: _Node | None = None
        seen = False
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if seen:
                    raise _TooMuchError(
                        self._finding(
                            "H014", "a second document starts here", event, 3, hint="Keep one document per file."
                        )
                    )
                seen = True
            elif not isinstance(event, yaml.StreamStartEvent | yaml.StreamEndEvent | yaml.DocumentEndEvent):
                root = self._node(event, events, 0)
        return root

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> _Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if depth > MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels"
            raise _TooMuchError(self._finding("H012", message, event, 1, hint="A blueprint needs six levels at most."))
        node = _Node(event.start_mark.line + 1, event.start_mark.column + 1, self._length(event))
        self._tag(event, node)
        if event.anchor:
            self.anchors[event.anchor] = node
        node.open = True
        if isinstance(event, yaml.ScalarEvent):
            node.text = event.value
            node.plain = event.style in {None, ""} and event.tag is None
        elif isinstance(event, yaml.SequenceStartEvent):
            node.items = []
            while not isinstance(child := next(events), yaml.SequenceEndEvent):
                node.items.append(self._node(child, events, depth + 1))
        else:
            node.pairs = []
            while not isinstance(child := next(events), yaml.MappingEndEvent):
                key = self._node(child, events, depth + 1)
                node.pairs.append((key, self._node(next(events), events, depth + 1)))
        node.open = False
        return node

    def _alias(self, event: Any) -> _Node:
        node = self.anchors.get(event.anchor)
        if node is None:
            hint = did_you_mean(event.anchor, self.anchors) or "Define the anchor first: `&name`."
            self.findings.append(self._finding("H015", f'no anchor "&{event.anchor}" above', event, hint=hint))
        elif node.open:
            self.findings.append(
                self._finding("H015", f'"*{event.anchor}" is inside the value that it refers to', event)
            )
        else:
            return node
        return _Node(event.start_mark.line + 1, event.start_mark.column + 1, 1, text="", plain=True)

    def _tag(self, event: Any, node: _Node) -> None:
        if event.tag in {None, "!"}:
            return
        if event.tag == "tag:yaml.org,2002:str" and isinstance(event, yaml.ScalarEvent):
            return
        shown = event.tag.replace("tag:yaml.org,2002:", "!!")
        self.findings.append(
            self._finding(
                "H016",
                f'tag "{shown}" has no meaning here',
                node,
                hint="Remove the tag. Quote text that starts with `!`.",
            )
        )

    def _length(self, event: Any) -> int:
        start, end = event.start_mark, event.end_mark
        if not isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            return 1
        last: int = end.column if start.line == end.line else len(self.lines[start.line].rstrip())
        return max(1, last - int(start.column))

    # nodes to data

    def _build(self, node: _Node, path: Path, key: _Node | None) -> Any:
        self.count += 1
        if self.count > MAX_NODES or len(path) > MAX_DEPTH:
            message = f"expands to more than {MAX_NODES} values"
            hint = "Write the content out: anchors of anchors multiply."
            raise _TooMuchError(self._finding("H013", message, key or node, hint=hint))
        where = (key.line, key.column, key.length) if key else None
        self.spans[path] = Span(where, node.line, node.column, node.length, node.text)
        if node.pairs is not None:
            return self._mapping(node, path)
        if node.items is not None:
            return [self._build(item, (*path, index), None) for index, item in enumerate(node.items)]
        return self._scalar(node)

    def _mapping(self, node: _Node, path: Path) -> dict[str, Any]:
        own, merged = self._keys(node)
        found: dict[str, tuple[_Node, _Node]] = {**merged, **own}
        return {name: self._build(value, (*path, name), key) for name, (key, value) in found.items()}

    def _keys(self, node: _Node, depth: int = 0) -> tuple[dict[str, tuple[_Node, _Node]], dict[str, Any]]:
        """A mapping's own keys, and those that `<<` brings in: earlier sources win over later ones."""
        own: dict[str, tuple[_Node, _Node]] = {}
        merged: dict[str, Any] = {}
        for key, value in node.pairs or ():
            if key.text is None or (key.plain and not key.text):
                message = "a key must be text" if key.text is None else "the key is missing before the colon"
                self.findings.append(self._finding("H011", message, key, hint="Write `name: value`."))
            elif key.plain and key.text == "<<":
                for source in self._merge_sources(value, depth):
                    merged = {**source, **merged}
            elif key.text in own:
                first = own[key.text][0]
                message = f'"{key.text}" occurs twice, first at line {first.line}:{first.column}'
                self.findings.append(self._finding("H010", message, key, hint="Remove one of the two."))
            else:
                own[key.text] = (key, value)
        return own, merged

    def _merge_sources(self, value: _Node, depth: int) -> Iterator[dict[str, Any]]:
        self.count += 1
        for source in value.items if value.items is not None else [value]:
            if source.pairs is None or depth > MAX_DEPTH or self.count > MAX_NODES:
                message = '"<<" accepts a mapping or a list of mappings'
                self.findings.append(self._finding("H018", message, source, hint="Write `<<: *anchor`."))
                continue
            own, merged = self._keys(source, depth + 1)
            self.count += len(own)
            yield {**merged, **own}

    def _scalar(self, node: _Node) -> Any:
        text = node.text or ""
        if not node.plain:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _LEADING_ZERO.fullmatch(text):
            hint = f'Write `"{text}"` for text, or `{text.lstrip("+-0_") or 0}` for the number.'
            message = f"{text} starts with a zero: some programs read it as octal"
            self.findings.append(self._finding("H017", message, node, hint=hint))
            return text
        return _number(text)

    def _finding(
        self, finding_id: str, message: str, at: Any, length: int | None = None, *, hint: str | None = None
    ) -> Finding:
        if isinstance(at, _Node):
            line, column, measured = at.line, at.column, at.length
        else:
            line, column, measured = at.start_mark.line + 1, at.start_mark.column + 1, self._length(at)
        excerpt = masked(self.lines[line - 1]) if line <= len(self.lines) else ""
        place = Place(self.file, line, column, excerpt, measured if length is None else length)
        return Finding(finding_id, Severity.ERROR, message, place, hint)


def _number(text: str) -> int | float | str:
    """A number of YAML 1.2, else the text as it is (infinities and numbers of absurd length too)."""
    if len(text) > _MAX_DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) and not text.endswith("."):
        number = float(text)
        return number if abs(number) < float("inf") else text
    return text
