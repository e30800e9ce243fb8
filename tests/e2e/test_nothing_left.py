"""What an apply starts by itself ends with the last destroy: processes, ports, files."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from hivemind.testing.project import Project, hello

pytestmark = pytest.mark.slow


@pytest.fixture
def alone(own_home: Path) -> Project:
    """A project whose local cloud is started by its own first apply."""
    project = Project(own_home.parent / "project", own_home)
    project.write(hello("alone", service="needs: [db, cache]", more="resources: {db: postgres, cache: redis}\n"))
    return project


def ours(home: Path) -> list[psutil.Process]:
    """Every process that has this home in its environment, and those below."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("HIVEMIND_HOME") == str(home):
                found += [process, *process.children(recursive=True)]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def listening(processes: list[psutil.Process]) -> set[tuple[str, int]]:
    found = set()
    for process in processes:
        try:
            connections = process.net_connections("tcp")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        found |= {(one.laddr.ip, one.laddr.port) for one in connections if one.status == psutil.CONN_LISTEN}
    return found


def holders(ports: set[tuple[str, int]]) -> set[int]:
    """Who listens on these ports now."""
    every = psutil.net_connections("tcp")
    return {one.pid for one in every if one.pid and one.status == psutil.CONN_LISTEN and tuple(one.laddr) in ports}


def answers(address: tuple[str, int]) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET) as probe:
        probe.settimeout(2)
        return probe.connect_ex(address) == 0


@pytest.mark.stress
def test_destroy_leaves_no_process_no_port_and_no_file(alone: Project, until: Callable[..., None]) -> None:
    url = alone.apply().last["url"]
    running = ours(alone.home)
    for server in ("postgres", "valkey-server"):
        assert any(server in process.name() for process in running), server
    ports = {port for port in listening(running) if answers(port)}
    assert url.removeprefix("http://") in {f"{ip}:{port}" for ip, port in ports}
    assert list((alone.home / "local/instances").iterdir())

    ended = alone.run("destroy", "--yes", "--snapshots", "delete")
    assert "Nothing is left." in ended.out
    until(lambda: not ours(alone.home), what="the end of every process")
    assert not [process for process in running if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    # Whoever listens there now is another worker of the suite, which was given a port that had become free.
    assert not holders(ports) & {process.pid for process in running}
    local = alone.home / "local"
    left = [
        path
        for folder in ("instances", "postgres/servers", "valkey/servers", "deployments")
        for path in (local / folder).glob("*")
    ]
    assert left == []
    assert "Nothing is deployed" in alone.run("status").out
    assert (
        alone.run("local", "status", code=None).out
        == "The local cloud is not running. Start it: hivemind local start\n"
    )
    assert not ours(alone.home), "looking starts nothing"


@pytest.mark.stress
def test_interrupted_on_its_way_it_is_destroyed_all_the_same(alone: Project, until: Callable[..., None]) -> None:
    apply = alone.start("apply", "--local", "--yes", "--json")
    assert apply.stdout is not None
    for line in apply.stdout:
        if '"DbDatabase"' in line:
            apply.kill()
            break
    apply.communicate()
    assert alone.run("destroy", "--yes", "--snapshots", "delete", "--json").last["left"] == []
    until(lambda: not ours(alone.home), what="the end of every process")
