"""What is wrong with the schedule of a job, in words, with the nearest right one. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hivemind.text.suggest import did_you_mean
from hivemind.values.cron import NICKNAMES, WEEKDAYS, Field, NoSchedule, parse

EXAMPLE = "Five fields, in UTC: minute, hour, day, month, weekday. For example: `0 3 * * *`."
_RATE = re.compile(r"rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)", re.IGNORECASE)
_AWS = re.compile(r"cron\((.*)\)", re.IGNORECASE)
_SIX = 6
_SUNDAY_IS_1 = re.compile(r"[1-7](-[1-7])?(,[1-7](-[1-7])?)*")


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a text, and what to write."""

    message: str
    hint: str


def wrong_with(text: str) -> Wrong | None:
    """What is wrong with a schedule; None where nothing is."""
    try:
        parse(text)
    except NoSchedule as error:
        return Wrong(f'"{text}" is not a schedule: {error}', _hint(text, error))
    return None


def _hint(text: str, error: NoSchedule) -> str:
    words = text.strip().lower()
    if words == "@reboot":
        return "A job runs by the clock. For what runs always, write `kind: worker`."
    if words.startswith("@"):
        return did_you_mean(words, NICKNAMES) or EXAMPLE
    nearest = _of_aws(words) or _of_six(words.split())
    if nearest is not None and _is_right(nearest):
        return f"Did you mean `{nearest}`?"
    return _hint_in(error.field, error.part) if error.field is not None else EXAMPLE


def _hint_in(field: Field, part: str) -> str:
    if "?" in part:
        return "Write `*` instead of `?`."
    if part.upper().endswith(("L", "W")) or "#" in part:
        return "cron has no L, W or #. Schedule more days, and let the command look at the date."
    low, dash, high = part.partition("-")
    if dash and _is_number(low, field) and _is_number(high, field):
        named = low in field.names
        return f"Write two ranges: `{low}-{_last(field, named=named)},{_first(field, named=named)}-{high}`."
    near = did_you_mean(part.lower(), field.names) if field.names else None
    words = f", or {field.names[0]} to {field.names[-1]}" if field.names else ""
    return near or f"From {field.first} to {field.last}{words}."


def _is_number(text: str, field: Field) -> bool:
    return text.isdigit() or text in field.names


def _first(field: Field, *, named: bool) -> str:
    return field.names[0] if named else str(field.first)


def _last(field: Field, *, named: bool) -> str:
    return field.names[-1] if named else str(field.first + len(field.names) - 1 if field.names else field.last)


def _of_aws(text: str) -> str | None:
    """EventBridge's notation: `rate(5 minutes)`, and `cron(0 3 * * ? *)` with a year, where Sunday is 1."""
    rate = _RATE.fullmatch(text)
    if rate:
        number, unit = int(rate[1]), rate[2]
        every = "*" if number == 1 else f"*/{number}"
        return {"minute": f"{every} * * * *", "hour": f"0 {every} * * *", "day": f"0 0 {every} * *"}[unit]
    written = _AWS.fullmatch(text)
    words = written[1].split() if written else []
    if len(words) != _SIX:
        return None
    weekday = words[4]
    if _SUNDAY_IS_1.fullmatch(weekday):
        weekday = re.sub(r"[1-7]", lambda day: str(int(day[0]) - 1), weekday)
    return " ".join([*words[:4], weekday]).replace("?", "*")


def _of_six(words: list[str]) -> str | None:
    """With a field for the seconds in front, as in Spring and Quartz, or with a year behind."""
    if len(words) != _SIX:
        return None
    plain = ["*" if word == "?" else word for word in words]
    # Of day and weekday one is a `?`: the third or fifth field with a year behind, else the fourth or sixth.
    with_year = "?" in (words[2], words[4]) or re.fullmatch(r"20\d\d(-20\d\d)?", plain[-1]) is not None
    with_year = with_year or any(name in plain[4] for name in WEEKDAYS)
    behind, before = " ".join(plain[:5]), " ".join(plain[1:])
    first = behind if with_year else before
    return first if _is_right(first) else behind


def _is_right(text: str) -> bool:
    try:
        parse(text)
    except NoSchedule:
        return False
    return True
