"""The journal: every Event of a deployment, one JSON line each, in one append-only file."""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from hivemind.deploy.files import make_private
from hivemind.text.redact import REDACTOR, Redactor
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.errors import Stage
from hivemind.values.events import Event, EventKind

FILE = "journal.jsonl"
ATTEMPT = "attempt"
"""Name of the step that frames a whole attempt; its STARTED event carries the plan's digest."""

_BORDERS = frozenset({EventKind.STARTED, EventKind.FINISHED, EventKind.FAILED, EventKind.SKIPPED})

_DELETING = frozenset({Stage.CLEANUP.value, Stage.ROLLBACK.value})
"""Stages whose steps delete what those of other stages make."""

Listener = Callable[[Event], None]


def new_attempt(clock: Clock = SYSTEM_CLOCK) -> str:
    """An id for one run; ids sort by time."""
    return f"{clock.now():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


class Journal:
    """Writes the events of one attempt, then hands them to the listeners, in the same order. Thread-safe.

    folder: of the deployment. redactor: what each event passes through before it is written.
    Events at the borders of steps are on disk when `record` returns.
    """

    def __init__(
        self,
        folder: Path,
        deployment_id: str,
        attempt: str,
        *,
        listeners: tuple[Listener, ...] = (),
        clock: Clock = SYSTEM_CLOCK,
        redactor: Redactor = REDACTOR,
    ) -> None:
        make_private(folder)
        self.deployment_id = deployment_id
        self.attempt = attempt
        self._clock = clock
        self._redactor = redactor
        self._listeners = list(listeners)
        self._lock = threading.RLock()
        self._path = folder / FILE
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._end_torn_line()

    def record(
        self, stage: str, step: str, kind: EventKind, message: str, data: Mapping[str, Any] | None = None
    ) -> Event:
        """Writes one event and tells the listeners. data: JSON values. Raises OSError, which names the file."""
        message, plain = self._redactor.text(message), MappingProxyType(self._redactor.data(data or {}))
        with self._lock:
            # Under the lock: events are in the order of their times.
            event = Event(
                time=self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                deployment_id=self.deployment_id,
                attempt=self.attempt,
                stage=stage,
                step=step,
                kind=kind,
                message=message,
                data=plain,
            )
            try:
                _write_all(self._file, line_of(event))
                if kind in _BORDERS:
                    os.fsync(self._file)
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(self._path)) from error
            self._tell(event)
        return event

    def started(self, plan_digest: str, message: str) -> Event:
        """Marks the begin of the attempt for a plan."""
        return self.record(ATTEMPT, ATTEMPT, EventKind.STARTED, message, {"plan": plan_digest})

    def finished(self, message: str, data: Mapping[str, Any] | None = None) -> Event:
        """Marks the attempt's good end."""
        return self.record(ATTEMPT, ATTEMPT, EventKind.FINISHED, message, data)

    def failed(self, message: str, data: Mapping[str, Any] | None = None) -> Event:
        """Marks the attempt's end by a failure."""
        return self.record(ATTEMPT, ATTEMPT, EventKind.FAILED, message, data)

    def close(self) -> None:
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tell(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001 - a listener's defect must not end an apply
                if listener in self._listeners:
                    self._listeners.remove(listener)
                    name = getattr(listener, "__qualname__", type(listener).__name__)
                    message = f"listener {name} failed and gets no more events: {error}"
                    self.record(event.stage, event.step, EventKind.NOTE, message)

    def _end_torn_line(self) -> None:
        # A run that was killed while writing leaves a line without its end; what is written next must
        # not become part of it.
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            _write_all(self._file, b"\n")


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def read_journal(folder: Path, *, attempt: str | None = None) -> Iterator[Event]:
    """The events in a deployment's folder, oldest first, of one attempt or of all. Torn lines are passed over."""
    try:
        file = (folder / FILE).open("rb")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            event = parse_event(line)
            if event is not None and attempt in (None, event.attempt):
                yield event


def line_of(event: Event) -> bytes:
    """The event as a journal's line, with its end."""
    line = json.dumps(event.as_json(), ensure_ascii=False, separators=(",", ":")) + "\n"
    return line.encode("utf-8", "replace")


def parse_event(line: bytes) -> Event | None:
    """The event in one line of a journal; None where the line is torn."""
    try:
        data = json.loads(line)
        return Event(
            time=data["time"],
            deployment_id=data["deployment"],
            attempt=data["attempt"],
            stage=data["stage"],
            step=data["step"],
            kind=EventKind(data["kind"]),
            message=data["message"],
            data=MappingProxyType(data["data"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def last_attempt(folder: Path) -> str | None:
    """Id of the attempt that wrote last; None in an empty journal."""
    attempt = None
    for event in read_journal(folder):
        attempt = event.attempt
    return attempt


def interrupted_results(folder: Path, plan_digest: str) -> Mapping[str, Any]:
    """Step -> result of the last attempt, when that attempt was for this plan and was cut off or failed.

    Empty when the last attempt ended well or was for another plan. A step's result is here only when
    it was journaled; whether it still holds is for the step's `check` to say.
    """
    attempt = last_attempt(folder)
    if attempt is None:
        return MappingProxyType({})
    results: dict[str, Any] = {}
    planned = False  # a destroy has no plan, and steps of the same names
    for event in read_journal(folder, attempt=attempt):
        if event.step == ATTEMPT:
            if event.kind is EventKind.STARTED:
                planned = event.data.get("plan") == plan_digest
            if event.kind is EventKind.FINISHED:
                return MappingProxyType({})
        elif event.kind in (EventKind.FINISHED, EventKind.SKIPPED) and "result" in event.data:
            results[event.step] = event.data["result"]
        elif event.kind in (EventKind.STARTED, EventKind.FAILED):
            results.pop(event.step, None)
    return MappingProxyType(results if planned else {})


def is_interrupted(folder: Path, plan_digest: str) -> bool:
    """Whether the last attempt was for this plan and did not end well: it goes on where it stopped."""
    ended, digest = True, None
    attempt = last_attempt(folder)
    for event in read_journal(folder, attempt=attempt) if attempt else ():
        if event.step == ATTEMPT:
            digest = event.data.get("plan", digest)
            ended = event.kind is EventKind.FINISHED
    return not ended and digest == plan_digest


def usual_seconds(folder: Path) -> Mapping[str, float]:
    """Step -> seconds that it took in an apply when it last ended well: what it may take again.

    A deletion's steps, some of which have the same names, do something else.
    """
    return {
        event.step: float(event.data["seconds"])
        for event in read_journal(folder)
        if event.kind is EventKind.FINISHED and "seconds" in event.data and event.stage not in _DELETING
    }


def usual_resource_seconds(folder: Path) -> Mapping[str, float]:
    """Type of resource -> seconds that the slowest of it took to create, in the last attempt that created one."""
    found: dict[str, float] = {}
    begun: dict[tuple[str, str], datetime] = {}
    newest: dict[str, str] = {}
    for event in read_journal(folder):
        name, kind, status = (event.data.get(key) for key in ("logical_id", "type", "status"))
        if event.kind is not EventKind.PROGRESS or not isinstance(name, str) or not isinstance(kind, str):
            continue
        if status == "CREATE_IN_PROGRESS":
            begun.setdefault((event.attempt, name), datetime.fromisoformat(event.time))
        elif status == "CREATE_COMPLETE" and (start := begun.pop((event.attempt, name), None)) is not None:
            before = found.get(kind, 0.0) if newest.get(kind) == event.attempt else 0.0
            found[kind], newest[kind] = (
                max(before, (datetime.fromisoformat(event.time) - start).total_seconds()),
                event.attempt,
            )
    return found
