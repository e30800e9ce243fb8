"""Hours of operation as a blueprint says them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.blueprint.hours import DAYS, Hours, NoHours, hours_of

pytestmark = pytest.mark.property

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("mon-fri 07:00-20:00 Europe/Berlin", Hours(WEEKDAYS, 420, 1200, "Europe/Berlin")),
        ("7:30-18:00", Hours(DAYS, 450, 1080)),
        ("Sat,mon 00:00-23:59 UTC", Hours(("mon", "sat"), 0, 1439)),
        ("fri-mon 09:00-10:00", Hours(("mon", "fri", "sat", "sun"), 540, 600)),
    ],
)
def test_what_is_written_is_read(text: str, hours: Hours) -> None:
    assert hours_of(text) == hours
    assert hours_of(str(hours)) == hours


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("mo-fri 07:00-20:00", '"mo" is not a day of the week', "Did you mean mon?"),
        ("mon-fri", '"mon-fri" is not hours of operation: days, from-until and a time zone', "For example"),
        ("mon 07:00 - 20:00", "is not hours of operation", "For example"),
        ("07:00-25:00", '"07:00-25:00" is not a time of day until another', "07:00-20:00"),
        ("20:00-07:00", "07:00 is not later than 20:00", "one day"),
        ("07:00-20:00 Europe/Berln", 'unknown time zone "Europe/Berln"', "Did you mean Europe/Berlin?"),
        ("", "is not hours of operation", "For example"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str, hint: str) -> None:
    wrong = hours_of(text)
    assert isinstance(wrong, NoHours)
    assert message in wrong.message
    assert hint in wrong.hint


@given(st.text(max_size=60))
def test_any_text_is_hours_or_says_why_not(text: str) -> None:
    assert isinstance(hours_of(text), Hours | NoHours)


@given(
    days=st.sets(st.sampled_from(DAYS), min_size=1),
    span=st.tuples(st.integers(0, 1439), st.integers(0, 1439)).filter(lambda two: two[0] < two[1]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"]),
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001 - made UTC below
)
def test_outside_of_them_the_next_start_is_within_a_week_and_is_inside(
    days: set[str], span: tuple[int, int], zone: str, moment: datetime
) -> None:
    hours = Hours(tuple(day for day in DAYS if day in days), *span, zone)
    now = moment.replace(tzinfo=UTC)
    start = hours.next_start(now)
    assert now < start <= now + timedelta(days=7, hours=2)
    assert (start.hour * 60 + start.minute, DAYS[start.weekday()] in days) == (span[0], True)


def test_they_are_those_of_the_time_zone() -> None:
    hours = Hours(WEEKDAYS, 420, 1200, "Europe/Berlin")
    monday = datetime(2026, 11, 30, 5, 59, tzinfo=UTC)
    assert not hours.includes(monday)
    assert hours.includes(monday + timedelta(minutes=1))
    assert not hours.includes(monday - timedelta(days=1, hours=-6))
    assert hours.a_week == 65
