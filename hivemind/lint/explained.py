"""Remarks of cfn-lint that HiveMind's own templates can't avoid, each with its reason. Nothing else is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hivemind.lint.matches import Match


@dataclass(frozen=True)
class Explanation:
    """rule: cfn-lint's id. message: what its message must match as a whole. reason: why it does not apply."""

    rule: str
    message: re.Pattern[str]
    reason: str


EXPLAINED: tuple[Explanation, ...] = (
    Explanation(
        "W3691",
        re.compile(r"Engine version '1[4-9]' for engine 'postgres' is deprecated .*"),
        "A major version alone is not deprecated: RDS uses its default minor version of it (Amazon RDS User "
        "Guide, CreateDBInstance, EngineVersion). HiveMind still reports an exact version that is deprecated.",
    ),
)


def explained(match: Match) -> Explanation | None:
    """The explanation for a remark, None for one that must be shown."""
    return next(
        (one for one in EXPLAINED if one.rule == match.rule and one.message.fullmatch(match.message)),
        None,
    )
