"""When a schedule is due, compared with its meaning and with systemd's own calendar."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.values.cron import parse


def due(schedule: str, after: str) -> str:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC).timestamp()
    return datetime.fromtimestamp(parse(schedule).next(moment), UTC).strftime("%a %Y-%m-%d %H:%M")


@pytest.mark.fast
@pytest.mark.parametrize(
    ("schedule", "after", "then"),
    [
        ("0 3 * * *", "2026-11-30 02:59:59", "Mon 2026-11-30 03:00"),
        ("0 3 * * *", "2026-11-30 03:00:00", "Tue 2026-12-01 03:00"),
        ("*/20 * * * *", "2026-11-30 23:41", "Tue 2026-12-01 00:00"),
        ("0 0 29 2 *", "2026-01-01", "Tue 2028-02-29 00:00"),
        ("0 0 29 2 *", "2096-03-01", "Fri 2104-02-29 00:00"),
        ("30 8 * * 1-5", "2026-11-28", "Mon 2026-11-30 08:30"),
        ("0 0 1 * 5", "2026-11-28", "Tue 2026-12-01 00:00"),
        ("0 0 13 * 5", "2026-12-01", "Fri 2026-12-04 00:00"),
        ("0 0 */2 * 1", "2026-11-28", "Mon 2026-12-07 00:00"),
        ("0 0 * * 7", "2026-11-28", "Sun 2026-11-29 00:00"),
        ("@monthly", "2026-11-28", "Tue 2026-12-01 00:00"),
        ("50/5 23 31 dec *", "2026-12-31 23:55", "Fri 2027-12-31 23:50"),
    ],
)
def test_when_it_is_due(schedule: str, after: str, then: str) -> None:
    assert due(schedule, after) == then


def numbers(first: int, last: int) -> st.SearchStrategy[str]:
    one = st.integers(first, last)
    span = st.tuples(one, one).map(sorted).map(lambda two: f"{two[0]}-{two[1]}")
    step = st.builds("{}/{}".format, st.one_of(st.just("*"), span), st.integers(1, 20))
    return st.one_of(st.just("*"), st.lists(st.one_of(one.map(str), span, step), min_size=1, max_size=3).map(",".join))


SCHEDULES = st.tuples(numbers(0, 59), numbers(0, 23), numbers(1, 28), numbers(1, 12), numbers(0, 7)).map(" ".join)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 12, 31))  # noqa: DTZ001 - made UTC where it is used


@pytest.mark.property
@given(SCHEDULES, MOMENTS)
def test_no_moment_between_is_due(schedule: str, moment: datetime) -> None:
    read, start = parse(schedule), moment.replace(tzinfo=UTC)
    found = datetime.fromtimestamp(read.next(start.timestamp()), UTC)
    assert found > start
    assert fits(schedule, found)
    minute = (start + timedelta(minutes=1)).replace(second=0, microsecond=0)
    for ahead in range(min(2000, int((found - minute).total_seconds() // 60))):
        assert not fits(schedule, minute + timedelta(minutes=ahead))


def fits(schedule: str, moment: datetime) -> bool:
    """As crontab(5) says it, field by field."""
    texts = schedule.split()
    values = (moment.minute, moment.hour, moment.day, moment.month, moment.isoweekday() % 7)
    ends = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    minute, hour, day, month, weekday = (
        any(_in(part, value, *end) or (end == (0, 7) and value == 0 and _in(part, 7, *end)) for part in text.split(","))
        for text, value, end in zip(texts, values, ends, strict=True)
    )
    both = not texts[2].startswith("*") and not texts[4].startswith("*")
    return minute and hour and month and ((day or weekday) if both else (day and weekday))


def _in(part: str, value: int, first: int, last: int) -> bool:
    span, _, step = part.partition("/")
    low, _, high = span.partition("-")
    begin = first if span == "*" else int(low)
    end = last if span == "*" or (step and not high) else int(high or low)
    return begin <= value <= end and (value - begin) % int(step or 1) == 0


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")
@pytest.mark.parametrize(
    "schedule",
    [
        "0 3 * * *",
        "*/7 8-18 * * mon-fri",
        "0 0 13 * 5",
        "15,45 */6 1-7 jan,jul *",
        "0 0 29 2 *",
        "0 0 */2 * 1",
        "@weekly",
    ],
)
def test_systemd_comes_to_the_same_times(schedule: str) -> None:
    base = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
    ours, moment = set(), base.timestamp()
    for _ in range(5):
        moment = parse(schedule).next(moment)
        ours.add(datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S"))
    theirs: set[str] = set()
    for calendar in parse(schedule).on_calendar():
        words = ["systemd-analyze", "calendar", "--iterations=5", "--base-time=2026-11-30 12:00:00 UTC", calendar]
        told = subprocess.run(words, capture_output=True, text=True, check=True, env={"TZ": "UTC"}).stdout
        theirs |= {
            " ".join(line.split()[-3:-1])
            for line in told.splitlines()
            if "Next elapse" in line or "Iteration" in line or line.strip().startswith("Iter")
        }
    assert ours == set(sorted(theirs)[:5])
