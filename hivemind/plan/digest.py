"""The digest of a plan: the same plan, the same digest, on whatever basis it was made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from hivemind.plan.model import Plan
from hivemind.text.codec import encode

_LEFT_OUT = (
    "basis",
    "revision",
    "digest",
    "made_at",
    "built",
    "left_behind",
    "cost",
    "capabilities",
    "guarded",
    "scaled",
)
_WHERE_ANY = ("repairs", "interruptions", "role_arn", "unanswered")
"""Parts that count where there is something in them: a plan without them has the digest that it always had."""


def with_digest(plan: Plan) -> Plan:
    """The plan with its digest filled in."""
    return replace(plan, digest=plan_digest(plan))


def plan_digest(plan: Plan) -> str:
    """sha256 hex over everything in the plan except basis, revision number, time, what this machine alone knows (what
    it has built before, what else was deployed from it), and the digest itself."""
    data = {
        name: value
        for name, value in encode(plan).items()
        if name not in _LEFT_OUT and (value or name not in _WHERE_ANY)
    }
    data["changes"] = [
        {name: value for name, value in change.items() if value or name != "answer"} for change in data["changes"]
    ]
    for release in data["releases"]:
        if not release["way"]:
            del release["way"]
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
