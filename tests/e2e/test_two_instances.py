"""Two instances of an application with a hard-coded port: apart from each other, watched one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psutil
import pytest

from hivemind.testing.project import Project
from hivemind.testing.pytest_plugin import LocalCloudHome

pytestmark = pytest.mark.slow


def applications(cloud: LocalCloudHome) -> dict[int, psutil.Process]:
    """The running applications of this pair, by process id; other deployments run in the same local cloud."""
    found = {}
    for process in psutil.Process(cloud.running.pid).children(recursive=True):
        try:
            if process.cmdline()[-2:] == ["app.py", "pair"] and "python" in process.cmdline()[0]:
                found[process.pid] = process
        except psutil.NoSuchProcess:
            continue
    return found


def healths(project: Project) -> list[str]:
    instances: list[dict[str, Any]] = project.status()["services"]["web"]
    return sorted(str(one["health"]) for one in instances)


def test_both_answer_at_once(pair: Project, local_cloud: LocalCloudHome) -> None:
    assert healths(pair) == ["healthy", "healthy"]
    assert pair.status()["works"] is True
    assert len(applications(local_cloud)) == 2
    names = {pair.run("ssh", "-i", number, "hostname").out for number in ("1", "2")}
    assert len(names) == 2


@pytest.mark.stress
def test_one_that_hangs_is_unhealthy_until_it_answers(
    pair: Project, local_cloud: LocalCloudHome, until: Callable[..., None]
) -> None:
    stopped = next(iter(applications(local_cloud).values()))
    stopped.suspend()
    try:
        until(lambda: healths(pair) == ["healthy", "unhealthy"], what="an unhealthy instance")
        status = pair.status()
        assert status["works"] is False
        (sick,) = [one for one in status["services"]["web"] if one["health"] == "unhealthy"]
        assert sick["reason"] == "Target.Timeout"
        assert "1 of 2 healthy" in pair.run("status").out
        assert {pair.get().status for _ in range(4)} == {200}, "the other one goes on answering"
    finally:
        stopped.resume()
    until(lambda: healths(pair) == ["healthy", "healthy"], what="health")


@pytest.mark.stress
def test_one_that_is_killed_comes_back_by_itself(
    pair: Project, local_cloud: LocalCloudHome, until: Callable[..., None]
) -> None:
    before = applications(local_cloud)
    victim = next(iter(before.values()))
    victim.suspend()
    until(lambda: healths(pair) == ["healthy", "unhealthy"], what="an unhealthy instance")
    victim.kill()
    until(lambda: len(applications(local_cloud).keys() - before.keys()) == 1, what="a new process")
    until(lambda: healths(pair) == ["healthy", "healthy"], what="health")


@pytest.mark.stress
def test_killed_from_inside_it_comes_back_too(
    pair: Project, local_cloud: LocalCloudHome, until: Callable[..., None]
) -> None:
    before = applications(local_cloud).keys()
    pair.run("ssh", "-i", "2", "sudo pkill -KILL -f app.py", code=None)
    until(lambda: len(applications(local_cloud).keys() - before) == 1, what="a new process")
    until(lambda: healths(pair) == ["healthy", "healthy"], what="health")


def test_a_release_goes_to_both(pair: Project) -> None:
    pair.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    assert pair.apply().last["revision"] == "r2"
    assert {pair.get().text.split("|")[1] for _ in range(8)} == {"2"}
