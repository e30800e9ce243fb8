"""Jobs: what runs by the clock beside a service, by timers of systemd or by our supervisor where it is not process 1.

A job is like a service of its own name here (unit, log, lock), but has no releases: it runs those of the service that
it belongs to. At most one run at a time. A release never ends a run: it goes on with the code that it began with.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from hivemind.hosts.onhost import job_records, job_unit
from hivemind.hosts.onhost.layout import Layout, Release, has_systemd, write_atomically
from hivemind.hosts.onhost.services import Supervised, command
from hivemind.values.cron import parse

STAMPS = "var/lib/systemd/timers"
"""Where systemd keeps when a persistent timer was last due (systemd.timer(5), "Persistent=")."""
RUNNING = frozenset({"activating", "active", "deactivating"})


class Timed:
    """A job under a timer of systemd."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def schedule(self, unit: str, timer: str) -> None:
        """Writes both units and starts the timer; a run that goes on stays."""
        layout = self._layout
        if _text(layout.timer) != timer:
            command("systemctl", "stop", layout.timer.name, check=False)
            # With the stamp of another schedule, what that one did not know would count as missed.
            (layout.root / STAMPS / f"stamp-{layout.timer.name}").unlink(missing_ok=True)
        write_atomically(layout.unit, unit)
        write_atomically(layout.timer, timer)
        command("systemctl", "daemon-reload")
        command("systemctl", "enable", "--quiet", "--now", layout.timer.name)

    def cancel(self) -> None:
        """Ends the timer. A run that goes on ends by itself."""
        command("systemctl", "disable", "--quiet", "--now", self._layout.timer.name, check=False)
        self._layout.timer.unlink(missing_ok=True)
        self._layout.unit.unlink(missing_ok=True)
        command("systemctl", "daemon-reload")

    def runs(self) -> bool:
        return command("systemctl", "is-active", self._layout.unit_name, check=False).strip() in RUNNING

    def begin(self) -> None:
        """Begins a run, and does not wait for its end."""
        command("systemctl", "start", "--no-block", self._layout.unit_name)

    def stop(self) -> None:
        """Ends a run that goes on."""
        command("systemctl", "stop", self._layout.unit_name, check=False)


class Clocked(Supervised):
    """A job under a supervisor process of ours, which waits for its time, or is told to begin."""

    def schedule(self, unit: str, timer: str) -> None:
        layout = self._layout
        write_atomically(layout.unit, unit)
        write_atomically(layout.timer, timer)
        self.install()
        holder = self._holder()
        if holder is None:
            self.start()
        else:
            _signal(holder, signal.SIGHUP)

    def cancel(self) -> None:
        for path in (self._layout.boot, self._layout.timer, self._layout.unit):
            path.unlink(missing_ok=True)
        holder = self._holder()
        if holder is not None:
            _signal(holder, signal.SIGHUP)

    def runs(self) -> bool:
        return self.state().word in {"running", "stopping"}

    def begin(self) -> None:
        self.start()
        holder = self._holder()
        if holder is not None:
            _signal(holder, signal.SIGUSR1)


def job_of(layout: Layout) -> Timed | Clocked:
    """A job, by what runs this system."""
    return Timed(layout) if has_systemd() else Clocked(layout)


def switch(layout: Layout, release: Release) -> None:
    """Schedules the jobs of a release, and no others of its service; none while `clock` says so."""
    if layout.unclocked.exists():
        for name in job_records.of_service(layout):
            job_of(layout._replace(service=name)).cancel()
        return
    wanted = {str(one["name"]): one for one in job_unit.read(release)}
    for name in job_records.of_service(layout):
        if name not in wanted:
            _drop(layout._replace(service=name))
    for name, one in wanted.items():
        job = layout._replace(service=name)
        noted = job_records.known(job)
        if noted is None or (noted.get("service"), noted.get("schedule")) != (layout.service, one["schedule"]):
            job_records.keep(job, layout.service, one["schedule"])
        job_of(job).schedule(one["unit"], one["timer"])


def clock(layout: Layout, *, on: bool) -> None:
    """Whether the jobs of a service run by the clock here, from now on and over releases. A run goes on to its end."""
    if on:
        layout.unclocked.unlink(missing_ok=True)
    else:
        layout.unclocked.parent.mkdir(parents=True, exist_ok=True)
        layout.unclocked.touch()
    current = layout.current_id()
    if current is not None:
        switch(layout, layout.release(current))


def drop_all(layout: Layout) -> None:
    """Ends all jobs of a service and forgets them."""
    for name in job_records.of_service(layout):
        job = layout._replace(service=name)
        _drop(job)
        job_of(job).stop()


def in_use(layout: Layout) -> set[str]:
    """Releases of a service with which a job of it runs now."""
    last = [job_records.runs(layout._replace(service=name))[-1:] for name in job_records.of_service(layout)]
    return {run["release"] for runs in last for run in runs if run["ended"] is None}


def states(layout: Layout) -> list[dict[str, Any]]:
    """Each job of a service: name, schedule, running, next (seconds of the Unix epoch), and its last runs."""
    found = []
    for name in job_records.of_service(layout):
        job = layout._replace(service=name)
        schedule = str((job_records.known(job) or {}).get("schedule"))
        running = job_of(job).runs()
        shown = {"running": running, "next": parse(schedule).next(time.time())}
        found.append({"name": name, "schedule": schedule, **shown, "runs": job_records.shown(job, running=running)})
    return found


def _drop(job: Layout) -> None:
    job_of(job).cancel()
    job_records.forget(job)


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
