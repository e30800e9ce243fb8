"""Text of others, made so that no regular expression takes the square of its length over it. Pure.

Most expressions that look for something in the midst of a line try again from each character of a run: of blanks, of
a word, of a line. With runs as long as real files have, that costs as much as reading. So longer ones are cut.
"""

from __future__ import annotations

import re

LONGEST_LINE = 2000
"""Characters of a line that tell something."""
LONGEST_WORD = 400
LONGEST_BLANK = 100
_FILLING = "#"
"""Stands between so many empty lines that they would be a run of their own: a comment in most languages."""

_WORD = re.compile(rf"(?<!\S)(\S{{{LONGEST_WORD}}})\S+")
_BLANK = re.compile(rf"(?<!\s)\s{{{LONGEST_BLANK},}}")
_LINE = re.compile(rf"(?m)^(.{{{LONGEST_LINE}}}).+$")


def bounded(text: str) -> str:
    """The text with words, blanks and lines that are longer than any of sense cut; each line keeps its number."""
    if len(text) <= LONGEST_BLANK:
        return text
    return _LINE.sub(r"\1", _WORD.sub(r"\1", _BLANK.sub(_shortened, text)))


def _shortened(match: re.Match[str]) -> str:
    """A run of blanks with its line breaks, but not as one run."""
    breaks = match[0].count("\n")
    if not breaks:
        return match[0][:LONGEST_BLANK]
    last = match[0].rpartition("\n")[2][:LONGEST_BLANK]
    whole, rest = divmod(breaks, LONGEST_BLANK)
    return ("\n" * LONGEST_BLANK + _FILLING) * whole + "\n" * rest + last if whole else "\n" * rest + last
