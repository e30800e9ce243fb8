"""Text of others, made fit to be shown: nothing in it steers a terminal or hides."""

from __future__ import annotations

import re

_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Control characters, zero-width ones, separators of lines and paragraphs, changes of direction, byte order marks."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def visible(text: str, *, keep: str = "") -> str:
    """The text with a mark in place of each character that would steer a terminal. keep: characters that may stay,
    such as a newline. Colours are taken out without a mark."""
    return _STEERING.sub(lambda match: match[0] if match[0] in keep else "\ufffd", _COLOUR.sub("", text))


def coloured(text: str) -> str:
    """The same with colours kept, for lines of a log: they end with the line."""
    parts = re.split(r"(\x1b\[[0-9;]*m)", text)
    shown = "".join(part if number % 2 else visible(part, keep="\t") for number, part in enumerate(parts))
    return shown + "\x1b[0m" if len(parts) > 1 else shown


def is_visible(text: str) -> bool:
    """Whether nothing in it steers or hides."""
    return _STEERING.search(text) is None
