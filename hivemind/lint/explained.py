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
    Explanation(
        "E3691",
        re.compile(r"'(?:8\.[04]|10\.(?:6|11)|11\.[48]|12\.3)' is not one of .*", re.DOTALL),
        "A line of releases of MySQL or MariaDB without its last number is a version: RDS uses its default one of them "
        "(Amazon RDS API reference, CreateDBInstance, EngineVersion). HiveMind knows which lines there are (H134).",
    ),
)


def explained(match: Match) -> Explanation | None:
    """The explanation for a remark, None for one that must be shown."""
    return next(
        (one for one in EXPLAINED if one.rule == match.rule and one.message.fullmatch(match.message)),
        None,
    )
