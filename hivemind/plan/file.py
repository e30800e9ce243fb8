"""Saved plans: a plan as a file that can be reviewed elsewhere and applied later."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hivemind.plan.digest import plan_digest
from hivemind.plan.model import Plan
from hivemind.text.codec import DecodeError, decode, encode
from hivemind.values.errors import DeploymentNotFound, FindingsError
from hivemind.values.findings import Finding, Place, Severity

FORMAT = 1
LARGEST = 20_000_000
"""Bytes of a plan's file that are read."""


def save(plan: Plan, path: Path) -> None:
    """Writes the plan as JSON. Raises OSError where it can't."""
    path.write_text(json.dumps(as_json(plan), indent=1, sort_keys=True) + "\n", encoding="utf-8")


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan as plain data, the form of the file and of `--json`."""
    return {"format": FORMAT, "plan": encode(plan)}


def load(path: Path) -> Plan:
    """The plan in a file. Raises FindingsError for a file that is no plan or was changed by hand,
    DeploymentNotFound where there is no file."""
    try:
        content = path.read_bytes() if path.stat().st_size <= LARGEST else b""
    except FileNotFoundError:
        raise DeploymentNotFound(f"no file {path}", hint="Create one with `hivemind plan --out FILE`.") from None
    except OSError as error:
        raise _broken(path, "H801", f"cannot read the plan: {error.strerror}") from None
    if not content:
        raise _broken(path, "H801", "not a plan: the file is empty or far too large")
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _broken(path, "H801", f"not a plan: {error}", line=getattr(error, "lineno", None)) from None
    return _plan(path, data)


def _plan(path: Path, data: Any) -> Plan:
    if not isinstance(data, dict) or "plan" not in data:
        raise _broken(path, "H801", 'not a plan: it has no key "plan"')
    if data.get("format") != FORMAT:
        raise _broken(
            path, "H802", f"the plan has format {data.get('format')!r}; this version of HiveMind knows {FORMAT}"
        )
    try:
        plan = decode(Plan, data["plan"])
    except DecodeError as error:
        raise _broken(path, "H803", f"the plan is damaged: {error}") from None
    if plan_digest(plan) != plan.digest:
        raise _broken(path, "H804", "the plan changed after it was created: its digest does not match")
    return plan


def _broken(path: Path, finding: str, message: str, *, line: int | None = None) -> FindingsError:
    hint = "Create it again: `hivemind plan --out FILE`."
    return FindingsError([Finding(finding, Severity.ERROR, message, Place(str(path), line), hint)])
