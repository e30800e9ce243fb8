"""Lines of a plan, folded to the window: what goes over its edge is indented under its own text."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Iterable

_LEAD = re.compile(r"\s*(?:[-+~!^=*] )?(?:\S+  +)?")
"""Indent, sign and name of a line: what its continuation is indented by."""

_COUNT = re.compile(r"(?<=\d) (?=\w)")
"""Between a number and what it counts, where no line ends."""
_KEEP = "\N{NO-BREAK SPACE}"


def folded(lines: Iterable[str]) -> str:
    """The lines as one text, each within the window; as they are where the output is no terminal."""
    if not sys.stdout.isatty():
        return "\n".join(lines)
    width = max(40, shutil.get_terminal_size().columns - 1)
    return "\n".join(part for line in lines for part in _folded(line, width))


def _folded(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    lead = _LEAD.match(line)
    indent = min(lead.end() if lead else 0, width // 2)
    whole = _COUNT.sub(_KEEP, line[indent:])
    rest = textwrap.wrap(whole, width - indent, break_long_words=False, break_on_hyphens=False)
    first, *others = [part.replace(_KEEP, " ") for part in rest]
    return [line[:indent] + first, *(" " * indent + part for part in others)]
