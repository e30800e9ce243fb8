"""A release on the instances of a group, which come and go meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_rollout import FakeHost, World, world  # noqa: F401  a fixture

from hivemind.agents.deployer import groups
from hivemind.blueprint.model import Service
from hivemind.blueprint.scaling import Scaling
from hivemind.hosts import remote
from hivemind.hosts.onhost.request import Request
from hivemind.releases.rollout import Rollout
from hivemind.testing import ManualClock
from hivemind.values.artifact import Artifact, Provenance
from hivemind.values.errors import StageError

pytestmark = pytest.mark.fast
SERVICE = Service("web", port=8000, instances=2, scaling=Scaling(2, 4))


class Scaled(World):
    """The same, with an Auto Scaling group."""

    members: tuple[str, ...] = ("a", "b")

    def describe_auto_scaling_groups(self, **_: Any) -> dict[str, Any]:
        listed = [{"InstanceId": one, "LifecycleState": "InService"} for one in self.members]
        sizes = {"MinSize": 2, "MaxSize": 4, "DesiredCapacity": len(listed)}
        return {"AutoScalingGroups": [{**sizes, "Instances": listed}]}


@pytest.fixture
def scaled(world: World, monkeypatch: pytest.MonkeyPatch) -> Scaled:  # noqa: F811
    made = Scaled()
    monkeypatch.setattr(remote, "install", made.install)
    return made


def rollout(scaled: Scaled, *names: str) -> Rollout:
    built = Artifact("web", "a" * 64, Path("a"), 1, "python", Provenance(None, False, "0"), "run", release="migrate")
    request = Request("web", "r1-a", "", "a" * 64, "run", port=8000)
    hosts: Any = [FakeHost(name) for name in names]
    return Rollout(scaled, SERVICE, built, request, hosts, "arn", clock=ManualClock(), group="group")  # type: ignore[arg-type]


def test_an_instance_that_is_gone_is_no_failure(scaled: Scaled, monkeypatch: pytest.MonkeyPatch) -> None:
    def losing(host: FakeHost, *given: Any, **more: Any) -> Any:
        if host.instance_id == "b":
            scaled.members, scaled.broken = ("a",), {"b"}
        return scaled.install(host, *given, **more)

    monkeypatch.setattr(remote, "install", losing)
    begun: list[Rollout] = []
    done = groups.install(rollout(scaled, "a", "b"), "group", begun)
    assert [host.instance_id for host in done.hosts] == ["a"]
    assert scaled.current == {"a": "r1-a"}
    assert len(begun) == 2


def test_a_release_that_fails_on_an_instance_that_is_there_fails(scaled: Scaled) -> None:
    scaled.broken = {"b"}
    with pytest.raises(StageError, match="b failed"):
        groups.install(rollout(scaled, "a", "b"), "group", [])


def test_a_group_without_instances_is_said(scaled: Scaled) -> None:
    scaled.members = ()
    with pytest.raises(StageError, match="the group group has no instances"):
        groups.install(rollout(scaled, "a"), "group", [])


def test_those_that_ended_are_not_waited_for(scaled: Scaled) -> None:
    scaled.members = ("b",)
    healths = groups.register(rollout(scaled, "a", "b"), "group", [])
    assert [one.target.instance_id for one in healths] == ["b"]


@pytest.mark.parametrize(("current", "installed"), [("r1-a", []), ("r0-z", ["install c"]), (None, ["install c"])])
def test_who_came_meanwhile_gets_the_release_unless_it_has_it(
    scaled: Scaled, monkeypatch: pytest.MonkeyPatch, current: str | None, installed: list[str]
) -> None:
    done = groups.install(rollout(scaled, "a", "b"), "group", [])
    scaled.members, scaled.registered = ("a", "b", "c"), ["a", "b", "c"]
    scaled.journal.clear()
    connected: Callable[..., tuple[Any, ...]] = lambda *_: (FakeHost("c"),)  # noqa: E731
    monkeypatch.setattr(groups, "_connected", connected)
    monkeypatch.setattr(remote, "status", lambda _host, _service: {"current": current})
    context: Any = type("Context", (), {"progress": lambda *_: None})()
    assert groups.catch_up(done, "group", context, []) == 1
    assert [line for line in scaled.journal if line.startswith("install")] == installed, "and no second migration"
