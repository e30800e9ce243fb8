"""An Auto Scaling group: its instances come, go and are replaced by themselves, and requests are answered meanwhile."""

from __future__ import annotations

import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from hivemind.testing.project import Project
from hivemind.testing.pytest_plugin import LocalCloudHome

pytestmark = pytest.mark.stress

APP = """\
import http.server, os, socket, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        until = time.process_time() + (0.15 if self.path == "/burn" else 0)
        while time.process_time() < until:
            sum(range(1000))
        key = len(os.environ["SECRET_KEY"])
        body = f"{os.environ['GREETING']} {socket.gethostname()} {key}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
BLUEPRINT = """\
hivemind: 1
name: {name}
services:
  web:
    runtime: python
    start: python app.py
    port: 8000
    health: /
    instances: {instances}
    env: {{GREETING: {greeting}}}
    secrets: {{SECRET_KEY: generate}}
"""
GROUP = "{min: 2, max: 4, target_cpu: 20}"


def files(greeting: str, instances: str = GROUP) -> dict[str, str]:
    blueprint = BLUEPRINT.format(name="flock", greeting=greeting, instances=instances)
    return {"app.py": APP, "requirements.txt": "", "hivemind.yaml": blueprint}


def members(project: Project) -> list[str]:
    services: dict[str, Any] = project.status()["services"]
    return sorted(one["instance"] for one in services["web"])


def healthy(project: Project) -> list[str]:
    services: dict[str, Any] = project.status()["services"]
    return sorted(one["instance"] for one in services["web"] if one["health"] == "healthy")


@contextmanager
def requests(url: str, at_a_time: int = 3) -> Iterator[Counter[str]]:
    """Requests without a pause, for as long as this lasts: the answers, and `failed` for each without one."""
    answers: Counter[str] = Counter()
    ended = threading.Event()

    def ask() -> None:
        while not ended.wait(0.02):
            try:
                with urllib.request.urlopen(url, timeout=15) as answer:
                    answers[answer.read().decode()] += 1
            except OSError as error:
                answers[f"failed: {error!r}"] += 1

    threads = [threading.Thread(target=ask) for _ in range(at_a_time)]
    for one in threads:
        one.start()
    try:
        yield answers
    finally:
        ended.set()
        for one in threads:
            one.join()


def failed(answers: Counter[str]) -> dict[str, int]:
    return {one: count for one, count in answers.items() if one.startswith("failed")}


def kill(cloud: LocalCloudHome, instance: str) -> None:
    """Ends the process at the root of an instance."""
    for process in psutil.Process(cloud.running.pid).children(recursive=True):
        with_console = [one.path for one in process.open_files()]
        if any(f"/{instance}/console.log" in path for path in with_console):
            process.kill()
            return
    raise LookupError(instance)


def test_a_group_lives_without_anyone(
    local_project: Callable[..., Project], local_cloud: LocalCloudHome, until: Callable[..., None]
) -> None:
    project = local_project(files("one"))
    project.apply()
    url = str(project.status()["url"])
    before = members(project)
    assert len(before) == 2
    assert project.run("ssh", "-i", "2", "hostname").out.startswith("ip-")
    assert "instances.target_cpu" in project.run("show").out

    kill(local_cloud, before[0])
    until(lambda: before[0] not in members(project) and len(healthy(project)) == 2, what="a new instance")
    with requests(url) as answers:
        until(lambda: len(answers) == 2 and sum(answers.values()) > 50, what="answers of both")
    assert failed(answers) == {}
    assert all(one.endswith(" 64") for one in answers), "each has its secret, the one that installed itself too"

    with requests(f"{url}/burn") as answers:
        until(lambda: len(members(project)) > 2, what="more instances")
        project.write(files("two"))
        project.apply()
        until(lambda: len(healthy(project)) == len(members(project)), what="health")
    assert failed(answers) == {}
    with requests(url) as answers:
        until(lambda: sum(answers.values()) > 50, what="answers")
    assert {one.split()[0] for one in answers} == {"two"}, "also of those that came while it was released"

    with requests(url) as answers:
        project.write(files("two", "2"))
        project.apply()
        project.write(files("two", "{min: 2, max: 3}"))
        project.apply()
    assert failed(answers) == {}
    with requests(url) as answers:
        until(lambda: sum(answers.values()) > 50, what="answers")
    assert failed(answers) == {}
    assert len(members(project)) == 2
