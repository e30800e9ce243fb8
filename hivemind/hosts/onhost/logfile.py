"""The supervisor's log of an application: bounded, rotated, a time before every line."""

from __future__ import annotations

import collections
import os
import re
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

LIMIT = 5_000_000
LONGEST_LINE = 16_384
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")


class LogFile:
    """Appends output to a file. At `limit` bytes it is renamed to `.1`, which replaces the one before."""

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self._path = path
        self._limit = limit
        self._rest = b""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._open()

    def feed(self, data: bytes) -> None:
        """Takes output as it comes; complete lines are written."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        while len(self._rest) > LONGEST_LINE:
            lines.append(self._rest[:LONGEST_LINE])
            self._rest = self._rest[LONGEST_LINE:]
        for line in lines:
            self._write(line)
        self._file.flush()

    def end(self) -> None:
        """Writes an unfinished last line."""
        if self._rest:
            self.feed(b"\n")

    def say(self, text: str) -> None:
        """A line of the supervisor's own."""
        self.end()
        self.feed(f"hivemind: {text}\n".encode())

    def close(self) -> None:
        self.end()
        self._file.close()

    def _open(self) -> IO[bytes]:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        return os.fdopen(descriptor, "ab")

    def _write(self, line: bytes) -> None:
        now = datetime.now(timezone.utc)
        self._file.write(stamp(now).encode() + line[:LONGEST_LINE].rstrip(b"\r") + b"\n")
        if self._file.tell() >= self._limit:
            self._file.close()
            self._path.replace(self._path.with_name(self._path.name + ".1"))
            self._file = self._open()


def stamp(time: datetime) -> str:
    """What a line of the log begins with."""
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z "


def last_lines(path: Path, count: int, *, stamped: bool = False, since: float | None = None) -> list[str]:
    """The last lines, from the rotated file too where needed. since: seconds of the Unix epoch before which none is
    wanted."""
    lines: collections.deque[str] = collections.deque(maxlen=count)
    first = "" if since is None else stamp(datetime.fromtimestamp(since, timezone.utc))
    for file in (path.with_name(path.name + ".1"), path):
        if file.exists():
            with file.open(encoding="utf-8", errors="replace", newline="\n") as stream:
                # Times of one form are in order as text is.
                lines.extend(line.rstrip("\n") for line in stream if line >= first)
    return [line if stamped else STAMP.sub("", line, count=1) for line in lines]


def follow(path: Path, count: int) -> Iterator[str | None]:
    """The last lines and everything after them, over rotations, without an end. None whenever nothing is new."""
    stream: IO[str] | None = None
    rest = ""
    first = True
    while True:
        if stream is None and path.exists():
            stream = path.open(encoding="utf-8", errors="replace", newline="\n")
        text = stream.read() if stream else ""
        if text:
            *lines, rest = (rest + text).split("\n")
            yield from lines[max(0, len(lines) - count) :] if first else lines
        elif stream is not None and _replaced(path, stream):
            stream.close()
            stream = None
        else:
            yield None
            time.sleep(0.2)
        first = False


def _replaced(path: Path, stream: IO[str]) -> bool:
    try:
        return path.stat().st_ino != os.fstat(stream.fileno()).st_ino
    except FileNotFoundError:
        return True
