"""Requests go to new instances only when these are healthy, and come back when they fail; the load balancer played."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hivemind.blueprint.model import Service
from hivemind.hosts import remote
from hivemind.hosts.onhost.request import Request
from hivemind.releases import switch
from hivemind.releases.rollout import Rollout
from hivemind.releases.switch import Switch, baked
from hivemind.testing import ManualClock
from hivemind.values.artifact import Artifact, Provenance
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import StageError

pytestmark = pytest.mark.fast


@dataclass
class FakeHost:
    instance_id: str
    bound: dict[int, int] = field(default_factory=dict)


@dataclass
class World:
    """states: what the load balancer says of each instance. journal: what happened. falls: instance that is unhealthy
    as soon as blue has left; never: one that never becomes healthy."""

    states: dict[str, str] = field(default_factory=lambda: {"b1": "healthy", "b2": "healthy"})
    journal: list[str] = field(default_factory=list)
    falls: str = ""
    never: str = ""
    drains: int = 2
    throttled: int = 0
    """Calls for which the load balancer has no time."""
    pace: float = 1.0
    answers: list[str | None] = field(default_factory=list)

    def client(self, service: str) -> World:
        return self

    def register_targets(self, *, TargetGroupArn: str, Targets: list[dict[str, Any]]) -> None:
        for one in Targets:
            self.journal.append(f"in {one['Id']}")
            self.states[one["Id"]] = "unhealthy" if one["Id"] == self.never else "healthy"

    def deregister_targets(self, *, TargetGroupArn: str, Targets: list[dict[str, Any]]) -> None:
        if self.throttled:
            self.throttled -= 1
            raise CloudCallFailed("Throttling", "DeregisterTargets", "Rate exceeded")
        for one in Targets:
            self.journal.append(f"out {one['Id']}")
            self.states[one["Id"]] = "draining"

    def describe_target_health(self, *, TargetGroupArn: str) -> dict[str, Any]:
        draining = [name for name, state in self.states.items() if state == "draining"]
        if draining:
            self.drains -= 1
            if self.falls in self.states and "b1" in draining:
                self.states[self.falls] = "unhealthy"
            if self.drains <= 0:
                for name in draining:
                    del self.states[name]
        described = [
            {"Target": {"Id": name, "Port": 8000}, "TargetHealth": {"State": state}}
            for name, state in self.states.items()
        ]
        return {"TargetHealthDescriptions": described}

    def answer(self, host: FakeHost, port: int, health: object) -> str | None:
        del host, port, health
        return self.answers.pop(0) if self.answers else None

    @property
    def serving(self) -> set[str]:
        return {name for name, state in self.states.items() if state == "healthy"}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(switch, "answers", world.answer)
    monkeypatch.setattr(remote, "last_lines", lambda _host, _service: ("Traceback",))
    return world


def rollout(world: World, clock: ManualClock | None = None) -> Rollout:
    return Rollout(
        cloud=world,  # type: ignore[arg-type]
        service=Service("web"),
        artifact=Artifact("web", "a" * 64, Path("/a"), 1, "python 3.11", Provenance(None, False, "0"), "serve"),
        request=Request("web", "r2", "", "a" * 64, "serve", port=8000),
        hosts=[FakeHost("g1"), FakeHost("g2")],  # type: ignore[misc]
        target_group_arn="arn",
        clock=clock or ManualClock(),
    )


def switching(world: World) -> Switch:
    new = rollout(world)
    told: dict[str, Any] = {
        name: (lambda name=name: world.journal.append(name)) for name in ("begins", "done", "undone")
    }
    return Switch(
        world,  # type: ignore[arg-type]
        "web",
        "arn",
        new.targets,
        frozenset({"b1", "b2"}),
        deadline=new.deadline,
        clock=new.clock,
        lines=new.last_lines,
        **told,
    )


def test_those_before_leave_when_the_new_ones_are_healthy(world: World) -> None:
    healths = switching(world).run()
    assert world.journal == ["in g1", "in g2", "begins", "out b1", "out b2", "done"]
    assert world.states == {"g1": "healthy", "g2": "healthy"}
    assert [(one.target.instance_id, one.is_healthy) for one in healths] == [("g1", True), ("g2", True)]


def test_those_before_serve_where_the_new_ones_never_become_healthy(world: World) -> None:
    world.never = "g2"
    with pytest.raises(StageError, match="g2 unhealthy") as failed:
        switching(world).run()
    assert world.serving == {"b1", "b2"}
    assert "g2" not in world.states
    assert "begins" not in world.journal, "nobody left the load balancer"
    assert failed.value.left == "the instances with the release before receive the requests"


def test_new_ones_that_fall_ill_give_the_requests_back(world: World) -> None:
    world.falls, world.drains = "g1", 9
    with pytest.raises(StageError, match="not healthy any more, with all requests: g1") as failed:
        switching(world).run()
    assert failed.value.lines == ("Traceback",)
    assert world.serving == {"b1", "b2"}
    assert world.journal.index("in b1") < world.journal.index("out g1"), "those before come first"
    assert world.journal.index("undone") < world.journal.index("out g1")


def test_a_switch_that_is_done_again_changes_nothing(world: World) -> None:
    world.states = {"g1": "healthy", "g2": "healthy"}
    switching(world).run()
    assert world.serving == {"g1", "g2"}


def test_new_instances_answer_for_the_time_that_is_asked_for(world: World) -> None:
    clock = ManualClock()
    began = clock.monotonic()
    world.answers = [None, None, None, None, "no answer to the health check"]
    baked(rollout(world, clock), 20.0)
    assert clock.monotonic() - began > 20.0, "counted again from the one that failed"
    assert world.journal == [], "nothing is registered before"


def test_what_never_answers_is_named_with_its_last_lines(world: World) -> None:
    world.answers = ["the health check is answered with 500"] * 10_000
    with pytest.raises(StageError, match="g1: the health check is answered with 500") as failed:
        baked(rollout(world), 5.0)
    assert failed.value.lines == ("Traceback",)
    assert world.journal == []
    assert world.serving == {"b1", "b2"}


def test_a_load_balancer_that_has_no_time_is_asked_again(world: World) -> None:
    world.throttled = 5
    switching(world).run()
    assert world.serving == {"g1", "g2"}


def test_one_that_never_has_time_leaves_those_before_in(world: World) -> None:
    world.throttled = 10_000
    with pytest.raises(CloudCallFailed) as failed:
        switching(world).run()
    assert {"b1", "b2"} <= world.serving
    assert any("should receive the requests again" in note for note in failed.value.__notes__)
