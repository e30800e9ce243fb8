"""Runs a job where systemd does not: waits until it is due or asked for, runs it once, and waits again."""

from __future__ import annotations

import contextlib
import selectors
import signal
import time
from pathlib import Path

from hivemind.hosts.onhost import job_records
from hivemind.hosts.onhost.layout import Layout
from hivemind.hosts.onhost.supervise import Supervisor, ending_of
from hivemind.hosts.onhost.unit import parse
from hivemind.values.cron import parse as parse_schedule

LONGEST_WAIT = 30.0
"""Seconds after which the clock is looked at again: it may be set, and a laptop sleeps."""
TIMED_OUT = "time-out"


class JobSupervisor(Supervisor):
    """One job's supervisor; `run` returns when it was told to stop, or when there is no such job any more."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self._asked = False
        self._deadline = 0.0

    def run(self) -> int:
        """Runs the job whenever it is due, and when SIGUSR1 asks for it; SIGHUP makes it look at its units again."""
        self._listen_for_signals()
        signal.signal(signal.SIGUSR1, lambda *_: self._ask())
        self._record("waiting", None)
        while not self._stopping and self._layout.unit.exists():
            if self._asked:
                self._asked = False
                self._run_job(clocked=False)
            elif (left := self._due() - time.time()) <= 0:
                self._run_job(clocked=True)
            else:
                self._wait(min(left, LONGEST_WAIT))
        self._record("stopped", None)
        return 0

    def _ask(self) -> None:
        self._asked = True

    def _due(self) -> float:
        """When the clock wants the next run; in the past where one was missed, however many were."""
        known = job_records.known(self._layout)
        if known is None:
            return time.time() + LONGEST_WAIT
        clocked = [run["began"] for run in job_records.runs(self._layout) if run["clocked"]]
        return parse_schedule(str(known["schedule"])).next(max([float(known["since"]), *clocked]))

    def _run_job(self, *, clocked: bool) -> None:
        self._unit = parse(self._layout.unit.read_text())
        release = Path(self._unit.working_directory or "").parent.name
        self._log.say(f"run began, release {release}")
        job_records.began(self._layout, release, clocked=clocked)
        self._deadline = time.monotonic() + self._unit.start_timeout
        code = self._run_once()
        late = not self._stopping and time.monotonic() > self._deadline
        ending = TIMED_OUT if late else job_records.CUT_OFF if self._stopping else ending_of(code)
        seconds = job_records.ended(self._layout, code if code >= 0 and not late else None, ending)
        self._log.say(f"run ended with {ending} after {seconds or 0:.1f} s")
        self._asked = False  # by who did not see that it ran
        self._record("waiting", None)

    def _is_to_end(self) -> bool:
        return self._stopping or time.monotonic() > self._deadline

    def _longest_look(self) -> float:
        return min(max(0.05, self._deadline - time.monotonic()), 3600.0)

    def _wait(self, seconds: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_read, selectors.EVENT_READ)
            selector.select(seconds)
            with contextlib.suppress(BlockingIOError):
                self._wake_read.recv(4096)
