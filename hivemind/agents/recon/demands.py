"""Variables that code asks for, and stops without: in one call, or by what it does where one is empty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAME = r"([A-Z][A-Z0-9_]{2,60})"
_LONGEST = 200
_NEAR = 3
"""Lines between reading a variable and asking whether it is there, and from there to giving up."""
GIVEN = frozenset({"PORT", "HOST", "HOME", "PATH", "USER", "NODE_ENV", "CI", "TZ", "HOSTNAME", "OUT_DIR", "PWD"})


@dataclass(frozen=True)
class Style:
    """How a language does it. at_once: calls that stop by themselves. assigned: a name of the code's own and its
    variable. empty: asks whether a name is empty, with {0} for it. asked: asks it of the variable. gives_up: stops."""

    at_once: re.Pattern[str]
    assigned: re.Pattern[str]
    empty: str
    asked: re.Pattern[str]
    gives_up: re.Pattern[str]
    starting: re.Pattern[str]


GO = Style(
    re.compile(
        rf"(?i:\b(?:must|require)\w*(?:env|get|map)\w*|\bget\w*env\w*(?:orpanic|orfatal|required))\([^()\"]*\"{_NAME}\"|"
        rf"\benv(?:config)?:\"{_NAME}(?:,\w+)*,(?:required|notEmpty)\b|"
        rf"\benv(?:config)?:\"{_NAME}\"[^`]*\brequired:\"true\"|\brequired:\"true\"[^`]*\benv(?:config)?:\"{_NAME}\""
    ),
    re.compile(rf"\b(\w+)(?:,\s*(?:_|ok))?\s*:?=\s*os\.(?:Getenv|LookupEnv)\(\"{_NAME}\"\)"),
    r"\bif\b.*(?:\b{0}\s*==\s*\"\"|len\({0}\)\s*==\s*0|!ok\b)",
    re.compile(rf"\bif\b.*\bos\.Getenv\(\"{_NAME}\"\)\s*==\s*\"\""),
    re.compile(
        r"\blog\.(?:Fatal|Panic)|\bpanic\(|\bos\.Exit\(|\bFatalf?\(|\breturn\b.*(?:errors\.New|fmt\.Errorf|\bErr[A-Z])"
    ),
    re.compile(r"\t\S"),
)
"""Calls, and the tags of caarlos0/env, kelseyhightower/envconfig and cleanenv."""
NODE = Style(
    re.compile(
        rf"(?i:\b(?:require|must|assert|ensure)\w*env\w*|\b\w*env\w*(?:orthrow|orfail))\(\s*[\"']{_NAME}[\"']|"
        rf"\bgetOrThrow(?:<[^>]{{0,60}}>)?\(\s*[\"']{_NAME}[\"']|"
        rf"\b(?:invariant|assert(?:\.ok)?)\(\s*process\.env\.{_NAME}\b"
    ),
    re.compile(
        rf"\b(?:const|let|var)\s+(\w+)(?:\s*:[^=]{{1,60}})?\s*=\s*process\.env(?:\.|\[[\"']){_NAME}(?:[\"']\])?\s*;?\s*$"
    ),
    r"\bif\s*\(\s*(?:!\s*{0}\b|{0}\s*===?\s*(?:undefined|null|[\"']{{2}})|typeof {0}\b)",
    re.compile(rf"\bif\s*\(\s*!\s*process\.env(?:\.|\[[\"']){_NAME}"),
    re.compile(r"\bthrow\b|\bprocess\.exit\("),
    re.compile(r"\S"),
)


def demanded(text: str, style: Style) -> Iterator[tuple[str, int]]:
    """Each variable with the line that reads it, comments that fill a line and long lines passed over."""
    lines = ["" if len(line) > _LONGEST else line for line in text.splitlines()]
    for number, line in enumerate(lines):
        if not line or line.lstrip().startswith(("//", "*", "#")):
            continue
        if match := style.at_once.search(line):
            yield next(group for group in match.groups() if group), number + 1
        if not style.starting.match(line):
            continue
        if (match := style.asked.search(line)) and _gives_up(lines, number, style):
            yield match[1], number + 1
        if match := style.assigned.search(line):
            empty = re.compile(style.empty.format(re.escape(match[1])))
            after = range(number, min(number + _NEAR + 1, len(lines)))
            if any(empty.search(lines[each]) and _gives_up(lines, each, style) for each in after):
                yield match[2], number + 1


def _gives_up(lines: list[str], number: int, style: Style) -> bool:
    """Whether the block that a question opens is left by giving up."""
    for offset, line in enumerate(lines[number : number + _NEAR + 1]):
        if style.gives_up.search(line):
            return True
        if offset and re.match(r"\s*\}", line):
            return False
    return False
