"""Every other blueprint that ships, deployed from a copy and asked through its load balancer, or run by itself."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hivemind.testing.project import Page, Project, ask

pytestmark = pytest.mark.slow
BLUEPRINTS = Path(__file__).parents[2] / "blueprints"
TESTED = {"python-postgres", "python-redis", "static-site", "node-web", "two-services"}
needs_node = pytest.mark.skipif(shutil.which("npm") is None, reason="needs Node.js with npm")


@pytest.mark.fast
def test_every_blueprint_is_tested() -> None:
    assert {path.parent.name for path in BLUEPRINTS.glob("*/hivemind.yaml")} == TESTED


@pytest.mark.stress
def test_static_site(local_project: Callable[..., Project]) -> None:
    project = local_project(copy=BLUEPRINTS / "static-site")
    assert project.apply().last["verdict"] == "good"
    page = project.get("/")
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.text == (BLUEPRINTS / "static-site/site/index.html").read_text()
    assert project.get("/style.css").headers["content-type"].startswith("text/css")
    missing = project.get("/nothing-here")
    assert (missing.status, missing.text) == (404, (BLUEPRINTS / "static-site/site/404.html").read_text())
    assert project.get("/../hivemind.yaml").status in (400, 404)
    assert project.apply().last["changed"] is False


@needs_node
def test_node_web_by_itself(tmp_path: Path, until: Callable[..., None]) -> None:
    folder = shutil.copytree(BLUEPRINTS / "node-web", tmp_path / "node-web")
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(["node", "server.js"], cwd=folder, env={**os.environ, "PORT": str(port)}) as server:
        try:
            until(lambda: _listens(port), what="the server")
            _clock_answers(lambda path: ask(f"http://127.0.0.1:{port}", path=path))
        finally:
            server.terminate()


@pytest.mark.stress  # the one with two services is deployed with a service like this one
@needs_node
def test_node_web(local_project: Callable[..., Project]) -> None:
    project = local_project(copy=BLUEPRINTS / "node-web")
    assert project.apply().last["verdict"] == "good"
    _clock_answers(project.get)
    assert project.apply().last["changed"] is False


def _clock_answers(get: Callable[[str], Page]) -> None:
    assert "<html" in get("/").text
    assert {one["zone"] for one in get("/time").json["times"]} >= {"UTC", "Asia/Tokyo"}
    assert get("/health").text == "ok\n"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.stress
@needs_node
def test_two_services_by_path_and_by_host(local_project: Callable[..., Project]) -> None:
    project = local_project(copy=BLUEPRINTS / "two-services")
    applied = project.apply().last
    assert applied["verdict"] == "good"
    assert set(applied["urls"]) == {"web", "api"}
    page = project.get("/", service="web")
    assert page.headers["content-type"].startswith("text/html")
    base = applied["urls"]["web"]
    assert applied["url"] == base, "the one at the bare address comes first"
    assert len(project.get("/api/quotes", service="web").json["quotes"]) == 5
    assert project.get("/api/nothing", service="web").json == {"error": "not found"}
    by_host = project.get("/quote", service="web", host="api.quotes.example")
    assert set(by_host.json) == {"text", "by"}
    assert project.get("/quote", service="web").status == 404, "without the host it goes to the page's service"
    assert sorted(project.status()["services"]) == ["api", "web"]
    assert project.apply().last["changed"] is False


@pytest.mark.stress  # test_redis.py has this without packages, and test_python_postgres.py has the packages
def test_a_web_service_and_a_worker_share_redis(
    local_project: Callable[..., Project], until: Callable[..., None]
) -> None:
    project = local_project(copy=BLUEPRINTS / "python-redis")
    assert project.apply().last["verdict"] == "good"
    assert [project.ask("POST", "/words", body=word).status for word in ("Abba", "cab", "?!")] == [202, 202, 400]
    until(lambda: project.get("/counts.json").json == {"a": 3, "b": 3, "c": 1}, what="the worker's counts")
    assert project.get("/health").text == "ok\n"
    assert project.apply().last["changed"] is False
