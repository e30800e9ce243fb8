"""H481: whether the credentials live long enough for the apply."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from hivemind.aws.preflight.subject import Subject
from hivemind.plan.expected import expected_seconds
from hivemind.values.findings import Finding, Severity

ROOM = 120.0
"""Seconds beside the estimate: approval, checks."""


def credentials(subject: Subject) -> Iterator[Finding]:
    """A warning where the credentials end before the apply is likely to; nothing where they are renewed, or where
    nobody knows when they end."""
    ends = subject.cloud.credentials_end
    if ends is None:
        return
    left = (ends - subject.now).total_seconds()
    needed = expected_seconds(subject.plan, subject.assembly.template) + ROOM
    if left >= needed:
        return
    when = f"{ends:%H:%M} UTC, in {max(0, int(left // 60))} minutes"
    yield Finding(
        "H481",
        Severity.WARNING,
        f"the credentials end at {when}; this apply takes about {ceil(needed / 60)} minutes",
        hint="Log in again first (with SSO: `aws sso login`). An apply whose credentials end stops, and the next one "
        "continues it.",
    )
