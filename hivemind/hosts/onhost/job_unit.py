"""The systemd units of a job: a service that ends, and the timer that starts it. The supervisor reads them, too."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING, Any

from hivemind.hosts.onhost.layout import ALONE, Layout, Release
from hivemind.hosts.onhost.unit import HARDENING, ending, quoted, shell_line, surroundings, writable
from hivemind.values.cron import parse

if TYPE_CHECKING:
    from hivemind.hosts.onhost.request import ClockedJob, Request

ACCURACY = "1s"
"""systemd.timer(5): by default a timer may be a minute late, so that machines wake up less often."""


def render(layout: Layout, release: Release, request: Request, user: str | None) -> str:
    """What a release keeps of its jobs, as JSON: a list of name, schedule, and the texts of both units."""
    return json.dumps(
        [
            {
                "name": job.name,
                "schedule": job.schedule,
                "unit": _service(layout, release, request, job, user),
                "timer": _timer(layout, job),
            }
            for job in request.jobs
        ]
    )


def read(release: Release) -> list[dict[str, Any]]:
    """The jobs that a release keeps."""
    try:
        content = json.loads(release.jobs.read_text())
    except (OSError, ValueError):
        return []
    return [one for one in content if isinstance(one, dict)] if isinstance(content, list) else []


def _service(layout: Layout, release: Release, request: Request, job: ClockedJob, user: str | None) -> str:
    # systemd.service(5): `+` runs with full privileges, `-` lets the run go on where that fails; ExecStopPost= runs
    # however the run ended, and is told how. A start of a unit that runs does nothing: never two runs at once.
    before, after = (
        "-+" + shlex.join([sys.executable, *ALONE, str(layout.installer), command, job.name, *more])
        for command, more in (("job-began", [release.id]), ("job-ended", []))
    )
    return f"""\
[Unit]
Description=HiveMind job {job.name} of {layout.service}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
{surroundings(release, user)}ExecStartPre={before}
ExecStart=/bin/sh -c {quoted(shell_line(job.start))}
ExecStopPost={after}
TimeoutStartSec={job.timeout}
{ending(request.options)}SyslogIdentifier=hivemind-{job.name}
{writable(layout, release, keeps=bool(request.data))}CapabilityBoundingSet=
{HARDENING}"""


def _timer(layout: Layout, job: ClockedJob) -> str:
    # systemd.timer(5): Persistent= makes up for what was missed, once, as soon as the machine is up again.
    due = "".join(f"OnCalendar={one}\n" for one in parse(job.schedule).on_calendar())
    return f"""\
[Unit]
Description=HiveMind job {job.name} of {layout.service}: {job.schedule}

[Timer]
{due}AccuracySec={ACCURACY}
Persistent=yes

[Install]
WantedBy=timers.target
"""
