"""The installer over SSH, from the copy of the artifact to the log."""

from __future__ import annotations

import contextlib
import http.server
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import ssh_servers
from host_artifacts import write
from host_instances import command_lines, free_port

from hivemind.hosts import remote
from hivemind.hosts.onhost.request import Request
from hivemind.hosts.remote import InstallStep
from hivemind.hosts.ssh import Host
from hivemind.releases.health_path import choose_health_path
from hivemind.values.errors import StageError

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("server", [ssh_servers.BEST], indirect=True)]


@pytest.fixture
def request_and_artifact(tmp_path: Path, host: Host) -> Iterator[tuple[Request, Path]]:
    path, digest = write(tmp_path)
    environment = {"GREETING": "hello", "TOKEN": "very-secret-token"}
    yield (
        Request(
            service="web",
            release="r1-abc",
            artifact="",
            digest=digest,
            start=f"{sys.executable} main.py",
            env={**environment, "HEALTH": "/health"},
            hidden=("TOKEN",),
            port=free_port(),
            ready_timeout=20,
        ),
        path,
    )
    remote.remove(host, "web", data=True)


def test_prepare_install_look_follow_stop(
    host: Host, server: ssh_servers.Server, request_and_artifact: tuple[Request, Path]
) -> None:
    request, artifact = request_and_artifact
    facts = remote.prepare(host, "web")
    assert facts["systemd"] is False
    assert facts["current"] is None
    assert remote.last_lines(host, "web") == ()
    with pytest.raises(StageError, match="this instance does not have release r1, only: none"):
        remote.rollback(host, "web", "r1")

    host.put(b"old", f".hivemind/{'0' * 64}.tar.gz")
    seen: list[InstallStep] = []
    request = replace(request, release_command="echo token $TOKEN")
    steps = remote.install(host, artifact, request, seen.append)
    assert [step.name for step in steps] == ["extract", "configure", "release-command", "start", "done"]
    assert InstallStep("release-command", "token [hidden]") in seen
    assert [name for name in host.list(".hivemind") if name.endswith(".tar.gz")] == [f"{request.digest}.tar.gz"]
    with urllib.request.urlopen(f"http://127.0.0.1:{request.port}/", timeout=10) as answer:
        assert answer.read() == b"hello"
    state = remote.status(host, "web")
    assert (state["state"], state["current"], state["digest"]) == ("running", "r1-abc", request.digest)
    assert next(remote.logs(host, "web", lines=50)).endswith("Z release -")
    assert "release -" in remote.last_lines(host, "web")
    the_log_as_it_grows(host, server, request)

    assert request.port is not None
    assert choose_health_path(host, request.port, None) == "/health"
    assert choose_health_path(host, request.port, "/up") == "/up"
    for status in (200, 302):
        with answering_all(status) as port:
            assert choose_health_path(host, port, None) == "/"
    remote.stop(host, "web")
    assert remote.status(host, "web")["state"] == "stopped"
    assert choose_health_path(host, request.port, None) == "/"


@contextlib.contextmanager
def answering_all(status: int) -> Iterator[int]:
    """The port of a server that has the same answer for every path."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Location", "/login")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield served.server_port
        served.shutdown()


def the_log_as_it_grows(host: Host, server: ssh_servers.Server, request: Request) -> None:
    following = remote.logs(host, "web", lines=1, follow=True)
    assert next(following).endswith(remote.last_lines(host, "web")[-1])
    urllib.request.urlopen(f"http://127.0.0.1:{request.port}/health?seen=1", timeout=10).close()
    assert any("/health?seen=1" in line for line in following)
    following.close()
    assert_ends(server.root, "--follow")


def test_the_log_does_not_tell_secrets_and_a_failure_carries_the_applications_words(
    host: Host, request_and_artifact: tuple[Request, Path]
) -> None:
    request, artifact = request_and_artifact
    start = 'echo "token $TOKEN"; ' + request.start
    remote.install(host, artifact, replace(request, start=start))
    later = {**request.env, "TOKEN": "another-token"}
    remote.install(host, artifact, replace(request, release="r2-def", start=start, env=later))
    lines = [line.partition("Z ")[2] for line in remote.logs(host, "web")]
    assert lines.count("token [hidden]") == 2
    following = remote.logs(host, "web", follow=True)
    assert any(line.endswith("token [hidden]") for line in following)
    following.close()

    broken = replace(request, release="r3-ghi", start="echo cannot reach database; exit 1")
    with pytest.raises(StageError) as caught:
        remote.install(host, artifact, broken)
    error = caught.value
    assert (
        error.message
        == f"web on {host.instance_id}, start: the application ends right after its start with exit code 1"
    )
    assert "cannot reach database" in error.lines
    assert error.left == f"release r2-def is still current on {host.instance_id}"
    assert remote.status(host, "web")["state"] == "running"


def assert_ends(root: Path, argument: str) -> None:
    """Nothing of ours stays on the instance: no process with this argument, of this installer."""
    deadline = time.monotonic() + 20
    home = str(root.parent).encode()
    while True:
        if not any(home in line and argument.encode() in line for line in command_lines()):
            return
        assert time.monotonic() < deadline
        time.sleep(0.1)
