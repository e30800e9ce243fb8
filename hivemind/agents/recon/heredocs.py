"""Here-documents of a Dockerfile: texts in it that it writes to files (docs.docker.com, "Dockerfile reference",
Here-Documents)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_BEGINS = re.compile(r"\s*(RUN|COPY|ADD)\s.*?<<-?[ \t]*([\"']?)([A-Za-z_]\w*)\2", re.IGNORECASE)
_WRITES = re.compile(r"\btee\s+(?:-\w+\s+)*[\"']?([\w./-]+)|>>?\s*[\"']?([\w./-]+)")
_TARGET = re.compile(r"\s([\w./-]+)\s*$")
_MOST = 20_000
"""Lines of a Dockerfile; no text is taken out of a longer one."""


@dataclass(frozen=True)
class Written:
    """A file that a Dockerfile writes. path: as it stands there, relative to the folder of its stage or absolute."""

    path: str
    text: str


def taken_out(text: str) -> tuple[str, Mapping[int, Written]]:
    """A Dockerfile with comments in the place of its here-documents, so that the numbers of its lines stay, and what
    is written, by the line (1-based) of the instruction that does. Texts that a shell runs are taken out, too."""
    lines = text.splitlines()
    if len(lines) > _MOST or "<<" not in text:
        return text, {}
    kept, found, number = list[str](), dict[int, Written](), 0
    while number < len(lines):
        line = lines[number]
        begin = _BEGINS.match(line[:2000])
        end = _end(lines, number + 1, begin[3]) if begin else None
        kept.append(line)
        if begin and end is not None:
            body = lines[number + 1 : end]
            if path := _path(line[:2000], begin):
                tabs = "<<-" in begin[0]
                found[number + 1] = Written(path, "\n".join(each.lstrip("\t") if tabs else each for each in body))
            kept += ["#"] * (len(body) + 1)
            number = end
        number += 1
    return "\n".join(kept) + "\n", found


def _end(lines: list[str], first: int, word: str) -> int | None:
    return next((number for number in range(first, len(lines)) if lines[number].strip() == word), None)


def _path(line: str, begin: re.Match[str]) -> str | None:
    """The file that an instruction writes its text to."""
    around = line[begin.end(1) :].replace(f"<<-{begin[2]}{begin[3]}{begin[2]}", " ", 1)
    around = around.replace(f"<<{begin[2]}{begin[3]}{begin[2]}", " ", 1)
    if begin[1].upper() != "RUN":
        target = _TARGET.search(around)
        return target[1] if target else None
    written = _WRITES.search(around)
    return (written[1] or written[2]) if written else None
