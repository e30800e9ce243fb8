"""Work on many instances at once: bounded, and every outcome is collected before anything is raised."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from hivemind.values.errors import HiveMindError, StageError

Subject = TypeVar("Subject")
Result = TypeVar("Result")

MOST = 16
"""Connections at a time."""


@dataclass(frozen=True)
class WorkResult(Generic[Subject, Result]):
    """One piece of work's end: its result or what it raised."""

    subject: Subject
    result: Result | None = None
    error: Exception | None = None


def on_each(
    subjects: Iterable[Subject], work: Callable[[Subject], Result], *, most: int = MOST
) -> tuple[WorkResult[Subject, Result], ...]:
    """Runs `work` on every subject, at most so many at a time; outcomes in the order of the subjects."""
    items = tuple(subjects)
    if not items:
        return ()

    def guarded(subject: Subject) -> WorkResult[Subject, Result]:
        try:
            return WorkResult(subject, work(subject))
        except Exception as error:  # noqa: BLE001  the caller decides after all have ended
            return WorkResult(subject, error=error)

    with ThreadPoolExecutor(max_workers=min(most, len(items)), thread_name_prefix="hosts") as executor:
        return tuple(executor.map(guarded, items))


def results(outcomes: Iterable[WorkResult[Subject, Result]]) -> tuple[Result, ...]:
    """The results when all went well. Else raises the first error, which then also tells how many others failed."""
    collected = tuple(outcomes)
    errors = [outcome.error for outcome in collected if outcome.error is not None]
    if not errors:
        return tuple(outcome.result for outcome in collected)  # type: ignore[misc]
    first = errors[0]
    if len(errors) > 1 and isinstance(first, HiveMindError):
        others = "; ".join(_line(error) for error in errors[1:])
        first.args = (f"{first.message} (and {len(errors) - 1} more: {others})",)
        first.message = str(first.args[0])
        if isinstance(first, StageError):
            first.lines = (*first.lines, *(line for error in errors[1:] for line in getattr(error, "lines", ())))
    raise first


def _line(error: Exception) -> str:
    return str(error).partition("\n")[0]
