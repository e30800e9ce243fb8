from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.testing.project import Project
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


def test_it_shows_what_stands(standing: Project) -> None:
    shown = standing.run("status").out
    url = standing.status()["url"]
    assert shown.startswith("standing (production, local us-east-1)   r1\n")
    assert "CREATE_COMPLETE" in shown
    assert "2 of 2 healthy" in shown
    assert url in shown
    assert "\x1b" not in shown, "no escape codes where nobody looks"


def test_a_check_says_that_all_is_in_order_or_fails(standing: Project, nowhere: Project) -> None:
    assert standing.run("status", "--check").err == ""
    assert standing.status("--check")["problems"] == []
    assert nowhere.run("status", "--check", code=ExitCode.NOT_FOUND).out.startswith("Nothing is deployed")


def test_as_data(standing: Project) -> None:
    status = standing.status()
    assert status["deployment"] == f"standing-production-{status['account']}-us-east-1"
    assert (status["status"], status["verdict"], status["works"]) == ("deployed", "good", True)
    assert [one["state"] for one in status["services"]["web"]] == ["running", "running"]
    assert [one["health"] for one in status["services"]["web"]] == ["healthy", "healthy"]
    assert all(one["instance"].startswith("i-") for one in status["services"]["web"])


def test_where_nothing_is_deployed_it_says_so(nowhere: Project) -> None:
    assert f"Nothing is deployed from {nowhere.folder}" in nowhere.run("status").out
    assert nowhere.status() == {"deployment": None}
    assert nowhere.run("status", "-d", "no-such-thing", code=ExitCode.NOT_FOUND).err.startswith("error: no deployment")


def test_a_deployment_is_found_from_anywhere_by_its_id(standing: Project, nowhere: Project) -> None:
    identity = standing.status()["deployment"]
    assert nowhere.status("-d", identity)["url"] == standing.status()["url"]
    near = nowhere.run("status", "-d", identity + "x", code=ExitCode.NOT_FOUND)
    assert f"Did you mean {identity}?" in near.err


def test_without_the_cloud_it_shows_what_is_recorded(standing: Project, tmp_path: Path) -> None:
    """A copy of the state without the local cloud that it lies in."""
    import shutil

    kept = tmp_path / "home/local/deployments"
    shutil.copytree(standing.home / "local/deployments", kept)
    apart = Project(standing.folder, tmp_path / "home")
    status = apart.status()
    assert status["unreachable"]
    assert (status["works"], status["status"]) == (None, "deployed")
    assert "Recorded state: deployed" in apart.run("status").out
