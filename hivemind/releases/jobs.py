"""The jobs of a service, as its instance knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hivemind.hosts import remote

if TYPE_CHECKING:
    from hivemind.hosts.ssh import Host


@dataclass(frozen=True)
class JobRun:
    """A run of a job. ended: None while it goes on. code: its exit code, None where something else ended it. ending:
    how it ended, in words. release: whose code it ran. clocked: whether its schedule began it."""

    began: datetime
    ended: datetime | None
    code: int | None
    ending: str
    release: str
    clocked: bool

    @property
    def failed(self) -> bool:
        return self.ended is not None and self.code != 0


@dataclass(frozen=True)
class JobState:
    """A job. next: when it is due. runs: the last ones, oldest first. trouble: why its instance could not be asked; all
    else is unknown then."""

    name: str
    service: str
    instance: str
    schedule: str = ""
    next: datetime | None = None
    runs: tuple[JobRun, ...] = ()
    trouble: str | None = None

    @property
    def last(self) -> JobRun | None:
        """The last run that ended."""
        return next((run for run in reversed(self.runs) if run.ended is not None), None)

    @property
    def running(self) -> JobRun | None:
        """The run that goes on."""
        return self.runs[-1] if self.runs and self.runs[-1].ended is None else None


def job_states(host: Host, service: str) -> tuple[JobState, ...]:
    """The jobs beside a service on an instance. Raises StageError(deploy)."""
    return tuple(
        JobState(
            str(one["name"]),
            service,
            host.instance_id,
            str(one["schedule"]),
            _moment(one["next"]),
            tuple(_run(run) for run in one["runs"]),
        )
        for one in remote.jobs(host, service)
    )


def _run(entry: Mapping[str, Any]) -> JobRun:
    began, ended, code = entry["began"], entry["ended"], entry["code"]
    return JobRun(
        _moment(began),
        None if ended is None else _moment(ended),
        code if isinstance(code, int) else None,
        str(entry["ending"]),
        str(entry["release"]),
        bool(entry["clocked"]),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
