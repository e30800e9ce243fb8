from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from hivemind.releases.targets import (
    Target,
    TargetHealth,
    deregister_and_drain,
    register,
    target_health,
    wait_healthy,
)
from hivemind.testing import ManualClock
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import Stage, StageError
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.fast
ONE, TWO = Target("i-1", 8000), Target("i-2", 8000)


@dataclass
class Balancer:
    """A cloud with one target group. script: target -> its states, one a look, the last one stays."""

    script: dict[Target, list[tuple[str, str | None, str | None]]]
    pace: float = 1.0
    looks: int = 0
    throttled: tuple[int, ...] = ()
    asked: int = 0
    calls: list[tuple[str, list[Any]]] = field(default_factory=list)

    def client(self, service: str) -> Balancer:
        assert service == "elbv2"
        return self

    def register_targets(self, *, TargetGroupArn: str, Targets: list[Any]) -> None:
        self.calls.append(("register", Targets))

    def deregister_targets(self, *, TargetGroupArn: str, Targets: list[Any]) -> None:
        self.calls.append(("deregister", Targets))

    def describe_target_health(self, *, TargetGroupArn: str) -> dict[str, Any]:
        self.asked += 1
        if self.asked in self.throttled:
            raise CloudCallFailed("Throttling", "DescribeTargetHealth", "Rate exceeded")
        found = []
        for target, states in self.script.items():
            state, reason, description = states[min(self.looks, len(states) - 1)]
            health = {"State": state, "Reason": reason, "Description": description}
            if state != "absent":
                found.append({"Target": target.as_request(), "TargetHealth": health})
        self.looks += 1
        return {"TargetHealthDescriptions": found}


def test_registration_is_one_call_for_all() -> None:
    cloud = Balancer({})
    register(cloud, "arn", [ONE, TWO])  # type: ignore[arg-type]
    register(cloud, "arn", [])  # type: ignore[arg-type]
    assert cloud.calls == [("register", [{"Id": "i-1", "Port": 8000}, {"Id": "i-2", "Port": 8000}])]


