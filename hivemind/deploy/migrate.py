"""Older formats of the state, brought to the present one when read.

Format 1 is the data model of the spec, which has no `format` field; format 2 is the present one.
"""

from __future__ import annotations

from typing import Any

FORMAT = 2

_STATUSES = {"completed": "deployed", "complete": "deployed", "success": "deployed", "running": "deployed",
             "in_progress": "applying", "deploying": "applying", "rolledback": "rolled_back"}  # fmt: skip
_KNOWN = frozenset({"pending", "applying", "deployed", "failed", "rolled_back", "destroyed"})


class NewerFormat(ValueError):
    """The state was written by a newer HiveMind."""


def migrate(data: Any) -> dict[str, Any]:
    """The data of a state file in the present format, without its `format`. Raises ValueError, NewerFormat."""
    if not isinstance(data, dict):
        raise ValueError("expected an object")
    data = dict(data)
    version = data.pop("format", 1)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError(f"unknown format {version!r}")
    if version > FORMAT:
        raise NewerFormat(f"its format is {version}; this version of HiveMind knows formats up to {FORMAT}")
    return _from_spec(data) if version == 1 else data


def _from_spec(data: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(data.get("deployment_id"), str):
        raise ValueError("deployment_id: missing")
    infrastructure = data.get("infrastructure")
    infrastructure = infrastructure if isinstance(infrastructure, dict) else {}
    stack = data.get("stack_info")
    region = data.get("region") or (stack or {}).get("region") or ""
    new = {name: data[name] for name in _KEPT if name in data}
    new["status"] = _status(data.get("status"))
    new["alb_dns_name"] = data.get("alb_dns_name") or infrastructure.get("alb_dns_name")
    new["target_group_arn"] = data.get("target_group_arn") or infrastructure.get("target_group_arn")
    new["stack_info"] = _stack(stack, region)
    new["verification_results"] = _verdict(data.get("verification_results"))
    new["failure_analysis"] = _diagnosis(data.get("failure_analysis"))
    new["name"] = data.get("name") or data["deployment_id"]
    new["region"] = region
    return new


_KEPT = (
    "deployment_id",
    "repo_url",
    "creation_method",
    "monitoring_config",
    "retry_count",
    "deployment_stage",
    "xray_enabled",
    "environment",
    "account",
)


def _status(status: Any) -> str:
    word = str(status or "pending").lower().rpartition(".")[2]
    word = _STATUSES.get(word, word)
    return word if word in _KNOWN else "failed"


def _stack(stack: Any, region: str) -> dict[str, Any] | None:
    if not isinstance(stack, dict) or not stack.get("stack_name"):
        return None
    return {
        "stack_name": stack["stack_name"],
        "stack_id": stack.get("stack_id"),
        "region": stack.get("region") or region or None,
    }


def _verdict(results: Any) -> dict[str, Any] | None:
    # The spec's verification tools answer with a boolean each.
    if not isinstance(results, dict):
        return None
    checks = [
        {"name": name, "status": "passed" if passed else "failed", "message": "recorded in the spec's format"}
        for name, passed in sorted(results.items())
        if isinstance(passed, bool)
    ]
    return {"results": checks} if checks else None


def _diagnosis(analysis: Any) -> dict[str, Any] | None:
    if not isinstance(analysis, dict):
        return None
    names = ("root_cause", "description", "remediation")
    return {name: str(analysis.get(name) or "unknown") for name in names}
