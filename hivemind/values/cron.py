"""Schedules in the notation of cron: five fields, in UTC. What a timer of systemd needs of them, and when one is due.

As crontab(5): lists, ranges, steps and names; 7 is Sunday like 0; where day and weekday are both restricted (neither
begins with `*`), a day that fits one of them counts.
"""

from __future__ import annotations

import calendar
import re
import time
from typing import NamedTuple

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_DAY = 86_400
_FARTHEST_DAYS = 366 * 9
"""A 29 February is at most eight years away (2096 to 2104)."""


class Field(NamedTuple):
    """A field of a schedule. first, last: its least and greatest number. names: words for numbers from `first` on."""

    name: str
    first: int
    last: int
    names: tuple[str, ...] = ()


FIELDS = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31),
    Field("month", 1, 12, MONTHS),
    Field("day of the week", 0, 7, WEEKDAYS),
)


class NoSchedule(ValueError):
    """A text is no schedule. field: in which of FIELDS the fault is, None for all of it. part: the faulty text."""

    def __init__(self, message: str, field: Field | None = None, part: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.part = part


class Schedule(NamedTuple):
    """The numbers of each field, ascending; weekdays from Sunday, 0. either: whether a day need only fit one of
    `days` and `weekdays`."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either: bool = False

    def next(self, after: float) -> float:
        """The first moment later than another. after, and the answer: seconds of the Unix epoch."""
        found = self._next(after)
        assert found is not None, "parse refuses what never comes"
        return found

    def _next(self, after: float) -> float | None:
        start = int(after // 60 + 1) * 60
        midnight = start - start % _DAY
        for day in range(midnight, midnight + _FARTHEST_DAYS * _DAY, _DAY):
            at = time.gmtime(day)
            if not self._on(at):
                continue
            for hour in self.hours:
                for minute in self.minutes:
                    moment = day + hour * 3600 + minute * 60
                    if moment >= start:
                        return float(moment)
        return None

    def _on(self, at: time.struct_time) -> bool:
        if at.tm_mon not in self.months:
            return False
        day, weekday = at.tm_mday in self.days, (at.tm_wday + 1) % 7 in self.weekdays
        return day or weekday if self.either else day and weekday

    def on_calendar(self) -> tuple[str, ...]:
        """As values of OnCalendar= (systemd.time(7), "Calendar events"); a job is due when any of them is."""
        clock = f"{_listed(self.hours, FIELDS[1])}:{_listed(self.minutes, FIELDS[0])}:00 UTC"
        month = _listed(self.months, FIELDS[3])
        date = f"*-{month}-{_listed(self.days, FIELDS[2])}"
        names = ",".join(WEEKDAYS[number].capitalize() for number in self.weekdays)
        on = "" if len(self.weekdays) == len(WEEKDAYS) else f"{names} "
        if self.either:
            return (f"{date} {clock}", f"{on}*-{month}-* {clock}")
        return (f"{on}{date} {clock}",)


def parse(text: str) -> Schedule:
    """Reads a schedule. Raises NoSchedule, which says what is wrong."""
    words = NICKNAMES.get(text.strip().lower(), text).split()
    if len(words) != len(FIELDS):
        raise NoSchedule(f"{len(words)} field{'' if len(words) == 1 else 's'} instead of {len(FIELDS)}")
    minutes, hours, days, months, weekdays = map(_numbers, words, FIELDS)
    either = not words[2].startswith("*") and not words[4].startswith("*")
    weekdays = tuple(sorted({number % 7 for number in weekdays}))
    made = Schedule(minutes, hours, days, months, weekdays, either)
    if not either and min(days) > max(calendar.monthrange(2024, month)[1] for month in months):
        raise NoSchedule("that day never comes")
    return made


def _numbers(text: str, field: Field) -> tuple[int, ...]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        if slash and not re.fullmatch(r"[0-9]{1,3}", step):
            raise NoSchedule(f'"{step}" is not a step', field, part)
        low, dash, high = span.partition("-")
        if span == "*":
            first, last = field.first, field.last
        else:
            first = _number(low, field, part)
            # A step without a range goes on to the end, as in Vixie's cron.
            last = _number(high, field, part) if dash else field.last if step else first
        if first > last:
            raise NoSchedule(f"{span} goes backwards", field, part)
        if slash and int(step) == 0:
            raise NoSchedule("a step of 0", field, part)
        found.update(range(first, last + 1, int(step or 1)))
    return tuple(sorted(found))


def _number(text: str, field: Field, part: str) -> int:
    if text.lower() in field.names:
        return field.names.index(text.lower()) + field.first
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise NoSchedule(f'"{text or part}" is not a {field.name}', field, text or part)
    if not field.first <= int(text) <= field.last:
        raise NoSchedule(f"{field.name} {text} is not between {field.first} and {field.last}", field, text)
    return int(text)


def _listed(numbers: tuple[int, ...], field: Field) -> str:
    if len(numbers) == field.last - field.first + 1:
        return "*"
    return ",".join(f"{number:02}" for number in numbers)
