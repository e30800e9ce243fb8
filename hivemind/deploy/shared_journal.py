"""The journal where every machine of the team finds it: append-only, one object for a few lines of an attempt.

An object is written once and never again: of two writers who want one name, the later takes the next. Each machine's
`journal.jsonl` has the lines of all, after `bring`.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Self

from hivemind.deploy.files import locked, write_atomically
from hivemind.deploy.journal import FILE, line_of, parse_event
from hivemind.deploy.objects import Objects, Overtaken
from hivemind.deploy.shared_place import Say, SharedPlace, reaching
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import HiveMindError
from hivemind.values.events import Event

FOLDER = "journal/"
SHARED = "journal.shared"
"""File of a deployment's folder: up to where its journal is in which place, and what of that place is in it."""
_FIRST_PAUSE, _LAST_PAUSE = 2.0, 15.0
"""Seconds from one object of an attempt to the next."""


def append(objects: Objects, attempt: str, lines: Sequence[bytes], *, after: int = 0) -> int:
    """Writes lines of an attempt, each with its end, as a new object; its number. after: the last one that is known.

    Whoever else writes for the same attempt at this moment loses nothing, and nothing of theirs is lost.
    """
    number = after
    while True:
        number += 1
        try:
            objects.write(_name(attempt, number), b"".join(lines), replacing=None)
        except Overtaken:
            continue
        return number


def lines_of(objects: Objects, names: Iterable[str]) -> Iterator[bytes]:
    """The lines in these objects, each with its end."""
    for name in names:
        found = objects.read(name)
        yield from found.body.splitlines(keepends=True) if found else ()


def events_in(objects: Objects, names: Iterable[str]) -> Iterator[Event]:
    """The events in these objects; what is no event is left out."""
    yield from filter(None, map(parse_event, lines_of(objects, names)))


def attempt_of(name: str) -> str:
    """The attempt that an object has lines of."""
    return name.removeprefix(FOLDER).partition("/")[0]


def bring(folder: Path, place: SharedPlace | None, *, say: Say = lambda _: None) -> None:
    """Makes the journal in a deployment's folder and that in its place one: lines that either lacks are added to it.

    The caller holds the lease, or only reads. say: told what is in the way in the deployment's own bucket. Raises
    HiveMindError where a chosen place can't be used.
    """
    if place is None or not folder.is_dir():
        return
    try:
        with reaching(place), locked(folder / "journal.lock"):
            _bring(folder, place.objects)
    except (CloudCallFailed, OSError) as error:
        if not place.own:
            raise
        say(f"warning: cannot share the journal in {place}: {error}")


def _bring(folder: Path, objects: Objects) -> None:
    path, memory = folder / FILE, _recall(folder, objects)
    seen, offset = frozenset(memory[0]), memory[1]
    names = objects.names(FOLDER)
    mine = path.read_bytes() if path.exists() else b""
    tail = _whole(mine[offset if offset <= len(mine) else 0 :])
    fresh = [name for name in names if name not in seen]
    if fresh or tail:
        there = list(lines_of(objects, fresh))
        known = set(there)
        for attempt, lines in groupby((line for line in tail if line not in known), key=_attempt):
            append(objects, attempt, list(lines))
        here = set(_whole(mine))
        _extend(path, [line for line in dict.fromkeys(there) if line not in here])
    _remember(folder, objects, objects.names(FOLDER) if tail else names, path)


class JournalCopy:
    """Listens to the journal of an attempt and leaves its lines in a place, some seconds later. Never stops a run.

    place: None where there is none yet; `settle` says it later. `bring` came before.
    """

    def __init__(self, place: SharedPlace | None, *, say: Say) -> None:
        self._place, self._say = place, say
        self._lines: list[tuple[str, bytes]] = []
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._ended = threading.Event()
        self._failed: str | None = None
        self._thread = threading.Thread(target=self._work, name="shared-journal", daemon=True)
        self._thread.start()

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._lines.append((event.attempt, line_of(event)))

    def settle(self, place: SharedPlace | None) -> None:
        """Where the lines go from now on, if nobody knew so far."""
        self._place = self._place or place

    def close(self) -> None:
        """Leaves the rest, and says what could not be left: the next run on this machine does it."""
        self._ended.set()
        self._thread.join(timeout=_LAST_PAUSE)
        self._failed = None
        self._leave()
        if self._failed is not None and self._place is not None:
            self._say(f"warning: cannot leave the journal for other machines in {self._place}: {self._failed}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        pause = _FIRST_PAUSE
        while not self._ended.wait(pause):
            self._leave()
            pause = min(_LAST_PAUSE, pause * 1.5)

    def _leave(self) -> None:
        place = self._place
        if place is None:
            return
        with self._lock:
            lines, self._lines = self._lines, []
        while lines:
            attempt = lines[0][0]
            batch = [line for of, line in lines if of == attempt]
            try:
                self._numbers[attempt] = append(place.objects, attempt, batch, after=self._numbers.get(attempt, 0))
            except (HiveMindError, OSError) as error:
                self._failed = str(error)
                with self._lock:
                    self._lines = lines + self._lines
                return
            lines = [one for one in lines if one[0] != attempt]


def _name(attempt: str, number: int) -> str:
    return f"{FOLDER}{attempt}/{number:05}.jsonl"


def _attempt(line: bytes) -> str:
    event = parse_event(line)
    return event.attempt if event else "unreadable"


def _whole(content: bytes) -> list[bytes]:
    """Its lines, without one that is torn, or is being written."""
    return [line for line in content.splitlines(keepends=True) if line.endswith(b"\n") and parse_event(line)]


def _extend(path: Path, lines: Sequence[bytes]) -> None:
    if not lines:
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "a+b") as file:
        size = file.seek(0, os.SEEK_END)
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        file.write((b"\n" if torn else b"") + b"".join(lines))
        file.flush()
        os.fsync(descriptor)


def _recall(folder: Path, objects: Objects) -> tuple[Sequence[str], int]:
    """What of a place is in the folder's journal, and how many bytes of that are in the place."""
    try:
        data = json.loads((folder / SHARED).read_text(encoding="utf-8"))
        if data["place"] == objects.address:
            return data["names"], int(data["bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return (), 0


def _remember(folder: Path, objects: Objects, names: Sequence[str], path: Path) -> None:
    size = path.stat().st_size if path.exists() else 0
    write_atomically(
        folder / SHARED, json.dumps({"place": objects.address, "bytes": size, "names": list(names)}) + "\n"
    )
