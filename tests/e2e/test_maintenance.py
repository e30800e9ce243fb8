"""The load balancer's own page in place of the application, on a deployment that goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.testing.project import Project

pytestmark = pytest.mark.slow


def test_a_page_is_shown_until_it_is_ended(deployed: Project, tmp_path: Path) -> None:
    deployed.apply()
    before = deployed.get()
    assert before.status == 200
    (tmp_path / "page.html").write_text("<h1>x</h1>" * 200)
    large = deployed.run("maintenance", "on", "--page", str(tmp_path / "page.html"), *deployed.target, code=2)
    assert "the page has 2000 characters, 1024 at most" in large.err

    shown = deployed.run("maintenance", "on", "--message", "Back <soon>", *deployed.target, "--json").last
    page = deployed.get("/any/where?x=1")
    assert (page.status, page.headers["content-type"]) == (503, "text/html")
    assert "<p>Back &lt;soon&gt;</p>" in page.text
    assert deployed.ask("POST", "/", body="x").status == 503
    status = deployed.status(*deployed.target)
    assert status["maintenance"]["since"] == shown["maintenance"]["since"]
    assert "Maintenance is on: every request gets 503." in status["problems"]
    verified = deployed.run("verify", *deployed.target).out
    assert "maintenance page of web" in verified
    assert deployed.run("maintenance", "on", "--message", "Back <soon>", *deployed.target, "--json").last == shown

    assert deployed.apply().last["changed"] is False
    deployed.replace("hivemind.yaml", "    health: /health\n", "    health: /health\n    env: {GREETING: later}\n")
    assert deployed.apply().last["verdict"] == "good", "a release leaves it on, and its checks know of it"
    assert deployed.get().status == 503

    deployed.run("maintenance", "off", *deployed.target)
    assert deployed.get().text.startswith("later|")
    assert deployed.status(*deployed.target)["maintenance"] is None
    assert "Maintenance is off" in deployed.run("maintenance", "off", *deployed.target).out
    assert deployed.apply().last["changed"] is False
    journal = deployed.run("events", "--all").out
    assert "switches maintenance on" in journal
    assert "maintenance is off" in journal
