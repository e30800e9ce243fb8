"""Target health in AWS's words, probed for real."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import balancer, forward, instance, rule, target_group, until

from hivemind.local.health import FAILED, PASSED, Health, Record, matches
from hivemind.local.instances import Instances
from hivemind.local.model import RegionView, TargetGroup, TargetState

PACE = 150.0


class Fronts:
    """Instances whose fronts lead to a server of this process. closed: refuses."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address

    def front(self, *_: object) -> tuple[str, int]:
        return self.address


class Application:
    """An HTTP server that says `status` after `delay` seconds; remembers the requests."""

    def __init__(self) -> None:
        self.status = 200
        self.hang = False
        self.delay = 0.0
        self.requests: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            if self.hang:
                await reader.read(-1)
            await asyncio.sleep(self.delay)
            writer.write(f"HTTP/1.1 {self.status} Fine\r\nContent-Length: 0\r\n\r\n".encode())
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def stage(view: RegionView) -> AsyncIterator[tuple[Health, Application, Fronts]]:
    application = Application()
    server = await asyncio.start_server(application.serve, "127.0.0.1", 0)
    fronts = Fronts(server.sockets[0].getsockname()[:2])
    health = Health(cast("Instances", fronts), PACE)
    await health.update(view)
    try:
        yield health, application, fronts
    finally:
        await health.close()
        server.close()


def region(group: TargetGroup) -> RegionView:
    return RegionView(
        instances=(instance(5),), target_groups=(group,), load_balancers=(balancer(rule(None, forward(group))),)
    )


GROUP = target_group("web", (instance(5).id, 8000))


def only(health: Health) -> TargetState:
    (state,) = health.describe(GROUP.arn)
    return state


def play(view: RegionView, scene: Callable[[Health, Application, Fronts], Awaitable[None]]) -> None:
    async def main() -> None:
        async with stage(view) as parts:
            await scene(*parts)

    asyncio.run(main())


def test_initial_then_healthy_after_one_success() -> None:
    async def scene(health: Health, application: Application, _: Fronts) -> None:
        assert (only(health).state, only(health).reason) == ("initial", "Elb.RegistrationInProgress")
        await until(lambda: only(health) == TargetState(instance(5).id, 8000, "healthy"))
        assert "User-Agent: ELB-HealthChecker/2.0" in application.requests[0]
        assert f"Host: {instance(5).address}:8000" in application.requests[0]

    play(region(GROUP), scene)


def test_wrong_status_is_unhealthy_until_it_is_right_again() -> None:
    changes: list[str] = []

    async def scene(health: Health, application: Application, _: Fronts) -> None:
        health.on_change = lambda: changes.append(only(health).state)
        await until(lambda: only(health).state == "healthy")
        application.status = 500
        await until(lambda: only(health).state == "unhealthy")
        assert only(health).reason == "Target.ResponseCodeMismatch"
        assert only(health).description == "Health checks failed with these codes: [500]"
        application.status = 200
        await until(lambda: only(health).state == "healthy")
        assert changes == ["healthy", "unhealthy", "healthy"]

    play(region(GROUP), scene)


def test_nothing_listens_and_no_answer() -> None:
    async def scene(health: Health, application: Application, fronts: Fronts) -> None:
        application.hang = True
        await until(lambda: only(health).reason == "Elb.InitialHealthChecking")
        await until(lambda: only(health).reason == "Target.Timeout")
        assert only(health).description == "Request timed out"
        fronts.address = ("127.0.0.1", 1)
        await until(lambda: only(health).reason == "Target.FailedHealthChecks")
        assert only(health).description == "Health checks failed"

    play(region(dataclasses.replace(GROUP, timeout=0.2)), scene)


def test_an_application_may_take_as_long_to_answer_as_on_aws() -> None:
    patient = dataclasses.replace(GROUP, timeout=60.0)

    async def scene(health: Health, application: Application, _: Fronts) -> None:
        application.delay = 1.2
        await until(lambda: only(health).state == "healthy")

    play(region(patient), scene)


def test_draining_takes_no_requests_and_ends() -> None:
    slow = dataclasses.replace(GROUP, deregistration_delay=75.0)

    async def scene(health: Health, _: Application, __: Fronts) -> None:
        await until(lambda: only(health).state == "healthy")
        await health.update(region(dataclasses.replace(slow, targets=())))
        assert (only(health).state, only(health).reason) == ("draining", "Target.DeregistrationInProgress")
        assert only(health).description == "Target deregistration is in progress"
        assert health.routable(GROUP.arn) == ()
        await until(lambda: health.describe(GROUP.arn) == ())

    play(region(slow), scene)


def test_registering_a_draining_target_again_starts_over() -> None:
    async def scene(health: Health, _: Application, __: Fronts) -> None:
        await until(lambda: only(health).state == "healthy")
        await health.update(region(dataclasses.replace(GROUP, targets=(), deregistration_delay=30_000.0)))
        await health.update(region(GROUP))
        assert only(health).state == "initial"
        await until(lambda: only(health).state == "healthy")

    play(region(GROUP), scene)


def test_unused_without_a_listener_or_a_running_instance() -> None:
    async def scene(health: Health, _: Application, __: Fronts) -> None:
        await until(lambda: only(health).state == "healthy")
        stopped = dataclasses.replace(instance(5), state="stopped")
        await health.update(dataclasses.replace(region(GROUP), instances=(stopped,)))
        assert (only(health).state, only(health).reason) == ("unused", "Target.InvalidState")
        await health.update(dataclasses.replace(region(GROUP), load_balancers=()))
        assert (only(health).state, only(health).reason) == ("unused", "Target.NotInUse")
        assert health.routable(GROUP.arn) == ()
        await health.update(region(GROUP))
        await until(lambda: only(health).state == "healthy")

    play(region(GROUP), scene)


def test_all_are_routed_to_when_none_is_healthy() -> None:
    async def scene(health: Health, application: Application, _: Fronts) -> None:
        application.status = 503
        await until(lambda: only(health).state == "unhealthy")
        assert health.routable(GROUP.arn) == ((instance(5).id, 8000),)

    play(region(GROUP), scene)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("matcher", "status", "said"),
    [
        ("200", 200, True), ("200", 201, False), ("200-399", 302, True), ("200-399", 400, False),
        ("200,301", 301, True), ("200, 404-410", 405, True), ("", 200, False), ("odd", 200, False),
    ],
)  # fmt: skip
def test_matcher(matcher: str, status: int, said: bool) -> None:
    assert matches(matcher, status) is said


@pytest.mark.property
@given(st.lists(st.booleans(), min_size=1), st.integers(2, 10), st.integers(2, 10))
def test_thresholds(probes: list[bool], healthy: int, unhealthy: int) -> None:
    """Whatever the probes, a change to unhealthy has the threshold's failures behind it, one back the successes."""
    record, before = Record(), "initial"
    for number, passed in enumerate(probes, 1):
        record.take(PASSED if passed else FAILED, healthy, unhealthy)
        if record.state == "unhealthy" and before != "unhealthy":
            assert not any(probes[number - unhealthy : number])
        if record.state == "healthy" and before == "unhealthy":
            assert all(probes[number - healthy : number])
        if before == "initial" and passed:
            assert record.state == "healthy"
        before = record.state
