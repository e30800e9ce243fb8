"""A project whose own plugin fails in every way, on the local cloud: what is deployed is told from what is verified."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable

import pytest

from hivemind import EventKind, ExitCode
from hivemind.deploy.journal import read_journal
from hivemind.testing.project import Project, hello

pytestmark = pytest.mark.slow
PLUGIN = """
import time
from pathlib import Path
from hivemind import hook
HEARD = Path(__file__).parent.with_suffix(".heard")

class Fine:
    name = "fine"
    def run(self, probe):
        print("looking")
        return "yes"

class Slow(Fine):
    name = "slow"
    def run(self, probe):
        time.sleep(2.5)
        return "at last"

class Raising:
    name = "raising"
    def run(self, probe):
        return {}["size"]

@hook
def hivemind_checks(release):
    return CHECKS

@hook
def hivemind_event(event):
    print("heard", event.step)
    with HEARD.open("a") as file:
        file.write(f"{event.attempt} {event.stage} {event.step} {event.kind.value}\\n")
    raise OSError("webhook refused")
"""
FAULT = '        return {}["size"]'
NAMED = 'plugin "hivemind_plugin" (hivemind_plugin.py) in hivemind_checks'


def plugin(checks: str) -> dict[str, str]:
    return {"hivemind_plugin.py": textwrap.dedent(PLUGIN).replace("CHECKS", checks)}


def line_of(text: str) -> int:
    return PLUGIN.splitlines().index(text) + 1


@pytest.mark.stress
def test_what_is_deployed_is_told_from_what_is_verified(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("misled", more="environments: {production: {stage: stage-1}}\n"))
    project.write(plugin("1 / 0"))
    raising = project.apply(code=ExitCode.VERIFY)
    error = raising.last["error"]
    (line,) = error["lines"]
    where = f"(hivemind_plugin.py:{line_of('    return CHECKS')})"
    assert line == f"checks of hivemind_plugin: {NAMED}: ZeroDivisionError: division by zero {where}"
    assert (error["stage"], error["exit"]) == ("verify", "verify")
    assert "of 1 instance receives traffic" in error["left"]
    statuses = [event["data"].get("status") for event in raising.lines if "data" in event]
    assert statuses.count("failed") == 1
    assert "passed" in statuses, "the checks of others run"
    (warning,) = [line for line in raising.err.splitlines() if line.startswith("warning: ")]
    assert "in hivemind_event: OSError: webhook refused (hivemind_plugin.py:" in warning
    assert project.get().status == 200
    status = project.status()
    assert (status["revision"], status["verdict"], status["works"]) == ("r1", "bad", True)

    project.write(plugin("(Fine(), Raising())"))
    failed = project.run("verify", code=ExitCode.VERIFY)
    assert "✔ fine: yes" in failed.out
    where = f"(hivemind_plugin.py:{line_of(FAULT)})"
    assert f"✘ raising: {NAMED}: KeyError: 'size' {where}" in failed.out
    assert "looking" in failed.err
    assert project.run("verify", "--json", code=ExitCode.VERIFY).last["verdict"] == "bad"

    project.write(plugin("(Slow(),)"))
    good = project.apply()
    notes = [event["message"] for event in good.lines if event.get("kind") == "note"]
    assert f"waiting for {NAMED} (slow)" in notes
    assert (good.last["revision"], good.last["verdict"]) == ("r1", "good")
    assert heard(project) == told(project)

    project.write({"hivemind_plugin.py": "def broken(:\n"})
    for command in (["status"], ["status", "--json"], ["destroy", "--yes", "--json"]):
        ran = project.run(*command)
        (warning,) = [line for line in ran.err.splitlines() if line.startswith("warning: ")]
        assert warning == (
            'warning: plugin "hivemind_plugin" (hivemind_plugin.py) is not loaded: '
            "SyntaxError: invalid syntax (hivemind_plugin.py:1)"
        )
    assert ran.last["left"] == []
    listed = json.loads(project.run("list", "--json").out)["deployments"]
    assert not [one for one in listed if one["deployment"].startswith("misled-")]


def heard(project: Project) -> list[str]:
    """What the listener was told, in its order, but progress, which is left out where it is behind."""
    lines = project.folder.with_suffix(".heard").read_text().splitlines()
    return [line for line in lines if not line.endswith(" progress")]


def told(project: Project) -> list[str]:
    """The events of all runs, as the journal has them."""
    (folder,) = [path.parent for path in project.home.rglob("misled-*/journal.jsonl")]
    kept = [event for event in read_journal(folder) if event.kind is not EventKind.PROGRESS]
    return [f"{event.attempt} {event.stage} {event.step} {event.kind.value}" for event in kept]
