"""What became of the requests: counts, losses, latencies beside the same without a switch, rows written once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.load.client import WEIGHTS, Answered
from benchmarks.load.releasing import Done

_TIMED = frozenset(WEIGHTS) - {"slow"}
LEAST = 100
"""Requests that a percentile needs to mean something."""


@dataclass(frozen=True)
class Report:
    """rows: id -> how often the table has it, for all that the application accepted and all that the table has."""

    rate: float
    answered: Sequence[Answered]
    done: Sequence[Done]
    rows: Counter[str]
    disagreed: Sequence[str] = ()

    @property
    def requests(self) -> int:
        return sum(one.kind in WEIGHTS for one in self.answered)

    @property
    def lost(self) -> list[Answered]:
        """Requests, sockets and streams that failed, hung or were cut off."""
        return [one for one in self.answered if one.wrong]

    @property
    def accepted(self) -> set[str]:
        """Ids of rows that the application said it wrote."""
        return {one.key for one in self.answered if one.key and not one.wrong}

    @property
    def wrong_rows(self) -> list[str]:
        """Ids that were accepted and are not there once."""
        return sorted(key for key in self.accepted if self.rows[key] != 1)

    def p99(self, *, switching: bool) -> float | None:
        """Seconds in which 99 % of the requests were answered that were due during a switch, or during a build without
        one; None for too few."""
        return percentile([one.seconds for one in self.answered if self._counts(one, switching=switching)], 0.99)

    def _counts(self, one: Answered, *, switching: bool) -> bool:
        spans = [span for done in self.done if done.begin <= one.due <= done.end for span in done.spans]
        switches = any(span.switches and span.begin <= one.due <= span.end for span in spans)
        builds = any(span.stage == "build" and span.begin <= one.due <= span.end for span in spans)
        return one.kind in _TIMED and not one.wrong and (switches if switching else builds and not switches)

    @property
    def good(self) -> bool:
        return not (self.lost or self.wrong_rows or self.disagreed)

    def lines(self) -> Iterable[str]:
        """The report, for people."""
        kinds = Counter(one.kind for one in self.answered)
        lost = Counter(one.kind for one in self.lost)
        yield f"{self.requests} requests at {self.rate:g}/s, {len(self.lost)} failed, hung or cut off"
        for kind in (*WEIGHTS, "socket", "stream"):
            yield f"  {kind:7} {kinds[kind]:7}  lost {lost[kind]}"
        for wrong, count in Counter(f"{one.kind}: {one.wrong}" for one in self.lost).most_common(8):
            yield f"  {count} x {wrong}"
        yield f"{len(self.accepted)} rows accepted, {len(self.wrong_rows)} of them not there once"
        for what in sorted({one.what for one in self.done}):
            took = sorted(one.end - one.begin for one in self.done if one.what == what)
            yield f"{len(took)} {what}s, median {took[len(took) // 2]:.1f} s, longest {took[-1]:.1f} s"
        yield from self.disagreed
        calm, switching = self.p99(switching=False), self.p99(switching=True)
        if calm is not None and switching is not None:
            ratio = switching / calm
            yield f"p99 {calm * 1000:.0f} ms in a build, {switching * 1000:.0f} ms in a switch ({ratio:.2f} times)"

    def as_json(self) -> dict[str, Any]:
        return {
            "rate": self.rate,
            "answered": [asdict(one) for one in self.answered],
            "done": [asdict(one) for one in self.done],
            "switches": [[span.begin, span.end] for one in self.done for span in one.spans if span.switches],
        }


def percentile(values: Sequence[float], part: float) -> float | None:
    """The value that `part` of the values do not exceed; None for fewer than LEAST of them."""
    if len(values) < LEAST:
        return None
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]