def test_the_wait_tells_each_change_once() -> None:
    initial = ("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
    wrong = ("unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [500]")
    cloud = Balancer({ONE: [initial, initial, wrong, ("healthy", None, None)], TWO: [("healthy", None, None)]})
    seen: list[str] = []
    clock = ManualClock()
    healths = wait_healthy(cloud, "arn", [ONE, TWO], clock=clock, on_state=lambda health: seen.append(str(health)))  # type: ignore[arg-type]
    assert [health.is_healthy for health in healths] == [True, True]
    assert seen == [
        "i-1 initial: Target registration is in progress",
        "i-2 healthy",
        "i-1 unhealthy: Health checks failed with these codes: [500]",
        "i-1 healthy",
    ]


@pytest.mark.parametrize("wait", [wait_healthy, deregister_and_drain])
def test_a_wait_goes_on_where_aws_wants_to_be_asked_later(wait: Any) -> None:
    draining, gone = ("draining", None, None), ("unused", None, None)
    states = [("initial", None, None), ("healthy", None, None)] if wait is wait_healthy else [draining, draining, gone]
    cloud = Balancer({ONE: states}, throttled=(2, 3))
    wait(cloud, "arn", [ONE], clock=ManualClock())
    assert (cloud.asked, cloud.looks) == (len(states) + 2, len(states))


def test_a_wait_ends_where_aws_refuses_for_good() -> None:
    cloud = Balancer({ONE: [("initial", None, None)]})
    cloud.describe_target_health = _denied  # type: ignore[method-assign]
    with pytest.raises(CloudCallFailed) as caught:
        wait_healthy(cloud, "arn", [ONE], clock=ManualClock())  # type: ignore[arg-type]
    assert caught.value.exit_code is ExitCode.REFUSED


def _denied(**_: Any) -> dict[str, Any]:
    raise CloudCallFailed("AccessDenied", "DescribeTargetHealth", "no")


def test_a_wait_that_fails_says_why_with_the_applications_last_lines() -> None:
    wrong = ("unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]")
    cloud = Balancer({ONE: [wrong], TWO: [("healthy", None, None)]})
    clock = ManualClock()
    with pytest.raises(StageError) as caught:
        wait_healthy(
            cloud,  # type: ignore[arg-type]
            "arn",
            [ONE, TWO],
            deadline=60,
            clock=clock,
            log_lines=lambda instance: [f"{instance}: GET / 404"],
            service="web",
        )
    error = caught.value
    assert error.message == "not healthy after 60 s: i-1 unhealthy: Health checks failed with these codes: [404]"
    assert error.lines == ("i-1: GET / 404",)
    assert (error.stage, error.exit_code, error.path) == (Stage.REGISTER, ExitCode.REGISTER, "services.web")
    assert error.hint is not None
    assert "services" not in error.hint.replace("services.web", "")
    assert 60 <= clock.monotonic() < 63


@pytest.mark.parametrize(
    ("code", "line", "hint"),
    [
        (500, 'sqlalchemy.exc.ProgrammingError: relation "shops" does not exist', "services.web.release"),
        (400, "django.core.exceptions.DisallowedHost: Invalid HTTP_HOST header: '10.0.0.1'", "ALLOWED_HOSTS"),
        (500, "TypeError: unhashable type: 'dict'", "The application fails on this path"),
        (404, "GET / 404", "Set services.web.health to a path that answers"),
    ],
)
def test_the_applications_own_words_say_what_to_do(code: int, line: str, hint: str) -> None:
    wrong = ("unhealthy", "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{code}]")
    cloud: Any = Balancer({ONE: [wrong]})
    with pytest.raises(StageError) as caught:
        wait_healthy(
            cloud, "arn", [ONE], deadline=5, clock=ManualClock(), log_lines=lambda _: [line, "GET /"], service="web"
        )
    assert hint in (caught.value.hint or "")


def test_a_target_that_nobody_registered_is_not_healthy() -> None:
    with pytest.raises(StageError, match="i-1 unused: not registered"):
        wait_healthy(Balancer({}), "arn", [ONE], deadline=5, clock=ManualClock())  # type: ignore[arg-type]


@pytest.mark.parametrize(("pace", "longest"), [(1.0, 3.0), (30.0, 0.15)])
def test_the_looks_keep_the_clouds_pace(pace: float, longest: float) -> None:
    clock = ManualClock()
    with pytest.raises(StageError):
        wait_healthy(Balancer({}, pace=pace), "arn", [ONE], deadline=30, clock=clock)  # type: ignore[arg-type]
    assert 0.8 * longest < max(clock.slept) <= 1.15 * longest


def test_draining_waits_for_the_end_of_connections() -> None:
    draining = ("draining", "Target.DeregistrationInProgress", None)
    cloud = Balancer(
        {ONE: [("healthy", None, None), draining, draining, ("absent", None, None)], TWO: [("healthy", None, None)]}
    )
    seen: list[TargetHealth] = []
    deregister_and_drain(cloud, "arn", [ONE], clock=ManualClock(), on_state=seen.append)  # type: ignore[arg-type]
    assert cloud.calls == [("deregister", [{"Id": "i-1", "Port": 8000}])]
    assert [health.state for health in seen] == ["draining"]
    assert cloud.looks == 4


def test_what_is_not_registered_is_not_drained() -> None:
    cloud = Balancer({TWO: [("healthy", None, None)], ONE: [("unused", None, None)]})
    deregister_and_drain(cloud, "arn", [ONE], clock=ManualClock())  # type: ignore[arg-type]
    assert cloud.calls == []


def test_draining_that_does_not_end() -> None:
    cloud = Balancer({ONE: [("draining", None, None)]})
    with pytest.raises(StageError, match="still draining after 10 s: i-1 draining"):
        deregister_and_drain(cloud, "arn", [ONE], deadline=10, clock=ManualClock())  # type: ignore[arg-type]


def test_health_is_sorted() -> None:
    cloud = Balancer({TWO: [("healthy", None, None)], ONE: [("initial", None, None)]})
    assert [str(health) for health in target_health(cloud, "arn")] == ["i-1 initial", "i-2 healthy"]  # type: ignore[arg-type]
