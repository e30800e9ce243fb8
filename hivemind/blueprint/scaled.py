"""A number of instances that a person set by `hivemind scale`, in place of the one in the blueprint.

It holds for as long as the blueprint says what it said then: who edits the file decides anew.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scaled:
    """instances: how many were asked for. said: how many the blueprint said then. by: who asked, `user@host`. since:
    RFC 3339."""

    instances: int
    said: int
    by: str
    since: str
