"""Calling event listeners so that none of them can stop or slow down a run."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hivemind.blame import PluginError, Source, summary_of

PATIENCE = 5.0
"""Seconds that one listener may take for one event (`hivemind_event`)."""

Call = tuple[Source, Callable[..., object], Mapping[str, Any]]


class Listeners:
    """Calls listeners one after another on a thread of its own, and remembers which have been reported."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._lock = threading.RLock()
        self._reported: set[str] = set()
        self._silenced: set[str] = set()
        self._worker: _Worker | None = None

    def tell(self, calls: Iterable[Call]) -> tuple[PluginError, ...]:
        """Makes the calls; returns failures of plugins that had none before."""
        failures = []
        with self._lock:
            for source, function, arguments in calls:
                if source.name in self._silenced:
                    continue
                error = self._call(source, function, arguments)
                if error and source.name not in self._reported:
                    self._reported.add(source.name)
                    failures.append(error)
        return tuple(failures)

    def _call(
        self, source: Source, function: Callable[..., object], arguments: Mapping[str, Any]
    ) -> PluginError | None:
        worker = self._worker = self._worker or _Worker()
        try:
            error = worker.run(lambda: function(**arguments), self._patience)
        except queue.Empty:
            # The thread is lost to the listener; the next one gets a new thread.
            self._worker = None
            self._silenced.add(source.name)
            summary = f"it took over {self._patience:g} s for one event, and gets no more of them in this run"
            return PluginError(source, summary, hook="hivemind_event")
        if error is None:
            return None
        failure = PluginError(source, summary_of(error), hook="hivemind_event")
        failure.__cause__ = error
        return failure


class _Worker:
    """A daemon thread that runs one call at a time."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        threading.Thread(target=self._serve, name="hivemind-listeners", daemon=True).start()

    def run(self, call: Callable[[], object], timeout: float) -> BaseException | None:
        """What the call raised, or None. Raises queue.Empty when it takes longer than `timeout` seconds."""
        self._calls.put(call)
        return self._outcomes.get(timeout=timeout)

    def _serve(self) -> None:
        while True:
            call = self._calls.get()
            try:
                call()
            except BaseException as error:  # noqa: BLE001 - reported with the plugin's name by the caller
                self._outcomes.put(error)
            else:
                self._outcomes.put(None)
