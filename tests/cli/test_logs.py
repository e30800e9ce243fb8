from __future__ import annotations

import json
import secrets
import signal
import threading

import pytest

from hivemind.testing.project import Project
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


def test_lines_of_all_instances(standing: Project) -> None:
    lines = standing.run("logs", "--health-checks").out.splitlines()
    assert {line.split()[0] for line in lines} == {"web.1", "web.2"}
    assert any("GET /health" in line for line in lines)
    lines = standing.run("logs").out.splitlines()
    assert {line.split()[0] for line in lines} == {"web.1", "web.2"}
    assert not any("GET /health" in line for line in lines), "known by the path, since nothing says who asks"


def test_only_the_last(standing: Project) -> None:
    for _ in range(3):  # the health checks of some seconds come after these
        found = standing.run("logs", "--service", "web", "-n", "1").out.splitlines()
        assert [line.split()[0] for line in sorted(found)] == ["web.1", "web.2"], "health checks crowd nothing out"


def test_as_data(standing: Project) -> None:
    lines = [json.loads(line) for line in standing.run("logs", "--json", "--health-checks").out.splitlines()]
    assert {line["service"] for line in lines} == {"web"}
    assert len({line["instance"] for line in lines}) == 2
    assert any("GET /health" in line["line"] for line in lines)


def test_following_shows_what_comes(standing: Project) -> None:
    mark = secrets.token_hex(8)
    following = standing.start("logs", "-f", "-n", "1")
    assert following.stdout is not None
    seen = threading.Event()

    def ask() -> None:
        """Again and again: an instance may be followed only a moment after it answered, and it may have said nothing
        before that."""
        while not seen.wait(0.3):
            assert standing.get(f"/{mark}").status == 200

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    for line in following.stdout:
        if mark in line:
            break
    seen.set()
    asking.join(30)
    following.send_signal(signal.SIGINT)
    _, err = following.communicate(timeout=30)
    assert following.returncode == ExitCode.INTERRUPTED
    assert "Traceback" not in err


def test_no_such_service(standing: Project) -> None:
    refused = standing.run("logs", "--service", "wbe", code=ExitCode.NOT_FOUND)
    assert "Services: web" in refused.err
