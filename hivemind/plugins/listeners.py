"""Calling event listeners (`hivemind_event`) off the run's thread, so that none of them can stop or slow down a run.

Each listener has a thread and a queue of its own: it hears every event in order, at its own pace.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from hivemind.hookspecs import DEADLINES
from hivemind.plugins.calling import PluginError, PluginOverdue, PluginSource, call
from hivemind.plugins.patience import PATIENCE, WAITING
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.events import Event, EventKind

HOOK = "hivemind_event"
MOST = 1000
"""Events that wait for one listener. An apply has some hundred; of more, the oldest progress goes first."""
FLUSH = 10.0
"""Seconds that the end of a run waits for listeners that are behind, all together."""

Listener = tuple[PluginSource, Callable[..., object], bool]
"""A plugin, its function, and whether it takes the event."""


class Listeners:
    """The listeners of a run. patience: seconds that one may take for one event; None: as the hook says."""

    def __init__(self, patience: float | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        self._patience = patience
        self._clock = clock
        self._lock = threading.Lock()
        self._queues: dict[str, _Queue] = {}

    def tell(self, listeners: Iterable[Listener], event: Event) -> tuple[PluginError, ...]:
        """Hands the event to every listener's queue; returns what went wrong since the last time, once a plugin."""
        with self._lock:
            for source, function, takes in listeners:
                queue = self._queues.get(source.name)
                if queue is None:
                    patience = DEADLINES[HOOK] if self._patience is None else self._patience
                    queue = self._queues[source.name] = _Queue(source, function, takes, patience)
                queue.put(event)
            return self._failures()

    def flush(self, seconds: float = FLUSH) -> tuple[PluginError, ...]:
        """Waits until every listener has heard everything but progress, for at most so many seconds in all.

        Says after 2 seconds who is waited for. One that is not done after half of the time hears the last event alone,
        which says how the run ended. Returns as `tell`; a listener that did not hear all is one of the failures.
        """
        start = self._clock.monotonic()
        with self._lock:
            queues = [self._queues[name] for name in sorted(self._queues)]
        for queue in queues:
            queue.skip_progress()
        for queue in queues:
            if not queue.settled(min(PATIENCE, self._left(start, seconds / 2))) and self._left(start, seconds) > 0:
                WAITING.get()(f"waiting for plugin {queue.source} in {HOOK}")
                queue.settled(self._left(start, seconds / 2))
            queue.keep(1)
        for queue in queues:
            queue.settled(self._left(start, seconds))
            queue.keep(0)
        with self._lock:
            return self._failures()

    def _left(self, start: float, seconds: float) -> float:
        return max(0.0, start + seconds - self._clock.monotonic())

    def _failures(self) -> tuple[PluginError, ...]:
        found = (self._queues[name].failure() for name in sorted(self._queues))
        return tuple(error for error in found if error is not None)


class _Queue:
    """The events that one listener has still to hear, and the thread that calls it while there are any."""

    def __init__(self, source: PluginSource, function: Callable[..., object], takes: bool, patience: float) -> None:
        self.source = source
        self._function = function
        self._takes = takes
        self._patience = patience
        self._changed = threading.Condition()
        self._events: deque[Event] = deque()
        self._serving = False
        self._silenced = False
        self._reported = False
        self._error: PluginError | None = None
        self._lost = 0

    def put(self, event: Event) -> None:
        with self._changed:
            if self._silenced:
                return
            self._events.append(event)
            if len(self._events) > MOST:
                self._events.remove(next((one for one in self._events if _is_progress(one)), self._events[0]))
                self._lost += 1
            if not self._serving:
                self._serving = True
                threading.Thread(target=self._serve, name=f"listener {self.source.name}", daemon=True).start()

    def skip_progress(self) -> None:
        with self._changed:
            self._events = deque(event for event in self._events if not _is_progress(event))

    def settled(self, seconds: float) -> bool:
        """Waits until there is nothing left to hear; False after so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._serving, timeout=seconds)

    def keep(self, most: int) -> None:
        """Forgets what was not heard but the last events, so many at most."""
        with self._changed:
            while len(self._events) > most:
                self._events.popleft()
                self._lost += 1

    def failure(self) -> PluginError | None:
        """What went wrong, the first time that it is asked for after it did."""
        with self._changed:
            if self._lost and self._error is None:
                summary = f"it was too slow and missed {self._lost} event{'s' if self._lost > 1 else ''}"
                self._error = PluginError(self.source, summary, hook=HOOK)
            if self._error is None or self._reported:
                return None
            self._reported = True
            return self._error

    def _serve(self) -> None:
        while (event := self._next()) is not None:
            arguments = {"event": event} if self._takes else {}
            try:
                call(
                    self.source,
                    HOOK,
                    partial(self._function, **arguments),
                    code=self._function,
                    seconds=self._patience,
                    announced=False,
                )
            except PluginError as error:
                self._failed(error)

    def _next(self) -> Event | None:
        """The event that is to be heard now; None ends the thread."""
        with self._changed:
            if self._events:
                return self._events.popleft()
            self._serving = False
            self._changed.notify_all()
            return None

    def _failed(self, error: PluginError) -> None:
        with self._changed:
            self._error = self._error or error
            if isinstance(error, PluginOverdue):
                self._silenced = True
                self._events.clear()


def _is_progress(event: Event) -> bool:
    return event.kind is EventKind.PROGRESS
