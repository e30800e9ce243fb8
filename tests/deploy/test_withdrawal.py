"""What was taken out of service comes back, whatever becomes of the change."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from hivemind.blueprint.model import Health, Service
from hivemind.deploy.withdrawal import Withdrawal, give_back_after, health_deadline
from hivemind.testing import ManualClock
from hivemind.values.errors import Stage, StageError

pytestmark = pytest.mark.fast


@dataclass
class World:
    """A target group and the instances in it, by id: EC2's word for their state. ill: never healthy."""

    instances: dict[str, str]
    registered: list[str] = field(default_factory=list)
    ill: set[str] = field(default_factory=set)
    journal: list[str] = field(default_factory=list)
    pace: float = 1.0

    def client(self, service: str) -> World:
        del service
        return self

    def register_targets(self, *, TargetGroupArn: str, Targets: list[dict[str, Any]]) -> None:
        for target in Targets:
            self.journal.append(f"in {target['Id']}:{target['Port']}")
            self.registered.append(target["Id"])

    def deregister_targets(self, *, TargetGroupArn: str, Targets: list[dict[str, Any]]) -> None:
        for target in Targets:
            self.journal.append(f"out {target['Id']}")
            self.registered.remove(target["Id"])

    def describe_target_health(self, *, TargetGroupArn: str) -> dict[str, Any]:
        return {
            "TargetHealthDescriptions": [
                {
                    "Target": {"Id": name, "Port": 8000},
                    "TargetHealth": {"State": "unhealthy" if name in self.ill else "healthy"},
                }
                for name in self.registered
            ]
        }

    def describe_instances(self, *, Filters: list[dict[str, Any]]) -> dict[str, Any]:
        (asked,) = Filters
        known = [
            {"InstanceId": one, "State": {"Name": self.instances[one]}}
            for one in asked["Values"]
            if one in self.instances
        ]
        return {"Reservations": [{"Instances": known}]}


def withdrawal(world: World) -> Withdrawal:
    return Withdrawal(world, deadline=300, clock=ManualClock(), tell=lambda _: None)  # type: ignore[arg-type]


def two() -> World:
    return World({"i-1": "running", "i-2": "running"}, ["i-1", "i-2"])


def test_what_was_taken_out_is_registered_again_as_it_was() -> None:
    world = two()
    taken = withdrawal(world)
    taken.take_out("arn", {"i-1"})
    assert world.registered == ["i-2"]
    assert taken.give_back() == ()
    assert taken.give_back() == (), "once"
    assert world.journal == ["out i-1", "in i-1:8000"]


def test_the_only_one_that_answers_stays_in() -> None:
    world = two()
    world.ill = {"i-2"}
    taken = withdrawal(world)
    taken.take_out("arn", {"i-1"})
    taken.give_back()
    assert world.journal == []


def test_what_does_not_exist_any_more_is_not_registered() -> None:
    world = two()
    taken = withdrawal(world)
    taken.take_out("arn", {"i-1"})
    world.instances = {"i-1": "terminated", "i-2": "running"}
    assert taken.give_back() == ()
    assert world.journal == ["out i-1"]


def test_a_failure_says_that_all_is_back() -> None:
    world = two()
    taken = withdrawal(world)
    taken.take_out("arn", {"i-1"})
    error = StageError(Stage.PROVISION, "no capacity", left="the stack is as it was before")
    give_back_after(error, taken, wait=True)
    assert error.left == ("the stack is as it was before; the instances that were out of service receive traffic again")


def test_a_failure_says_what_is_not_healthy_again() -> None:
    world = two()
    taken = withdrawal(world)
    taken.take_out("arn", {"i-1"})
    world.ill = {"i-1"}
    error = StageError(Stage.PROVISION, "no capacity")
    give_back_after(error, taken, wait=True)
    assert world.registered == ["i-2", "i-1"]
    assert "i-1 unhealthy" in error.__notes__[0]


def test_an_interrupted_run_registers_at_once_and_waits_at_its_end() -> None:
    world = two()
    taken = withdrawal(world)
    taken.take_out("arn", {"i-1"})
    give_back_after(KeyboardInterrupt(), taken, wait=False)
    assert world.registered == ["i-2", "i-1"]
    world.ill = {"i-1"}
    assert [str(one) for one in taken.give_back()] == ["i-1 unhealthy"]


@pytest.mark.parametrize(
    ("pace", "service", "seconds"),
    [
        (1.0, Service("web"), 300.0),
        (1.0, Service("web", health=Health(interval=300, timeout=60, healthy=10)), 2 * 10 * 360),
        (30.0, Service("web"), 30.0),
        (30.0, Service("web", health=Health(interval=300, timeout=60, healthy=10)), 2 * 10 * 70),
    ],
)
def test_a_target_gets_what_its_checks_take(pace: float, service: Service, seconds: float) -> None:
    cloud: Any = SimpleNamespace(pace=pace)
    assert health_deadline(cloud, service) == pytest.approx(seconds)
    assert health_deadline(cloud, Service("quick"), service) == pytest.approx(seconds)
