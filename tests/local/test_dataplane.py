"""Load balancers carry real requests to real instances."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
import ssl
import stat
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from stage import (
    ACCOUNT,
    GROUPS,
    REGION,
    balancer,
    forward,
    get,
    host,
    instance,
    login,
    path,
    rule,
    running,
    serve,
    target_group,
    until,
)

from hivemind.local import dataplane, traefik
from hivemind.local.dataplane import DataPlane
from hivemind.local.health import Health
from hivemind.local.instances import Instances
from hivemind.local.metrics import Metrics
from hivemind.local.model import Datum, Listener, LoadBalancer, RegionView, TargetGroup

pytestmark = pytest.mark.slow
ONE, TWO = instance(5), instance(6)
A, B = target_group("a", (ONE.id, 8000)), target_group("b", (TWO.id, 8000))


@pytest.fixture(autouse=True)
def balancers_program() -> None:
    try:
        traefik.program()
    except LookupError as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True)
def namespaces(tmp_path: Path) -> None:
    async def mode() -> tuple[str, str | None]:
        instances = Instances(tmp_path / "trial", lambda *_: None)
        return instances.mode, instances.reason

    found, reason = asyncio.run(mode())
    if found != "namespaces":
        pytest.skip(f"no namespaces here: {reason}")


def region(lb: LoadBalancer, *groups: TargetGroup, instances: tuple[Any, ...] = (ONE, TWO)) -> RegionView:
    return RegionView(instances=instances, groups=GROUPS, load_balancers=(lb,), target_groups=groups or (A, B))


@contextlib.asynccontextmanager
async def planes(
    tmp_path: Path, view: RegionView, *, serving: bool = True
) -> AsyncIterator[tuple[Instances, DataPlane]]:
    async with running(tmp_path / "i", view) as instances:
        if serving:
            await asyncio.gather(*(serve(instances, one) for one in view.instances))
        plane = DataPlane(tmp_path / "d", instances, tmp_path / "authority")
        try:
            await plane.update(view)
            yield instances, plane
        finally:
            await plane.close()


async def told(plane: DataPlane, lb: LoadBalancer, asked: str, expected: str, **headers: str) -> None:
    """Waits until all answers start as expected: traefik reads its file a moment after it was written."""

    async def ask() -> bool:
        with contextlib.suppress(OSError):
            answers = [await get(plane.address(lb.arn, 80), asked, headers=headers) for _ in range(4)]
            return all(body.startswith(expected) for _, body, _ in answers)
        return False

    await until(ask)


def test_a_port_that_somebody_takes_just_before_the_start_is_left_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lb = balancer(rule(None, forward(A)))
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        taken, free, look = int(somebody.getsockname()[1]), dataplane._free_ports, dataplane._is_free
        chosen: list[list[int]] = []

        def ports(count: int) -> list[int]:
            chosen.append([*free(count - 1), taken] if not chosen and count > 1 else free(count))
            return chosen[-1]

        seen: list[int] = []

        def is_free(port: int) -> bool:
            """The first time that port was free still."""
            seen.append(port)
            return look(port) or (port == taken and seen.count(taken) == 1)

        monkeypatch.setattr(dataplane, "_free_ports", ports)
        monkeypatch.setattr(dataplane, "_is_free", is_free)

        async def main() -> None:
            async with planes(tmp_path, region(lb)) as (_, plane):
                await told(plane, lb, "/", ONE.id)
                assert seen.count(taken) == 2
                assert plane.address(lb.arn, 80)[1] != taken

        asyncio.run(main())


def test_hosts_paths_redirects_and_fixed_responses(tmp_path: Path) -> None:
    redirect = {
        "Type": "redirect",
        "RedirectConfig": {
            "Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/new/#{path}", "Query": "#{query}",
            "StatusCode": "HTTP_301",
        },
    }  # fmt: skip
    fixed = {
        "Type": "fixed-response",
        "FixedResponseConfig": {"StatusCode": "418", "ContentType": "text/html", "MessageBody": "<b>tea</b>"},
    }
    query = {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "beta", "Value": "y*"}]}}
    header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Which", "Values": ["sec?nd"]}}
    lb = balancer(
        rule(10, forward(B), host("api.example.com", "*.wild.example.com")),
        rule(20, forward(B), path("/b", "/b/*", "/v?/x")),
        rule(25, forward(B), header),
        rule(26, forward(B), query),
        rule(30, redirect, path("/old*")),
        rule(40, fixed, path("/tea")),
        rule(50, fixed, path("/b/never-reached")),
        rule(None, forward(A)),
    )

    async def main() -> None:
        async with planes(tmp_path, region(lb)) as (_, plane):
            await told(plane, lb, "/", ONE.id)
            address = plane.address(lb.arn, 80)

            async def who(asked: str, **headers: str) -> str:
                return (await get(address, asked, headers=headers))[1].split("|")[0]

            assert await who("/", Host="api.example.com") == TWO.id
            assert await who("/", Host="API.example.com:8080") == TWO.id
            assert await who("/", Host="a.wild.example.com") == TWO.id
            assert await who("/", Host="wild.example.com") == ONE.id
            assert await who("/", Host="apixexample.com") == ONE.id
            assert [await who(asked) for asked in ("/b", "/b/c/d", "/v1/x", "/b/never-reached")] == [TWO.id] * 4
            assert [await who(asked) for asked in ("/bb", "/v12/x", "/B")] == [ONE.id] * 3
            assert await who("/", **{"X-Which": "second"}) == TWO.id
            assert await who("/?beta=yes") == TWO.id
            status, _, headers = await get(address, "/old/place?x=1", headers={"Host": "site.example.com"})
            assert (status, headers["location"]) == (301, "https://site.example.com:443/new/old/place?x=1")
            status, body, headers = await get(address, "/tea")
            assert (status, body, headers["content-type"]) == (418, "<b>tea</b>", "text/html")
            _, body, _ = await get(
                address, "/seen", headers={"Host": "site.example.com", "X-Forwarded-Proto": "gopher"}
            )
            assert body == f"{ONE.id}|/seen|127.0.0.1|http|80|site.example.com"

    asyncio.run(main())


def test_no_target_and_a_target_that_fails(tmp_path: Path) -> None:
    empty = dataclasses.replace(A, targets=())
    lb = balancer(rule(10, forward(empty), path("/empty")), rule(None, forward(B)))

    async def main() -> None:
        async with planes(tmp_path, region(lb, empty, B), serving=False) as (instances, plane):

            async def status(asked: str) -> int:
                with contextlib.suppress(OSError):
                    return (await get(plane.address(lb.arn, 80), asked))[0]
                return 0

            async def is_(asked: str, expected: int) -> bool:
                return await status(asked) == expected

            await until(lambda: is_("/empty", 503))
            await until(lambda: is_("/", 502))
            await serve(instances, TWO)
            await until(lambda: is_("/", 200))

    asyncio.run(main())


def test_no_request_is_lost_while_targets_change(tmp_path: Path) -> None:
    lb = balancer(rule(None, forward(A)))
    both = dataclasses.replace(A, targets=((ONE.id, 8000), (TWO.id, 8000)))
    only_two = dataclasses.replace(A, targets=((TWO.id, 8000),))

    async def main() -> None:
        async with planes(tmp_path, region(lb)) as (instances, plane):
            health = Health(instances, 60.0)
            plane.health = health
            await health.update(region(lb))
            await told(plane, lb, "/", ONE.id)
            failed: list[object] = []
            answered: Counter[str] = Counter()
            stop = False

            async def load() -> None:
                while not stop:
                    try:
                        status, body, _ = await get(plane.address(lb.arn, 80), "/")
                    except OSError as error:
                        failed.append(error)
                        continue
                    answered[body.split("|")[0]] += 1
                    if status != 200:
                        failed.append(status)

            workers = [asyncio.create_task(load()) for _ in range(4)]
            for step in range(12):
                view = region(lb, (both, only_two, A)[step % 3], B)
                await health.update(view)
                await plane.update(view)
                await asyncio.sleep(0.25)
            stop = True
            await asyncio.gather(*workers)
            await health.close()
            assert failed == []
            assert min(answered[ONE.id], answered[TWO.id]) > 20

    asyncio.run(main())


def test_a_failing_application_gets_no_requests_and_a_drained_one_finishes(tmp_path: Path) -> None:
    group = dataclasses.replace(A, targets=((ONE.id, 8000), (TWO.id, 8000)), interval=30.0)
    lb = balancer(rule(None, forward(group)))
    view = region(lb, group)

    async def main() -> None:
        async with planes(tmp_path, view) as (instances, plane):
            health = Health(instances, 60.0)
            plane.health = health
            await health.update(view)
            # Both are routable from the start, since none is healthy yet.
            await until(lambda: {state.state for state in health.describe(group.arn)} == {"healthy"})
            async with login(instances, ONE) as ssh:
                await ssh.run("echo 500 > /tmp/status; chmod a+r /tmp/status", check=True)
            await until(lambda: health.routable(group.arn) == ((TWO.id, 8000),))
            states = {state.instance: state for state in health.describe(group.arn)}
            assert states[ONE.id].description == "Health checks failed with these codes: [500]"
            await plane.update(view)
            await told(plane, lb, "/", TWO.id)
            in_flight = asyncio.create_task(get(plane.address(lb.arn, 80), "/slow"))
            await asyncio.sleep(0.3)
            left = region(lb, dataclasses.replace(group, targets=()))
            await health.update(left)
            await plane.update(left)
            assert (await in_flight)[1].startswith(f"{TWO.id}|/slow")
            await health.close()

    asyncio.run(main())


def test_one_after_the_other_on_the_same_instances(tmp_path: Path) -> None:
    async def main() -> None:
        async with planes(tmp_path, region(balancer(rule(None, forward(A))))) as (instances, plane):
            for scene in (
                weights,
                security_groups_of_the_load_balancer,
                https_and_a_listener_more_without_disturbance,
                metrics_count_what_was_served,
                ports_stay_and_nothing_is_left_of_a_removed_load_balancer,
            ):
                await scene(instances, plane, tmp_path)

    asyncio.run(main())


async def weights(instances: Instances, plane: DataPlane, _: Path) -> None:
    lb = balancer(rule(None, forward((A, 3), (B, 1))))
    await instances.update(region(lb))
    await plane.update(region(lb))
    await told(plane, lb, "/", "i-")
    seen = Counter([(await get(plane.address(lb.arn, 80)))[1].split("|")[0] for _ in range(40)])
    assert sum(seen.values()) == 40
    assert 8 <= seen[TWO.id] <= 12, "one of four; a probe in between takes a turn"


async def security_groups_of_the_load_balancer(instances: Instances, plane: DataPlane, _: Path) -> None:
    lb = balancer(rule(None, forward(A)))
    closed = {name: rules for name, rules in GROUPS.items() if name != "sg-lb"}
    await instances.update(dataclasses.replace(region(lb), groups=closed))
    await plane.update(dataclasses.replace(region(lb), groups=closed))
    await told(plane, lb, "/", "The load balancer's security groups")
    await instances.update(region(lb))
    await plane.update(region(lb))
    await told(plane, lb, "/", ONE.id)


async def https_and_a_listener_more_without_disturbance(instances: Instances, plane: DataPlane, folder: Path) -> None:
    lb = balancer(rule(None, forward(A)))
    names = ("shop.example.com", "*.example.org", "shop*")
    secure = Listener(f"{lb.arn}/443", 443, "HTTPS", ("arn:aws:acm:x",), names, (rule(None, forward(B)),))
    groups = {
        **GROUPS,
        "sg-lb": (*GROUPS["sg-lb"], dataclasses.replace(GROUPS["sg-lb"][0], first_port=443, last_port=443)),
    }
    await instances.update(region(lb))
    await plane.update(region(lb))
    await told(plane, lb, "/", ONE.id)
    before = plane.address(lb.arn, 80)
    reader, writer = await asyncio.open_connection(*before)

    async def on_the_same_connection() -> bytes:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        return await reader.readuntil(ONE.id.encode())

    await on_the_same_connection()
    both = dataclasses.replace(lb, listeners=(*lb.listeners, secure))
    await plane.update(dataclasses.replace(region(both), groups=groups))
    assert plane.address(lb.arn, 80) == before
    context = ssl.create_default_context(cafile=str(folder / "authority/ca.pem"))

    async def encrypted(name: str = lb.dns_name) -> bool:
        try:
            inner, outer = await asyncio.open_connection(*plane.address(lb.arn, 443), ssl=context, server_hostname=name)
        except (OSError, ssl.SSLError):
            return False
        outer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        said = await inner.read(-1)
        outer.close()
        return TWO.id.encode() in said and b"|https|443|" in said

    await until(encrypted)
    for name in ("shop.example.com", "a.example.org", "localhost", f"{lb.name}.localhost"):
        assert await encrypted(name), name
    assert not await encrypted("other.example.com")
    assert stat.S_IMODE((folder / "authority/ca.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "authority").stat().st_mode) == 0o700
    await on_the_same_connection()
    writer.close()


async def metrics_count_what_was_served(instances: Instances, plane: DataPlane, _: Path) -> None:
    lb = balancer(rule(None, forward(A)))
    put: list[Datum] = []
    await instances.update(region(lb))
    await plane.update(region(lb))
    await told(plane, lb, "/", ONE.id)
    metrics = Metrics(instances, plane, put.append)
    await metrics.sample()
    assert put == []
    for _ in range(5):
        await get(plane.address(lb.arn, 80), "/")
    await metrics.sample()
    ((_, port),) = plane.metrics()
    assert (await get(("127.0.0.1", port), "/metrics"))[0] == 404, "others count nothing"
    guessed = {"Authorization": "Bearer x"}
    assert (await get(("127.0.0.1", port), "/metrics", headers=guessed))[0] == 404
    found = {(one.namespace, one.name, tuple(sorted(one.dimensions))): one.value for one in put}
    assert {(one.account, one.region) for one in put} == {(ACCOUNT, REGION)}
    assert found["AWS/ApplicationELB", "RequestCount", ("LoadBalancer",)] == 5
    assert found["AWS/ApplicationELB", "HTTPCode_Target_2XX_Count", ("LoadBalancer",)] == 5
    assert 0 < found["AWS/ApplicationELB", "TargetResponseTime", ("LoadBalancer", "TargetGroup")] < 5
    assert 0 <= found["AWS/EC2", "CPUUtilization", ("InstanceId",)] <= 100
    own = {one.dimensions["InstanceId"]: one.value for one in put if one.name == "NetworkOut"}
    assert own[ONE.id] > 500


async def ports_stay_and_nothing_is_left_of_a_removed_load_balancer(
    instances: Instances, _: DataPlane, folder: Path
) -> None:
    lb = balancer(rule(None, forward(A)))
    await instances.update(region(lb))
    first = DataPlane(folder / "ports", instances, folder / "authority")
    await first.update(region(lb))
    address = first.address(lb.arn, 80)
    await first.close()
    again = DataPlane(folder / "ports", instances, folder / "authority")
    await again.update(region(lb))
    assert again.address(lb.arn, 80) == address
    await told(again, lb, "/", ONE.id)
    await again.update(dataclasses.replace(region(lb), load_balancers=()))
    with pytest.raises(LookupError):
        again.address(lb.arn, 80)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*address)
    assert [entry.name for entry in (folder / "ports").iterdir()] == []
    await again.close()
