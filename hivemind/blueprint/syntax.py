"""YAML syntax errors in words for people."""

from __future__ import annotations

from typing import Any

import yaml

from hivemind.blueprint.masking import masked
from hivemind.values.findings import Finding, Place, Severity

# What the parsers (libyaml and PyYAML's own differ) say -> what we say, and what to do. First match counts.
_WORDS: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        'a ":" is not expected here',
        "Quote a value that contains `:`, or check the indentation.",
    ),
    (
        "could not find expected ':'",
        'this is neither "key: value" nor "- item"',
        "Add the colon, or indent the line under its key.",
    ),
    ("while scanning a quoted scalar", "the quote that starts here has no end", "Close the quote."),
    (
        "unknown escape character",
        "unknown escape after the backslash",
        "Use single quotes: in double quotes, a backslash starts an escape.",
    ),
    (
        "escape",
        "incomplete escape after the backslash",
        "Use single quotes: in double quotes, a backslash starts an escape.",
    ),
    (
        "parsing a flow sequence",
        'the list that starts with "[" here has no end',
        "Check for a missing comma or `]`.",
    ),
    (
        "parsing a flow mapping",
        'the mapping that starts with "{" here has no end',
        "Check for a missing comma or `}`.",
    ),
    ("cannot start any token", "a value cannot start with this character", "Quote the value."),
    ("directive", "directives (%) are not allowed here", "Quote a value that starts with `%`."),
    ("undefined alias", "this alias has no anchor", "Define the anchor first: `&name`."),
    ("duplicate anchor", "this anchor is defined twice", "Give each anchor a name of its own."),
    ("duplicate tag", "more than one tag on a value", "Remove the tags."),
    ("undefined tag handle", "unknown kind of tag", "Remove the tag. Quote text that starts with `!`."),
    ("block sequence entries are not allowed", 'a "-" is not expected here', "Start the list on a line of its own."),
    ("block collection", "the indentation does not match the lines above", "Indent all keys of a mapping equally."),
    ("block mapping", "the indentation does not match the lines above", "Indent all keys of a mapping equally."),
    ("block scalar", "the indentation does not match this block of text", "Indent all its lines equally, with spaces."),
    ("anchor", "an anchor or alias needs a name", "Quote a value that starts with `&` or `*`."),
    ("alias", "an anchor or alias needs a name", "Quote a value that starts with `&` or `*`."),
)
_AT_CONTEXT = ("flow sequence", "flow mapping", "quoted scalar", "simple key")


def explain_syntax(error: yaml.YAMLError, file: str, lines: list[str]) -> Finding:
    """The finding for an error of the YAML parser (H008 for a tab in the indentation, else H009)."""
    context: str = getattr(error, "context", None) or ""
    problem: str = getattr(error, "problem", None) or str(getattr(error, "reason", "")) or ""
    mark: Any = getattr(error, "problem_mark", None)
    if getattr(error, "context_mark", None) is not None and any(part in context for part in _AT_CONTEXT):
        mark = error.context_mark  # type: ignore[attr-defined]
    last = max(_line(mark, lines), _line(getattr(error, "problem_mark", None), lines))
    for number, line in enumerate(lines[: last + 1], start=1):
        indentation = line[: len(line) - len(line.lstrip(" \t"))]
        if "\t" in indentation and number >= last:
            place = Place(file, number, indentation.index("\t") + 1, masked(line))
            return Finding("H008", Severity.ERROR, "the indentation contains a tab", place, "Indent with spaces.")
    line_index = min(_line(mark, lines), len(lines)) - 1
    column = (mark.column if mark is not None else 0) + 1
    place = Place(file, line_index + 1, column, masked(lines[line_index]))
    said = f"{context} {problem}"
    for part, message, hint in _WORDS:
        if part in said:
            return Finding("H009", Severity.ERROR, message, place, hint)
    return Finding("H009", Severity.ERROR, "not valid YAML from here on", place, "Check this line and the one above.")


def _line(mark: Any, lines: list[str]) -> int:
    return min(mark.line + 1, len(lines)) if mark is not None else 1
