"""The order of a rollout, with the installer and the load balancer played."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hivemind.blueprint.model import Service
from hivemind.blueprint.strategy import Strategy, Way
from hivemind.hosts import remote
from hivemind.hosts.onhost.request import ClockedJob, Request
from hivemind.hosts.remote import InstallStep
from hivemind.releases.rollout import Rollout
from hivemind.releases.targets import Target
from hivemind.testing import ManualClock
from hivemind.values.artifact import Artifact, Provenance
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import Stage, StageError

pytestmark = pytest.mark.fast


@dataclass
class FakeHost:
    instance_id: str
    bound: dict[int, int] = field(default_factory=dict)


@dataclass
class World:
    """A load balancer whose targets are healthy once registered, and a journal of everything that happens."""

    registered: list[str] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    pace: float = 1.0
    falls_ill: str = ""
    """Instance that answers one look at its health, and none after that until it is installed on."""
    looks: int = 0
    current: dict[str, str] = field(default_factory=dict)
    """Instance -> its current release, where it has one."""
    sick: set[str] = field(default_factory=set)
    """Releases that answer no health check."""
    booting: set[str] = field(default_factory=set)
    """Instances that answer no health check yet."""
    busy: int = 0
    """How many looks and registrations it has no time for."""
    stale: bool = False
    """Whether the load balancer has not looked again yet."""

    def client(self, service: str) -> World:
        return self

    def pressed(self, operation: str) -> None:
        if self.busy:
            self.busy -= 1
            raise CloudCallFailed("Throttling", operation, "too fast")

    def register_targets(self, *, TargetGroupArn: str, Targets: list[dict[str, Any]]) -> None:
        self.pressed("RegisterTargets")
        for target in Targets:
            if target["Id"] not in self.registered:
                self.journal.append(f"in {target['Id']}")
                self.registered.append(target["Id"])

    def deregister_targets(self, *, TargetGroupArn: str, Targets: list[dict[str, Any]]) -> None:
        for target in Targets:
            self.journal.append(f"out {target['Id']}")
            self.registered.remove(target["Id"])

    def describe_target_health(self, *, TargetGroupArn: str) -> dict[str, Any]:
        self.pressed("DescribeTargetHealth")
        self.looks += 1
        ill = self.falls_ill if self.looks > 1 else ""
        return {
            "TargetHealthDescriptions": [
                {
                    "Target": {"Id": name, "Port": 8000},
                    "TargetHealth": {
                        "State": "unhealthy"
                        if name == ill
                        or name in self.booting
                        or (self.current.get(name) in self.sick and not self.stale)
                        else "healthy"
                    },
                }
                for name in self.registered
            ]
        }

    def install(
        self, host: FakeHost, artifact: Path, request: Request, on_step: Any, **_: Any
    ) -> tuple[InstallStep, ...]:
        extras = (" with migration" if request.release_command else "") + (" with jobs" if request.jobs else "")
        self.journal.append(f"install {host.instance_id}{extras}")
        self.booting.discard(host.instance_id)
        if host.instance_id == self.falls_ill:
            self.falls_ill = ""
        if host.instance_id in self.broken:
            raise StageError(Stage.DEPLOY, f"{host.instance_id} failed")
        before = self.current.get(host.instance_id)
        self.current[host.instance_id] = request.release
        return (InstallStep("start", "up", ok=True, data={"before": before}),)

    def answers(self, host: FakeHost, port: int, health: object) -> str | None:
        del port, health
        return "the health check is answered with 500" if self.current.get(host.instance_id) in self.sick else None

    def status(self, host: FakeHost, service: str) -> dict[str, str | None]:
        return {"current": self.current.get(host.instance_id)}

    def stop(self, host: FakeHost, service: str) -> None:
        self.journal.append(f"stop {host.instance_id}")

    def start(self, host: FakeHost, service: str) -> None:
        self.journal.append(f"start {host.instance_id}")

    def rollback(self, host: FakeHost, service: str, release: str) -> None:
        self.journal.append(f"back {host.instance_id} to {release}")
        self.current[host.instance_id] = release


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(remote, "install", world.install)
    for name in ("rollback", "status", "stop", "start"):
        monkeypatch.setattr(remote, name, getattr(world, name))
    monkeypatch.setattr("hivemind.releases.rollout.answers", world.answers)
    monkeypatch.setattr(remote, "last_lines", lambda _host, _service: ("listening on 127.0.0.1",))
    return world


def rollout(world: World, *instances: str, arn: str | None = "arn") -> Rollout:
    return Rollout(
        cloud=world,  # type: ignore[arg-type]
        service=Service("web", release="migrate"),
        artifact=Artifact("web", "a" * 64, Path("/a"), 1, "python 3.11", Provenance(None, False, "0"), "serve"),
        request=Request("web", "r2", "", "a" * 64, "serve", port=8000),
        hosts=[FakeHost(name) for name in instances],  # type: ignore[misc]
        target_group_arn=arn,
        clock=ManualClock(),
    )


def test_a_first_release_migrates_once_then_installs_everywhere(world: World) -> None:
    run = rollout(world, "i-1", "i-2", "i-3")
    run.install()
    assert world.journal[0] == "install i-1 with migration"
    assert sorted(world.journal[1:]) == ["install i-2", "install i-3"]
    assert [health.is_healthy for health in run.register()] == [True, True, True]


@pytest.mark.parametrize("serving", [(), ("i-1", "i-2", "i-3")])
def test_one_instance_alone_gets_the_jobs(world: World, serving: tuple[str, ...]) -> None:
    world.registered += serving
    run = rollout(world, "i-1", "i-2", "i-3")
    jobs = (ClockedJob("cleanup", "0 3 * * *", "clean", 60),)
    replace(run, request=replace(run.request, jobs=jobs), clocked="i-2").install()
    installed = [entry for entry in world.journal if entry.startswith("install")]
    assert [entry for entry in installed if "with jobs" in entry] == ["install i-2 with jobs"]
    assert len(installed) == 3


def test_nothing_else_is_installed_when_the_migration_fails(world: World) -> None:
    world.broken = {"i-1"}
    with pytest.raises(StageError, match="i-1 failed"):
        rollout(world, "i-1", "i-2").install()
    assert world.journal == ["install i-1 with migration"]


def test_serving_instances_change_one_after_another(world: World) -> None:
    world.registered = ["i-1", "i-2"]
    run = rollout(world, "i-1", "i-2")
    run.install()
    run.register()
    assert world.journal == [
        "out i-1",
        "install i-1 with migration",
        "in i-1",
        "out i-2",
        "install i-2",
        "in i-2",
    ]


def test_instances_that_a_group_registered_leave_while_they_change_and_others_serve(world: World) -> None:
    """They may begin to answer, with the release that they installed at their boot, just before they start anew."""
    world.registered = ["i-old", "i-1", "i-2"]
    world.booting = {"i-1", "i-2"}
    run = rollout(world, "i-1", "i-2")
    run.install()
    assert world.journal == ["out i-1", "out i-2", "install i-1 with migration", "install i-2"]
    assert {one.instance_id for one in run.out} == {"i-1", "i-2"}, "for the end of a run that fails"

    run.register()
    assert (world.registered, run.out) == (["i-old", "i-1", "i-2"], set())


def test_an_idle_one_leaves_too_beside_those_of_its_group_that_serve(world: World) -> None:
    world.registered = ["i-1", "i-2"]
    world.booting = {"i-2"}
    rollout(world, "i-1", "i-2").install()
    assert world.journal[:3] == ["out i-2", "install i-2 with migration", "in i-2"]


def test_a_release_goes_on_when_the_load_balancer_has_no_time(world: World) -> None:
    world.registered = ["i-1", "i-2"]
    world.busy = 4
    run = rollout(world, "i-1", "i-2")
    run.install()
    assert world.journal[-1] == "in i-2"
    assert run.clock.monotonic() > 1, "it waited between"


def test_a_load_balancer_that_never_has_time_ends_the_release(world: World) -> None:
    world.registered = ["i-1", "i-2"]
    world.busy = 10_000
    with pytest.raises(CloudCallFailed, match="too fast"):
        rollout(world, "i-1", "i-2").install()
    assert world.journal == []


def test_a_failure_stops_the_rollout_and_brings_the_instance_back(world: World) -> None:
    world.registered = ["i-1", "i-2", "i-3"]
    world.broken = {"i-2"}
    with pytest.raises(StageError, match="i-2 failed"):
        rollout(world, "i-1", "i-2", "i-3").install()
    assert world.journal[-2:] == ["install i-2", "in i-2"]
    assert set(world.registered) == {"i-1", "i-2", "i-3"}


def test_the_only_instance_stays_in(world: World) -> None:
    world.registered = ["i-1"]
    rollout(world, "i-1").install()
    assert world.journal == ["install i-1 with migration"]


def test_the_last_one_that_serves_stays_in_when_the_other_falls_ill(world: World) -> None:
    """Two answered when the rollout began; who answers alone now is installed on where it is."""
    world.registered = ["i-1", "i-2"]
    world.falls_ill = "i-2"
    rollout(world, "i-1", "i-2").install()
    assert world.journal == ["install i-1 with migration", "out i-2", "install i-2", "in i-2"]


def test_a_worker_is_registered_nowhere(world: World) -> None:
    run = rollout(world, "i-1", "i-2", arn=None)
    run.install()
    assert run.register() == ()
    assert world.registered == []


def test_what_an_interrupt_left_out_of_service_is_registered_again(world: World) -> None:
    world.registered = ["i-1", "i-2"]
    run = rollout(world, "i-1", "i-2")
    run.out.add(Target("i-1", 8000))
    world.registered.remove("i-1")
    run.give_back()
    run.give_back()
    assert world.journal == ["in i-1"]


def test_a_release_that_is_not_healthy_makes_way_for_the_one_before(world: World) -> None:
    """The load balancer still counts its instance as healthy."""
    world.registered, world.current, world.sick = ["i-1"], {"i-1": "r1"}, {"r2"}
    world.stale = True
    run = rollout(world, "i-1")
    run.install()
    with pytest.raises(StageError, match="not healthy") as caught:
        run.register()
    assert world.journal[-1] == "back i-1 to r1"
    assert caught.value.left == "the release before is current again and receives traffic: i-1 (r1)"
    assert caught.value.lines == ("listening on 127.0.0.1",)


def test_of_several_only_the_one_that_changed_goes_back(world: World) -> None:
    world.registered, world.current, world.sick = ["i-1", "i-2"], {"i-1": "r1", "i-2": "r1"}, {"r2"}
    with pytest.raises(StageError, match="not healthy"):
        rollout(world, "i-1", "i-2").install()
    assert world.current == {"i-1": "r1", "i-2": "r1"}
    assert set(world.registered) == {"i-1", "i-2"}


def test_a_first_release_has_none_to_go_back_to(world: World) -> None:
    world.sick = {"r2"}
    run = rollout(world, "i-1")
    run.install()
    with pytest.raises(StageError, match="not healthy") as caught:
        run.register()
    assert caught.value.left is None


def test_what_does_not_serve_yet_gets_the_release_before_what_does(world: World) -> None:
    world.registered = ["i-1"]
    rollout(world, "i-1", "i-2").install()
    assert world.journal == ["install i-2 with migration", "in i-2", "out i-1", "install i-1", "in i-1"]


def test_as_many_change_at_a_time_as_the_strategy_says(world: World) -> None:
    world.registered = ["i-1", "i-2", "i-3"]
    one = rollout(world, "i-1", "i-2", "i-3")
    replace(one, service=replace(one.service, strategy=Strategy(batch=2))).install()
    assert world.journal[:2] == ["out i-1", "out i-2"]
    assert world.journal[2] == "install i-1 with migration"
    assert world.journal[3:] == ["install i-2", "in i-1", "in i-2", "out i-3", "install i-3", "in i-3"]


def test_a_batch_of_all_leaves_them_in(world: World) -> None:
    """Somebody must answer: a short restart is better than nobody."""
    world.registered = ["i-1", "i-2"]
    one = rollout(world, "i-1", "i-2")
    replace(one, service=replace(one.service, strategy=Strategy(batch=5))).install()
    assert world.journal == ["install i-1 with migration", "install i-2"]


def test_recreate_stops_all_before_the_first_starts(world: World) -> None:
    world.registered, world.current = ["i-1", "i-2"], {"i-1": "r1", "i-2": "r1"}
    one = rollout(world, "i-1", "i-2")
    recreating = replace(one, service=replace(one.service, strategy=Strategy(Way.RECREATE)))
    recreating.install()
    assert sorted(world.journal[:2]) == ["stop i-1", "stop i-2"]
    assert world.journal[2:] == ["install i-1 with migration", "install i-2"]


def test_recreate_starts_again_what_a_failure_did_not_reach(world: World) -> None:
    world.registered, world.current, world.broken = ["i-1", "i-2"], {"i-1": "r1", "i-2": "r1"}, {"i-1"}
    one = rollout(world, "i-1", "i-2")
    with pytest.raises(StageError, match="i-1 failed"):
        replace(one, service=replace(one.service, strategy=Strategy(Way.RECREATE))).install()
    assert sorted(world.journal[3:]) == ["start i-1", "start i-2"]
