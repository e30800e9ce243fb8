from __future__ import annotations

import getpass

import pytest

from hivemind.testing.project import Project
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


def test_each_revision_with_who_when_and_its_checks(standing: Project) -> None:
    told = standing.run("history", "--json").last
    newest = told["revisions"][0]
    assert told["deployment"].startswith("standing-production-")
    assert [one["number"] for one in told["revisions"]] == sorted(
        (one["number"] for one in told["revisions"]), reverse=True
    )
    assert newest["by"].startswith(f"{getpass.getuser()}@")
    assert newest["verdict"] == "good"
    assert newest["seconds"]["deploy"] > 0
    head, first = standing.run("history", "-n", "1").out.splitlines()[:2]
    assert head.split() == ["released", "by", "checks", "took", "digest", "commit"]
    assert first.split()[0] == f"r{newest['number']}"
    assert "passed" in first
    assert next(iter(newest["artifacts"].values()))[:10] in first
    assert standing.run("releases", "-n", "1").out.splitlines()[1] == first


def test_no_deployment_has_no_history(nowhere: Project) -> None:
    assert "nothing is deployed" in nowhere.run("history", code=ExitCode.NOT_FOUND).err.lower()
