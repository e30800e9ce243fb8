"""The installer's commands for jobs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from types import MappingProxyType

from hivemind.hosts.onhost import job_records, job_run, jobs
from hivemind.hosts.onhost.layout import Layout
from hivemind.hosts.onhost.masking import masking
from hivemind.hosts.onhost.report import InstallError, Reporter


def _jobs(layout: Layout, _: argparse.Namespace) -> None:
    found = jobs.states(layout)
    Reporter().step("jobs", f"{len(found)}", data={"jobs": found})


def _run_job(layout: Layout, _: argparse.Namespace) -> int:
    try:
        return job_run.run(layout, masking(layout))
    except InstallError as error:
        # A person reads this, not a program.
        sys.stderr.write(f"{error}\n")
        return 1


def _job_began(layout: Layout, options: argparse.Namespace) -> None:
    """What systemd runs before a run of a job."""
    job_records.began(layout, options.release)
    sys.stdout.write(f"hivemind: run began, release {options.release}\n")


def _job_ended(layout: Layout, _: argparse.Namespace) -> None:
    """What systemd runs after a run of a job, however that ended (systemd.exec(5), "$EXIT_CODE")."""
    how, status = os.environ.get("EXIT_CODE", ""), os.environ.get("EXIT_STATUS", "")
    late = os.environ.get("SERVICE_RESULT") == "timeout"
    code = int(status) if how == "exited" and status.isdigit() and not late else None
    ending = "time-out" if late else f"exit code {code}" if code is not None else f"signal SIG{status}"
    seconds = job_records.ended(layout, code, ending)
    sys.stdout.write(f"hivemind: run ended with {ending} after {seconds or 0:.1f} s\n")


COMMANDS: MappingProxyType[str, Callable[[Layout, argparse.Namespace], int | None]] = MappingProxyType(
    {"jobs": _jobs, "run-job": _run_job, "job-began": _job_began, "job-ended": _job_ended}
)
