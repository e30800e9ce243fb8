from __future__ import annotations

import pytest

from hivemind import Stage
from hivemind.testing.project import Project
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


def test_the_journal_frames_every_step(standing: Project) -> None:
    events = standing.run("events", "--json").lines
    assert (events[0]["step"], events[0]["kind"]) == ("attempt", "started")
    assert (events[-1]["step"], events[-1]["kind"]) == ("attempt", "finished")
    steps = {event["step"] for event in events}
    assert {"stack", "build web", "prepare web 1", "prepare web 2", "release web", "traffic web", "verify"} <= steps
    for step in steps:
        assert {"started", "finished"} <= {event["kind"] for event in events if event["step"] == step}, step
    assert len({event["attempt"] for event in events}) == 1
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)


def test_stages_have_one_name_in_the_journal_and_on_the_screen(standing: Project) -> None:
    journal = standing.run("events", "--json").lines
    stages = {event["stage"] for event in journal}
    assert stages - {"attempt"} == {"build", "provision", "deploy", "register", "verify"} <= set(Stage)
    shown = [line.split()[1] for line in standing.run("events").out.splitlines()]
    assert shown == [event["stage"] for event in journal]


def test_the_last_ones(standing: Project) -> None:
    assert len(standing.run("events", "--json", "--last", "3").lines) == 3
    assert "r1 is live" in standing.run("events", "-n", "1").out


def test_nothing_happened_yet(nowhere: Project) -> None:
    assert "nothing is deployed" in nowhere.run("events", code=ExitCode.NOT_FOUND).err
