"""Patterns of ignore files with several wildcards, as expressions that never try one thing twice.

`*a*a*a*b` as pathspec writes it takes the third power of a name's length. Here each piece between two wildcards is
found once, at its first place, and that place is kept: what follows could only have less room further on.
Source for the patterns: gitignore(5), "PATTERN FORMAT".
"""

from __future__ import annotations

import re

_CLASS = re.compile(r"\[([!^]?)(\]?(?:\\.|[^\\\]])*)\]")


def linear(line: str) -> str | None:
    """The expression for a line of an ignore file that has several wildcards of one kind; None for a line that
    pathspec's own expression does for. It is searched for in a path with `/`, a folder's with one at its end. Raises
    ValueError for a line that means nothing."""
    pattern = _without_blanks(line).removeprefix("!")
    segments = [segment for segment in pattern.split("/") if segment]
    runs = _runs(segments)
    stars = max((len(re.findall(r"\*+", segment)) for segment in segments), default=0)
    if stars < 2 and len(runs) < 3:
        return None
    pieces = ["/".join(_segment(each) for each in run) for run in runs]
    if "/" not in pattern.rstrip("/"):
        pieces = ["", *pieces]
    return "^" + _joined(pieces) + _end(pattern, segments)


def _end(pattern: str, segments: list[str]) -> str:
    """What the pattern says of the end of a path, as pathspec has it."""
    if pattern.endswith(("/", "/**")):
        return "/"
    return "/?$" if segments[-1] == "*" else "(?:/|$)"


def _joined(pieces: list[str]) -> str:
    """Runs of segments with any folders between them; an empty first one: they begin at any depth."""
    said = pieces[0]
    for number, piece in enumerate(pieces[1:], 1):
        last = number == len(pieces) - 1
        if said:
            between = f"(?:/.+)?/{piece}" if last else f"(?>(?:/.+?)??/{piece}(?=/))"
        else:
            between = f"(?:.+/)?{piece}" if last else f"(?>(?:.+?/)??{piece}(?=/))"
        said += between
    return said


def _runs(segments: list[str]) -> list[list[str]]:
    """Segments between those that are `**`; an empty first run where one begins the pattern."""
    runs: list[list[str]] = [[]]
    for segment in segments:
        if segment == "**":
            if runs[-1] or len(runs) == 1:
                runs.append([])
        else:
            runs[-1].append(segment)
    if len(runs) > 1 and not runs[-1]:
        runs.pop()  # everything inside: said by the end of the expression
    return runs


def _segment(glob: str) -> str:
    """One name. Raises ValueError or re.error for what is none."""
    if set(glob) == {"*"}:
        return "[^/]+"
    pieces = [""]
    place = 0
    while place < len(glob):
        char = glob[place]
        if char == "*":
            while place + 1 < len(glob) and glob[place + 1] == "*":
                place += 1
            pieces.append("")
        elif char == "?":
            pieces[-1] += "[^/]"
        elif char == "\\":
            place += 1
            if place == len(glob):
                raise ValueError("ends with a backslash")
            pieces[-1] += re.escape(glob[place])
        elif char == "[":
            found = _CLASS.match(glob, place)
            if found is None:
                raise ValueError("has a class of characters without an end")
            # As in git, unlike in pathspec, none matches the end of a folder's name.
            pieces[-1] += f"(?!/)[{'^' if found[1] else ''}{found[2].replace('[', chr(92) + '[')}]"
            re.compile(pieces[-1])
            place = found.end() - 1
        else:
            pieces[-1] += re.escape(char)
        place += 1
    first, *others = pieces
    if not others:
        return first
    return first + "".join(f"(?>[^/]*?{piece})" for piece in others[:-1]) + f"[^/]*{others[-1]}"


def _without_blanks(line: str) -> str:
    plain = line.rstrip("\r\n")
    while plain.endswith(" ") and not plain.endswith("\\ "):
        plain = plain[:-1]
    return plain
