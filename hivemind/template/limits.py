"""CloudFormation's limits (AWS CloudFormation User Guide, "Understand CloudFormation quotas")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.values.findings import Finding, Severity

INLINE_BYTES = 51_200
LARGEST_BYTES = 1_000_000
COUNTS: Mapping[str, int] = {"Resources": 500, "Parameters": 200, "Outputs": 200}


def exceeded(template: Mapping[str, Any], text: str) -> Iterator[Finding]:
    """Findings for a template that CloudFormation would refuse, and a remark on one that must go through S3.

    text: the template as it is sent.
    """
    for section, limit in COUNTS.items():
        count = len(template.get(section) or {})
        if count > limit:
            yield Finding(
                "H410",
                Severity.ERROR,
                f"the template has {count} {section.lower()}; CloudFormation accepts {limit}",
                hint="Split the blueprint into two deployments.",
            )
    size = len(text.encode())
    if size > LARGEST_BYTES:
        yield Finding(
            "H411",
            Severity.ERROR,
            f"the template has {size:,} bytes; CloudFormation accepts {LARGEST_BYTES:,}",
            hint="Split the blueprint into two deployments.",
        )
    elif size > INLINE_BYTES:
        yield Finding(
            "H412",
            Severity.INFO,
            f"the template has {size:,} bytes; over {INLINE_BYTES:,} bytes, it goes to CloudFormation through S3",
        )
