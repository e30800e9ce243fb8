"""Fifty applies of one deployment at once: one wins, the others say who holds it and change nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from hivemind.testing.project import Project, hello
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.stress
SMALL = "environments: {production: {stage: stage-1}}\n"
MANY = 50


def test_one_wins_and_the_others_say_who_holds_it(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("crowd", more=SMALL))
    project.apply()
    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    runs = [project.start("apply", "--local", "--yes", "--json", stdin=subprocess.DEVNULL) for _ in range(MANY)]
    ends = [(run.communicate(timeout=300), run.returncode, run.pid) for run in runs]
    codes = [code for _, code, _ in ends]
    assert set(codes) <= {ExitCode.OK, ExitCode.LOCKED}
    applied = [json.loads(out.splitlines()[-1]) for (out, _), code, _ in ends if code == ExitCode.OK]
    # One that came after the winner had ended found nothing to do.
    assert [one["revision"] for one in applied if one["changed"]] == ["r2"]
    holders = [
        json.loads(out.splitlines()[-1])["error"]["message"] for (out, _), code, _ in ends if code == ExitCode.LOCKED
    ]
    assert holders
    assert all("`hivemind apply` by " in one for one in holders)
    history = project.run("history", "--json").last["revisions"]
    assert [one["number"] for one in history] == [2, 1]
    assert project.get().text.startswith("hello|2|")
