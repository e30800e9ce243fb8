"""Hours of operation in the template: what starts and stops, who may, and what it saves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hivemind.agents.provisioner import hivemind_fragments
from hivemind.blueprint.hours import Hours
from hivemind.blueprint.model import Blueprint, DeploymentStage, Resource, Service
from hivemind.plan.costs.items import items
from hivemind.template.assemble import assemble
from hivemind.template.hours import rests_until

pytestmark = pytest.mark.fast

WORKDAYS = Hours(("mon", "tue", "wed", "thu", "fri"), 420, 1200, "Europe/Berlin")
SHOP = Blueprint(
    "shop", stage=DeploymentStage.STAGE_1, services={"web": Service("web", port=8000, instances=2)},
    resources={"db": Resource("db", "postgres", {"version": "16"})}, hours=WORKDAYS,
)  # fmt: skip


def resources(blueprint: Blueprint) -> dict[str, Any]:
    return dict(assemble(blueprint, [("provisioner", hivemind_fragments(blueprint=blueprint))]).resources)


def properties(name: str) -> Any:
    return resources(SHOP)[name]["Properties"]


def test_without_hours_nothing_is_scheduled() -> None:
    kinds = {one["Type"] for one in resources(replace(SHOP, hours=None)).values()}
    assert "AWS::Scheduler::Schedule" not in kinds


def test_instances_and_databases_start_and_stop_in_the_time_zone() -> None:
    found = {
        name: (
            one["Properties"]["ScheduleExpression"],
            one["Properties"]["Target"]["Arn"]["Fn::Sub"].rpartition("sdk:")[2],
        )
        for name, one in resources(SHOP).items()
        if one["Type"] == "AWS::Scheduler::Schedule"
    }
    morning, evening = "cron(0 7 ? * MON,TUE,WED,THU,FRI *)", "cron(0 20 ? * MON,TUE,WED,THU,FRI *)"
    assert found == {
        "HoursStartDbDatabase": (morning, "rds:startDBInstance"),
        "HoursStartInstances": (morning, "ec2:startInstances"),
        "HoursStopDbDatabase": (evening, "rds:stopDBInstance"),
        "HoursStopInstances": (evening, "ec2:stopInstances"),
    }
    assert properties("HoursStartInstances")["ScheduleExpressionTimezone"] == "Europe/Berlin"


def test_what_is_called_names_each_instance() -> None:
    separator, parts = properties("HoursStopInstances")["Target"]["Input"]["Fn::Join"]
    names = {"WebInstance1": "i-1", "WebInstance2": "i-2"}
    joined = parts[1]["Fn::Join"]
    text = separator.join([parts[0], joined[0].join(names[one["Ref"]] for one in joined[1]), parts[2]])
    assert json.loads(text) == {"InstanceIds": ["i-1", "i-2"]}


def test_the_role_may_start_and_stop_these_alone() -> None:
    (policy,) = properties("HoursRole")["Policies"]
    allowed = {
        tuple(one["Action"]): [each["Fn::Sub"].rpartition(":")[2] for each in one["Resource"]]
        for one in policy["PolicyDocument"]["Statement"]
    }
    assert allowed == {
        ("ec2:StartInstances", "ec2:StopInstances"): ["instance/${WebInstance1}", "instance/${WebInstance2}"],
        ("rds:StartDBInstance", "rds:StopDBInstance"): ["${DbDatabase}"],
    }


def test_machines_cost_their_hours_and_disks_the_whole_month() -> None:
    def priced(blueprint: Blueprint) -> dict[str, float]:
        found = items({"Resources": resources(blueprint)})
        return {one.logical_id + " " + one.what: one.month or 0 for one in found}

    always, timed = priced(replace(SHOP, hours=None)), priced(SHOP)
    assert timed["WebInstance1 t3.micro for 65 h a week"] == pytest.approx(always["WebInstance1 t3.micro"] * 65 / 168)
    assert timed["DbDatabase db.t3.micro for 65 h a week"] < always["DbDatabase db.t3.micro"]
    assert timed["WebInstance1 GB disk"] == always["WebInstance1 GB disk"]


def test_what_is_deployed_knows_its_hours() -> None:
    instance = resources(SHOP)["WebInstance1"]
    saturday = datetime(2026, 11, 28, 12, tzinfo=UTC)
    until = rests_until(instance, saturday)
    assert until is not None
    assert f"{until:%A %H:%M}" == "Monday 07:00"
    assert rests_until(instance, datetime(2026, 11, 30, 12, tzinfo=UTC)) is None
    assert rests_until(resources(replace(SHOP, hours=None))["WebInstance1"], saturday) is None
