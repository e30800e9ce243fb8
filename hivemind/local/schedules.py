"""EventBridge Scheduler, as far as hours of operation need it: at its minute a schedule starts or stops instances.

Databases keep running: stopping them would save nothing here.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hivemind.local.emulator import Emulator
from hivemind.local.resource_kind import Kind, Made, Properties, failed, require
from hivemind.values.clock import SYSTEM_CLOCK

TYPE = "AWS::Scheduler::Schedule"
LOOK_SECONDS = 10.0
STATES: Mapping[str, tuple[Mapping[str, Any], frozenset[str]]] = {
    "ec2:startInstances": ({"Code": 16, "Name": "running"}, frozenset({"stopped"})),
    "ec2:stopInstances": ({"Code": 80, "Name": "stopped"}, frozenset({"pending", "running"})),
}
"""Action of a universal target -> the state that an instance gets, and those out of which it gets there."""
IGNORED = frozenset({"rds:startDBInstance", "rds:stopDBInstance"})

_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_CRON = re.compile(r"cron\((\d{1,2}) (\d{1,2}) \? \* ([A-Z]{3}(?:,[A-Z]{3})*) \*\)")
_ACTION = re.compile(r"arn:[a-z-]+:scheduler:::aws-sdk:([a-z0-9]+:[A-Za-z]+)")


def kind() -> Kind:
    """The resource type. Its schedules are read out of the stacks: nothing else keeps them."""
    return Kind(_create, lambda _physical_id, _properties: None, _update, replacing=frozenset({"Name"}))


def _create(logical_id: str, properties: Properties, stack: str) -> Made:
    require(logical_id, properties, "FlexibleTimeWindow", "ScheduleExpression", "Target")
    _check(properties)
    name = str(properties.get("Name") or f"{stack}-{logical_id}")[:64]
    return name, {"Arn": f"arn:aws:scheduler:us-east-1:000000000000:schedule/default/{name}"}


def _update(physical_id: str, _old: Properties, new: Properties, _stack: str, _logical_id: str) -> Made:
    _check(new)
    return physical_id, {"Arn": f"arn:aws:scheduler:us-east-1:000000000000:schedule/default/{physical_id}"}


def _check(properties: Properties) -> None:
    expression, action = str(properties["ScheduleExpression"]), action_of(properties)
    if not _CRON.fullmatch(expression):
        raise failed(f"Invalid Schedule Expression {expression}: the local cloud has weekly ones only.", "Scheduler")
    if action not in STATES and action not in IGNORED:
        raise failed(f"The local cloud has no schedules for {action or 'that target'}.", "Scheduler")
    try:
        ZoneInfo(str(properties.get("ScheduleExpressionTimezone", "UTC")))
    except (KeyError, ValueError, OSError):
        text = f"Invalid ScheduleExpressionTimezone {properties['ScheduleExpressionTimezone']}."
        raise failed(text, "Scheduler") from None


def action_of(properties: Properties) -> str | None:
    """The action of the API that a schedule calls, such as `ec2:stopInstances`."""
    match = _ACTION.fullmatch(str((properties.get("Target") or {}).get("Arn")))
    return match[1] if match else None


def is_due(properties: Properties, since: datetime, until: datetime) -> bool:
    """Whether a schedule's moment is after `since` and not after `until`: a day apart at most, with a time zone."""
    match = _CRON.fullmatch(str(properties["ScheduleExpression"]))
    if match is None or properties.get("State", "ENABLED") != "ENABLED":
        return False
    zone = ZoneInfo(str(properties.get("ScheduleExpressionTimezone", "UTC")))
    begin, end = since.astimezone(zone), until.astimezone(zone)
    days = (begin, end) if begin.date() != end.date() else (end,)
    moments = (one.replace(hour=int(match[2]), minute=int(match[1]), second=0, microsecond=0) for one in days)
    return any(begin < moment <= end and _DAYS[moment.weekday()] in match[3].split(",") for moment in moments)


def carry_out(emulator: Emulator, since: datetime, until: datetime) -> Iterator[str]:
    """Does what is due, and yields the ids of instances whose state changed."""
    for properties in list(emulator.made_by_stacks(TYPE)):
        action = action_of(properties)
        if action is None or action not in STATES or not is_due(properties, since, until):
            continue
        state, before = STATES[action]
        wanted = set(json.loads(properties["Target"]["Input"])["InstanceIds"])
        for _, _, record in emulator.everywhere(emulator.instances):
            if record["InstanceId"] in wanted and record["State"]["Name"] in before:
                record["State"] = dict(state)
                yield record["InstanceId"]


async def run(emulator: Emulator, changed: Callable[[], None]) -> None:
    """Looks every ten seconds, for ever. changed: called when an instance's state did."""
    looked = SYSTEM_CLOCK.now()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        now = SYSTEM_CLOCK.now()
        # After a machine slept, only the last day counts.
        if list(carry_out(emulator, max(looked, now - timedelta(days=1)), now)):
            changed()
        looked = now
