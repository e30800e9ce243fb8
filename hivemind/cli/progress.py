"""How a run is shown while it goes on: a live tree, plain lines, or JSON lines."""

from __future__ import annotations

import json as jsonlib
import os
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Protocol, Self, TextIO

from hivemind.cli.tree import Tree, with_owner
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.events import Event, EventKind

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

SILENCE = 30.0
"""Seconds without a plain line after which one says what is waited for."""
REFRESHES = 4
"""Redraws of the tree a second: enough for the seconds to run, few enough not to flicker."""


class Renderer(Protocol):
    """Shows events; used as a context manager around the run. Called from any thread."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def __call__(self, event: Event) -> None: ...


def renderer(json: bool, stream: TextIO, *, clock: Clock = SYSTEM_CLOCK) -> Renderer:
    """The renderer that suits where the output goes.

    json: one JSON object an event. Otherwise a live tree in a terminal, and plain lines in CI, in a pipe,
    with NO_COLOR or TERM=dumb.
    """
    if json:
        return JsonLines(stream)
    return LiveTree(stream, clock) if _is_live(stream) else PlainLines(stream, clock)


def _is_live(stream: TextIO) -> bool:
    quiet = ("CI", "NO_COLOR")
    return stream.isatty() and not any(os.environ.get(name) for name in quiet) and os.environ.get("TERM") != "dumb"


class _Lines:
    """Writes whole lines, one at a time."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def _write(self, line: str) -> None:
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()


class JsonLines(_Lines):
    """Every event as one JSON object on a line."""

    def __call__(self, event: Event) -> None:
        self._write(jsonlib.dumps(event.as_json(), ensure_ascii=False))


class PlainLines(_Lines):
    """One line an event: time since the first, stage, step, message. Mere progress is left out; after half a minute
    without a line one says what is waited for."""

    MARKS: ClassVar[Mapping[EventKind, str]] = {
        EventKind.STARTED: "...",
        EventKind.NOTE: "",
        EventKind.FINISHED: "done",
        EventKind.FAILED: "FAILED",
        EventKind.SKIPPED: "skipped",
    }

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        super().__init__(stream)
        self._clock = clock
        self._tree = Tree()
        self._started: float | None = None
        self._last = clock.monotonic()
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._over = threading.Event()
        threading.Thread(target=self._watch, args=(self._over,), name="hivemind-progress", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()

    def __call__(self, event: Event) -> None:
        with self._lock:
            now = self._clock.monotonic()
            self._started = now if self._started is None else self._started
            self._tree.add(event, now)
        event = with_owner(event)
        if event.kind is not EventKind.PROGRESS:
            step = "" if event.step == event.stage else event.step
            parts = (f"{event.stage:9}", step, self.MARKS[event.kind], event.message)
            self._say("  ".join(part for part in parts if part))

    def remind(self) -> None:
        """Says what is waited for, where nothing has been said for a while."""
        with self._lock:
            now = self._clock.monotonic()
            waiting = self._tree.waiting(now) if now - self._last >= SILENCE else None
        if waiting:
            self._say(f"still {waiting}")

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(SILENCE / 10):
            self.remind()

    def _say(self, text: str) -> None:
        self._last = self._clock.monotonic()
        passed = 0 if self._started is None else int(self._last - self._started)
        self._write(f"[{passed // 60:02}:{passed % 60:02}] {text}".rstrip())


def _window(stream: TextIO, said: tuple[int, int]) -> tuple[int, int]:
    """Columns and lines of a terminal, at most what is said: COLUMNS of a shell may be those of a wider window, and
    lines that wrap scroll the tree away."""
    try:
        columns, lines = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return said
    return min(said[0], columns or said[0]), min(said[1], lines or said[1])


class LiveTree:
    """One tree that is redrawn in place and never higher or wider than the window; notes scroll by above it."""

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        from rich.console import Console

        self._clock = clock
        self._tree = Tree()
        self._lock = threading.Lock()
        self._console = Console(file=stream, highlight=False, soft_wrap=False)
        self._stream = stream
        self._live: Live | None = None

    def __enter__(self) -> Self:
        from rich.live import Live

        # Anew each time: one that was used before draws over what was written after it, such as a question.
        self._live = Live(
            console=self._console,
            get_renderable=self._draw,
            refresh_per_second=REFRESHES,
            vertical_overflow="crop",
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start(refresh=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        if event.kind is EventKind.NOTE:
            self._console.print(event.message, markup=False)
            return
        with self._lock:
            self._tree.add(event, self._clock.monotonic())

    def _draw(self) -> Text:
        from rich.text import Text

        said = self._console.size
        width, height = _window(self._stream, (said.width, said.height))
        with self._lock:
            # Room for the ^C that the terminal writes after the last line: one that wraps would double a line.
            lines = self._tree.lines(self._clock.monotonic(), width=width - 3, height=height - 2)
        text = Text(no_wrap=True, overflow="crop", end="")
        for index, line in enumerate(lines):
            mark = line.lstrip()[:1]
            style = {"✔": "green", "✘": "red"}.get(mark)
            text.append("\n" if index else "")
            start = len(text)
            text.append(line)
            if style:
                at = start + line.index(mark)
                text.stylize(style, at, at + 1)
        return text
