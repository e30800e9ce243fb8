"""Matches: what cfn-lint says, as plain values that go over a socket and into the cache."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

MOST_CHOICES = 8
CHOICES = re.compile(r"'(?P<given>[^']*)' is not one of \[(?P<choices>[^\]]*)\]")


@dataclass(frozen=True)
class Match:
    """One remark of cfn-lint. rule: its id, such as `E3012`. path: keys from the template's root. link: the rule's
    documentation."""

    rule: str
    message: str
    path: tuple[str, ...]
    link: str = ""

    def as_json(self) -> list[Any]:
        return [self.rule, self.message, list(self.path), self.link]

    @classmethod
    def from_json(cls, data: Any) -> Match:
        """Raises ValueError or TypeError for anything that `as_json` does not write."""
        rule, message, path, link = data
        return cls(str(rule), str(message), tuple(str(part) for part in path), str(link))


class DeadlineError(Exception):
    """Linting took too long."""


def shortened(message: str) -> str:
    """The message with a long list of allowed values cut down to those that are near: cfn-lint lists all 1,200
    instance types."""

    import difflib

    def nearest(found: re.Match[str]) -> str:
        choices = [choice.strip().strip("'") for choice in found["choices"].split(",")]
        if len(choices) <= MOST_CHOICES:
            return found[0]
        near = difflib.get_close_matches(found["given"], choices, n=3) or choices[:3]
        return f"'{found['given']}' is not one of the {len(choices):,} allowed values, such as {', '.join(near)}"

    return CHOICES.sub(nearest, message)
