from __future__ import annotations

import json

import pytest

from hivemind.testing.project import Project
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


def test_it_runs_in_the_release_of_a_service_and_passes_the_exit_code_on(standing: Project) -> None:
    done = standing.run("exec", "web", "--", "pwd; echo $GREETING $PORT; ls app.py; cat; exit 7", code=7, stdin="typed")
    where, words, listed, typed = done.out.splitlines()
    assert where.endswith("/app")
    assert (words, listed, typed) == ("standing 8000", "app.py", "typed")
    assert standing.run("exec", "web", "--", "sh", "-c", 'echo "$0"', "a b").out == "a b\n"


def test_the_journal_says_who_ran_what_without_secrets(standing: Project) -> None:
    secret = standing.run("exec", "web", "--", "echo $SECRET_KEY").out.strip()
    standing.run("exec", "web", "-i", "2", "--", "echo", secret, "--password", "hunter2")
    events = [json.loads(line) for line in standing.run("events", "--commands", "--json").out.splitlines()]
    (told,) = [one for one in events if "[hidden]" in one["message"]]
    second = standing.status()["services"]["web"][1]["instance"]
    assert told["data"] == {
        "by": told["message"].split()[0],
        "command": "echo [hidden] --password [redacted]",
        "with": "hivemind exec",
        "instance": second,
    }
    assert "@" in told["data"]["by"]
    assert {one["stage"] for one in events} == {"audit"}
    assert "audit" not in {one["stage"] for one in standing.run("events", "--json").lines}
    assert secret not in json.dumps(events)
    assert "hunter2" not in json.dumps(events)


def test_on_all_instances(standing: Project) -> None:
    done = standing.run("exec", "web", "--all", "--", "echo out; echo err >&2; exit 3", code=3)
    assert done.out.splitlines() == ["web 1 | out", "web 2 | out"]
    assert done.err.splitlines()[0] == "web 1 | err"
    assert "web 2 (i-" in done.err
    assert "exit code 3" in done.err
    results = standing.run("exec", "web", "--all", "--json", "--", "hostname").last["results"]
    assert [one["number"] for one in results] == [1, 2]
    assert len({one["output"] for one in results}) == 2
    assert {one["code"] for one in results} == {0}


def test_what_is_wrong_is_said(standing: Project, nowhere: Project) -> None:
    wrong = standing.run("exec", "wbe", "--", "true", code=ExitCode.NOT_FOUND).err
    assert "Did you mean web? Services: web" in wrong
    assert "no running instance 3" in standing.run("exec", "web", "-i", "3", "--", "true", code=ExitCode.NOT_FOUND).err
    assert "hivemind console SERVICE" in standing.run("exec", "web", code=ExitCode.USAGE).err
    assert "exclude" in standing.run("exec", "web", "--all", "-i", "1", "--", "true", code=ExitCode.USAGE).err
    assert "nothing is deployed" in nowhere.run("exec", "web", "--", "true", code=ExitCode.NOT_FOUND).err
    assert "nothing is deployed" in nowhere.run("console", code=ExitCode.NOT_FOUND).err


def test_a_console_without_a_known_framework_is_a_shell(standing: Project) -> None:
    done = standing.run("console", "web", "-i", "2", stdin="echo $GREETING; exit 4\n", code=4)
    assert "standing" in done.out
    assert "shell on web 2 (i-" in done.err
