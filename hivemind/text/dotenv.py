"""Files of variables as `.env` files are written: `NAME=value`, quotes, comments.

Strict: what could be meant in two ways is an error with its line and column, and no error shows a value.

There is no standard. What node's dotenv, python-dotenv and `docker --env-file` agree on is taken; `$NAME` in a value is
plain text, because values of secrets hold dollars.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BEGIN = re.compile(r"[ \t]*(?:export[ \t]+)?")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a file. line, column: 1-based."""

    line: int
    column: int
    message: str


@dataclass(frozen=True)
class Variables:
    """values: by name, in order. lines: name -> line that it is on. wrong: errors; with any, values are not to be
    used."""

    values: Mapping[str, str]
    lines: Mapping[str, int]
    wrong: tuple[Wrong, ...]

    def __repr__(self) -> str:
        return f"<{len(self.values)} variables>"


def read(text: str) -> Variables:
    """The variables of a file."""
    return _Reader(text.removeprefix("\ufeff").replace("\r\n", "\n")).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._values: dict[str, str] = {}
        self._lines: dict[str, int] = {}
        self._wrong: list[Wrong] = []

    def read(self) -> Variables:
        while self._at < len(self._text):
            self._one()
        return Variables(self._values, self._lines, tuple(self._wrong))

    def _one(self) -> None:
        begin = _BEGIN.match(self._text, self._at)
        at = begin.end() if begin else self._at
        if at >= len(self._text) or self._text[at] in "\n#":
            self._next_line(at)
            return
        name = _NAME.match(self._text, at)
        if name is None:
            self._fail(at, "expected a name: letters, digits and _, not beginning with a digit")
            return
        after = name.end()
        while self._text[after : after + 1] in {" ", "\t"}:
            after += 1
        if self._text[after : after + 1] != "=":
            self._fail(after, f"expected = after {name[0]}")
            return
        value = self._value(name[0], after + 1)
        if value is None:
            return
        line = self._text.count("\n", 0, at) + 1
        if name[0] in self._values:
            self._wrong.append(Wrong(line, self._column(at), f"{name[0]} is on line {self._lines[name[0]]} already"))
        elif not value:
            self._wrong.append(Wrong(line, self._column(at), f"{name[0]} has no value"))
        self._values[name[0]] = value
        self._lines.setdefault(name[0], line)

    def _value(self, name: str, at: int) -> str | None:
        while self._text[at : at + 1] in {" ", "\t"}:
            at += 1
        quote = self._text[at : at + 1]
        if quote not in {'"', "'"}:
            end = self._end_of_line(at)
            line = self._text[at:end]
            comment = re.search(r"(?:^|[ \t])#", line)
            self._next_line(at)
            return (line[: comment.start()] if comment else line).strip(" \t")
        return self._quoted(name, quote, at)

    def _quoted(self, name: str, quote: str, begin: int) -> str | None:
        found: list[str] = []
        at = begin + 1
        while at < len(self._text) and self._text[at] != quote:
            character = self._text[at]
            if quote == '"' and character == "\\":
                escaped = self._text[at + 1 : at + 2]
                found.append(_ESCAPES.get(escaped, "\\" + escaped))
                at += 2
                continue
            found.append(character)
            at += 1
        if at >= len(self._text):
            self._fail(begin, f"the quote of {name} is not closed")
            return None
        rest = self._text[at + 1 : self._end_of_line(at)].strip(" \t")
        if rest and not rest.startswith("#"):
            self._fail(at + 1, f"expected the end of the line after the value of {name}")
            return None
        self._next_line(at)
        return "".join(found)

    def _fail(self, at: int, message: str) -> None:
        self._wrong.append(Wrong(self._text.count("\n", 0, at) + 1, self._column(at), message))
        self._next_line(at)

    def _column(self, at: int) -> int:
        return at - self._text.rfind("\n", 0, at)

    def _end_of_line(self, at: int) -> int:
        end = self._text.find("\n", at)
        return len(self._text) if end < 0 else end

    def _next_line(self, at: int) -> None:
        self._at = self._end_of_line(at) + 1
