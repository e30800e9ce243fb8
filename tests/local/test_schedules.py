"""The local cloud's schedules: when they are due, and which it takes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.local import schedules
from hivemind.local.resource_kind import ResourceFailed

pytestmark = pytest.mark.fast

BEGIN = datetime(2026, 11, 30, tzinfo=UTC)


def schedule(
    expression: str = "cron(0 7 ? * MON,FRI *)", action: str = "ec2:stopInstances", **more: Any
) -> dict[str, Any]:
    return {
        "ScheduleExpression": expression, "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": f"arn:aws:scheduler:::aws-sdk:{action}", "Input": "{}"}, **more,
    }  # fmt: skip


UTC_ONE = schedule(ScheduleExpressionTimezone="UTC")


@given(steps=st.lists(st.integers(1, 86_400), min_size=1, max_size=200))
def test_it_is_due_once_a_moment_however_often_one_looks(steps: list[int]) -> None:
    looks = [BEGIN]
    for step in steps:
        looks.append(looks[-1] + timedelta(seconds=step))
    times = sum(schedules.is_due(UTC_ONE, *pair) for pair in pairwise(looks))
    moments, day = 0, BEGIN.replace(hour=7)
    while day <= looks[-1]:
        moments += day.weekday() in (0, 4)
        day += timedelta(days=1)
    assert times == moments


def test_a_disabled_one_is_never_due() -> None:
    week = [BEGIN + timedelta(hours=hour) for hour in range(168)]
    pairs = list(pairwise(week))
    assert sum(schedules.is_due(schedule(), *pair) for pair in pairs) == 2
    assert not any(schedules.is_due(schedule(State="DISABLED"), *pair) for pair in pairs)


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        (schedule("rate(5 minutes)"), "Invalid Schedule Expression rate(5 minutes)"),
        (schedule(action="lambda:invoke"), "has no schedules for lambda:invoke"),
        (schedule(ScheduleExpressionTimezone="Mars/Base"), "Invalid ScheduleExpressionTimezone Mars/Base"),
        ({"ScheduleExpression": "cron(0 7 ? * MON *)"}, "required key [Target] not found"),
    ],
)
def test_others_are_refused(properties: dict[str, Any], reason: str) -> None:
    with pytest.raises(ResourceFailed, match=re.escape(reason)):
        schedules.kind().create("Nightly", properties, "shop")
