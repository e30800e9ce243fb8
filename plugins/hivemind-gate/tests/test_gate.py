"""The steps through their hook, their work on a real server, and both in an apply on the local cloud."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hivemind_gate
import pytest

from hivemind import ExitCode, FindingsError, Step
from hivemind.testing import FakeContext, apply_of, checked, hello, plugins_of, release

PLUGINS = "plugins: {hivemind-gate: {ask: [production], warm: [/, /health]}}\n"


def steps(folder: Path, more: str = "") -> dict[str, Step]:
    for name, content in hello("gate", more=more).items():
        (folder / name).write_text(content)
    plugins = plugins_of(**{"hivemind-gate": hivemind_gate})
    made = checked(folder, (folder / "hivemind.yaml").read_text(), plugins, lint=False)
    return {step.name: step for step in hivemind_gate.hivemind_steps(apply_of(made))}


@pytest.fixture
def server() -> Iterator[str]:
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in ("/", "/products") else 404)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_address[1]}"
        served.shutdown()


def at(url: str) -> FakeContext:
    made = release()
    live = replace(made, services=tuple(replace(one, url=url, host=None) for one in made.services))
    return FakeContext({"record": SimpleNamespace(release=lambda: live)})


def test_it_is_installed_under_its_name() -> None:
    from importlib.metadata import entry_points

    (point,) = entry_points(group="hivemind", name="hivemind-gate")
    assert point.load() is hivemind_gate


def test_production_is_asked_for_and_nothing_else_by_default(tmp_path: Path) -> None:
    found = steps(tmp_path)
    assert set(found) == {"confirm traffic"}
    assert found["confirm traffic"].approval == "Send traffic to r1 of gate?"
    assert found["confirm traffic"].before == ("traffic",)


def test_options_decide(tmp_path: Path) -> None:
    assert set(steps(tmp_path, PLUGINS)) == {"confirm traffic", "warm up"}
    assert steps(tmp_path, PLUGINS.replace("[production]", "[]")).keys() == {"warm up"}


def test_a_path_begins_with_a_slash(tmp_path: Path) -> None:
    with pytest.raises(FindingsError) as caught:
        steps(tmp_path, PLUGINS.replace("/health", "health"))
    assert caught.value.findings[0].path == "plugins.hivemind-gate.warm[1]"


def test_pages_are_requested(server: str) -> None:
    context = at(server)
    assert hivemind_gate.warm(context, ["/", "/products"]) == 2
    assert context.said == (f"1 pages, {server}/", f"2 pages, {server}/products")


def test_a_page_that_does_not_answer_is_named(server: str) -> None:
    with pytest.raises(RuntimeError, match="/gone: HTTP Error 404"):
        hivemind_gate.warm(at(server), ["/gone"])


@pytest.mark.slow
def test_in_an_apply(local_project: Callable[..., Any]) -> None:
    project = local_project(hello("gate", more=PLUGINS.replace("/health", "/gone")))
    project.replace("app.py", "else 200)", 'else 404 if self.path == "/gone" else 200)')
    plan = project.run("plan", "--local").out
    assert "* confirm traffic  by hivemind-gate 0.1.0, after release web" in plan
    assert "asks: Send traffic to r1 of gate?" in plan
    # Nobody can be asked: nothing is changed.
    refused = project.run("apply", "--local", code=ExitCode.REFUSED)
    assert "--yes" in refused.err
    project.run("plan", "--local", "--out", "plan.json")
    ran = project.run("apply", "plan.json")  # reviewed with the steps in it: nobody is asked
    assert "confirm traffic" in ran.out
    assert "hivemind-gate 0.1.0" in ran.out
    assert "warning: warm up" in ran.err
    events = project.run("events", "--json").lines
    order = [event["step"] for event in events if event["kind"] == "finished"]
    assert order.index("release web") < order.index("confirm traffic") < order.index("traffic web")
    warm = [event for event in events if event["step"] == "warm up"]
    assert (warm[-1]["kind"], warm[-1]["data"]["failure"]) == ("failed", "warn")
    assert "/gone" in warm[-1]["message"]
