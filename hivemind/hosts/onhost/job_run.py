"""A run of a job that a person asks for: begun now, its output shown, its exit code returned."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timezone
from typing import Any

from hivemind.hosts.onhost import job_records
from hivemind.hosts.onhost.jobs import job_of
from hivemind.hosts.onhost.layout import Layout
from hivemind.hosts.onhost.report import InstallError, Reporter
from hivemind.hosts.onhost.services import service_of

BEGIN_SECONDS = 15.0
LAST_LINES_SECONDS = 5.0
"""How long the last lines of an ended run may take to reach its log."""
FAILED = 1


def run(layout: Layout, reporter: Reporter) -> int:
    """Runs a job once and returns its exit code; FAILED where a signal or its time-out ended it. When nobody reads any
    more, the run goes on. Raises InstallError where there is no such job here, or it runs already."""
    if job_records.known(layout) is None:
        raise InstallError(f"this instance has no job {layout.service}")
    job = job_of(layout)
    before = job_records.runs(layout)[-1:]
    if job.runs():
        since = f" since {_clock(before[0])}" if before else ""
        raise InstallError(f"the job {layout.service} has been running{since}. At most one run goes on at a time")
    log = service_of(layout).follow(0, since=time.time())
    next(log)  # from here on
    job.begin()
    asked, ended = time.monotonic(), None
    for line in log:
        if line is not None:
            sys.stdout.write(reporter.mask(line) + "\n")
            sys.stdout.flush()
        last = job_records.runs(layout)[-1:]
        if ended is not None:
            if line is None or time.monotonic() > ended + LAST_LINES_SECONDS:
                break
        elif last == before or not last:
            if time.monotonic() > asked + BEGIN_SECONDS:
                raise InstallError(f"the job {layout.service} did not begin: {'; '.join(service_of(layout).lines(3))}")
        elif last[0]["ended"] is not None:
            ended = time.monotonic()
    code = job_records.runs(layout)[-1]["code"]
    return code if isinstance(code, int) else FAILED


def _clock(run: dict[str, Any]) -> str:
    return f"{datetime.fromtimestamp(run['began'], timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
