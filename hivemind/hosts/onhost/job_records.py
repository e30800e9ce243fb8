"""What is known of a job on its instance, over releases and restarts: whose it is, since when, and its last runs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from hivemind.hosts.onhost.layout import Layout, write_atomically

KEPT = 20
"""Runs of a job that are remembered; their output is in its log."""
CUT_OFF = "cut off"
"""How a run ended whose end nobody saw: the instance went down, or what ran it was killed."""


def known(layout: Layout) -> dict[str, Any] | None:
    """A job's service, schedule and since when it has that (seconds of the Unix epoch); None where it is not one."""
    content = _read(_job(layout))
    return content if isinstance(content, dict) else None


def of_service(layout: Layout) -> list[str]:
    """The names of the jobs that run beside a service here."""
    names = sorted(path.name[: -len(".json")] for path in layout.jobs.glob("*.json"))
    return [name for name in names if (known(layout._replace(service=name)) or {}).get("service") == layout.service]


def keep(layout: Layout, service: str, schedule: str) -> None:
    """Says that a job belongs to a service, and from now on runs by a schedule."""
    write_atomically(_job(layout), json.dumps({"service": service, "schedule": schedule, "since": time.time()}))


def forget(layout: Layout) -> None:
    """Forgets a job and its runs."""
    for path in (_job(layout), _runs(layout)):
        path.unlink(missing_ok=True)


def runs(layout: Layout) -> list[dict[str, Any]]:
    """A job's last runs, oldest first: began and ended (seconds of the Unix epoch; None while it runs), code (None
    where a signal or its time-out ended it), ending (in words), release, and whether the clock started it."""
    content = _read(_runs(layout))
    return [one for one in content if isinstance(one, dict)] if isinstance(content, list) else []


def began(layout: Layout, release: str, *, clocked: bool = True) -> None:
    """Notes that a run begins now."""
    entry = {"began": time.time(), "ended": None, "code": None, "ending": "", "release": release, "clocked": clocked}
    _write(layout, [*_closed(runs(layout)), entry])


def ended(layout: Layout, code: int | None, ending: str) -> float | None:
    """Notes that the run that goes on has ended; for how many seconds it ran, None where none went on."""
    noted = runs(layout)
    if not noted or noted[-1]["ended"] is not None:
        return None
    noted[-1] = {**noted[-1], "ended": time.time(), "code": code, "ending": ending}
    _write(layout, noted)
    return float(noted[-1]["ended"] - noted[-1]["began"])


def shown(layout: Layout, *, running: bool) -> list[dict[str, Any]]:
    """The runs as they are: one without an end that does not run was cut off."""
    noted = runs(layout)
    return noted if running else _closed(noted)


def _closed(noted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one if one["ended"] is not None else {**one, "ended": one["began"], "ending": CUT_OFF} for one in noted]


def _write(layout: Layout, noted: list[dict[str, Any]]) -> None:
    write_atomically(_runs(layout), json.dumps(noted[-KEPT:]))


def _job(layout: Layout) -> Path:
    return layout.jobs / f"{layout.service}.json"


def _runs(layout: Layout) -> Path:
    return layout.jobs / f"{layout.service}.runs"


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
