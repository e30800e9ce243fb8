"""Hours of operation: when an environment's instances and databases run. Pure.

One line, such as `mon-fri 07:00-20:00 Europe/Berlin`: days (default: all), from and until, and a time zone of the IANA
database (default: UTC).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from hivemind.text.suggest import did_you_mean

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UTC = "UTC"
EXAMPLE = "mon-fri 07:00-20:00 Europe/Berlin"
HOURS_A_WEEK = 168

_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_NOT_HOURS = f"For example: `{EXAMPLE}`."


@dataclass(frozen=True)
class Hours:
    """days: of the week, as in DAYS, in that order. start, end: minutes since midnight, end later. zone: its name in
    the IANA time zone database."""

    days: tuple[str, ...]
    start: int
    end: int
    zone: str = UTC

    @property
    def a_week(self) -> float:
        """Hours in a week."""
        return len(self.days) * (self.end - self.start) / 60

    def cron(self, minute: int) -> str:
        """The expression of EventBridge Scheduler for that minute of these days (EventBridge Scheduler User Guide,
        "Schedule types": minutes, hours, day of the month, month, day of the week, year)."""
        return f"cron({minute % 60} {minute // 60} ? * {','.join(day.upper() for day in self.days)} *)"

    def includes(self, moment: datetime) -> bool:
        """Whether what has these hours runs then. moment: with a time zone."""
        there = moment.astimezone(ZoneInfo(self.zone))
        return DAYS[there.weekday()] in self.days and self.start <= there.hour * 60 + there.minute < self.end

    def next_start(self, moment: datetime) -> datetime:
        """When they begin next after a moment, in their time zone. moment: with a time zone."""
        there = moment.astimezone(ZoneInfo(self.zone))
        for ahead in range(8):
            day = (there + timedelta(days=ahead)).replace(
                hour=self.start // 60, minute=self.start % 60, second=0, microsecond=0
            )
            if DAYS[day.weekday()] in self.days and day > there:
                return day
        raise AssertionError("a week has each of its days")

    def __str__(self) -> str:
        span = f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"
        return f"{','.join(self.days)} {span} {self.zone}"


@dataclass(frozen=True)
class NoHours:
    """What is wrong with a text, and what to write."""

    message: str
    hint: str = _NOT_HOURS


def hours_of(text: str) -> Hours | NoHours:
    """The hours that a text says, or what is wrong with it."""
    words = text.split()
    at = next((number for number, word in enumerate(words) if ":" in word), None)
    if at is None or at > 1 or len(words) > at + 2:
        return NoHours(f'"{text}" is not hours of operation: days, from-until and a time zone')
    days = days_of(words[0]) if at else DAYS
    if isinstance(days, NoHours):
        return days
    span = words[at].split("-")
    minutes = [minute_of(word) for word in span]
    if len(span) != 2 or None in minutes:
        return NoHours(f'"{words[at]}" is not a time of day until another', "Write it as `07:00-20:00`.")
    start, end = (minute for minute in minutes if minute is not None)
    if start >= end:
        return NoHours(f"{span[1]} is not later than {span[0]}", "Hours begin and end on one day.")
    zone = words[at + 1] if len(words) > at + 1 else UTC
    if not _is_zone(zone):
        near = did_you_mean(zone, _zones())
        return NoHours(f'unknown time zone "{zone}"', near or "Name it as `Europe/Berlin`; UTC unless you name one.")
    return Hours(days, start, end, zone)


def days_of(text: str) -> tuple[str, ...] | NoHours:
    """`mon-fri`, `mon,wed,fri` or `sat`, in the order of the week."""
    found: set[str] = set()
    for part in text.lower().split(","):
        first, dash, last = part.partition("-")
        for day in (first, last if dash else first):
            if day not in DAYS:
                return NoHours(
                    f'"{day}" is not a day of the week', did_you_mean(day, DAYS) or f"Days: {', '.join(DAYS)}."
                )
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found |= {DAYS[number % 7] for number in range(begin, (end if end >= begin else end + 7) + 1)}
    return tuple(day for day in DAYS if day in found)


def minute_of(text: str) -> int | None:
    """Minutes since midnight of `07:30`; 24:00 is no time here, since nothing begins then."""
    match = _TIME.fullmatch(text)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return None
    return int(match[1]) * 60 + int(match[2])


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _is_zone(name: str) -> bool:
    """A machine without the time zone database knows none: there, AWS says what is wrong."""
    return name == UTC or name in _zones() or (not _zones() and _ZONE.fullmatch(name) is not None)
