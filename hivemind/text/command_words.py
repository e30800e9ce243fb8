"""A command that a person ran, as a line that may be kept: without what is secret in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from hivemind.text.redact import MASK, REDACTOR

_OPTION = re.compile(
    r"(?i)^--?(?:[\w-]*(?:password|passwd|passphrase|secret|token|api-?key|access-?key|private-?key|credentials?))$"
)
"""An option whose value is the next word."""


def kept_line(words: Sequence[str]) -> str:
    """The command as one line. What follows an option such as `--password`, and what looks like a credential, is
    masked, as are values that this process knows as secrets."""
    shown: list[str] = []
    hidden = False
    for word in words:
        shown.append(MASK if hidden else word)
        hidden = _OPTION.match(word) is not None
    line = shown[0] if len(shown) == 1 else " ".join(one if one == MASK else shlex.quote(one) for one in shown)
    inside = re.sub(
        r"(?i)((?:^|\s)--?[\w-]*(?:password|passwd|passphrase|secret|token|api-?key)\s+)(?!-)(\S+)", rf"\1{MASK}", line
    )
    return REDACTOR.text(" ".join(inside.split()))
