"""Jobs on an instance, for real: by the clock, by hand, over releases, restarts and kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from host_instances import Instance

from hivemind.hosts.onhost import job_unit, unit
from hivemind.hosts.onhost.layout import Layout
from hivemind.hosts.onhost.request import parse
from hivemind.values.clock import SYSTEM_CLOCK, polls

NEVER = "0 0 29 2 *"
TALK = "echo $NAME; echo token=$TOKEN; exit $CODE"


def job(start: str = TALK, schedule: str = NEVER, name: str = "cleanup", timeout: int = 60) -> dict[str, Any]:
    return {"name": name, "schedule": schedule, "start": start, "timeout": timeout}


def states(instance: Instance) -> dict[str, dict[str, Any]]:
    answer = json.loads(instance.call("jobs", "web").stdout)
    return {one["name"]: one for one in answer["data"]["jobs"]}


def until(instance: Instance, condition: Callable[[dict[str, Any]], bool], name: str = "cleanup") -> dict[str, Any]:
    for _ in polls(SYSTEM_CLOCK, deadline=30, first=0.2, most=0.2):
        if condition(state := states(instance)[name]):
            return state
    pytest.fail(f"it stays {state}")


def put_back(instance: Instance, seconds: float) -> None:
    """Makes a job's schedule older than it is: as if the instance had been down since."""
    path = instance.root / "var/lib/hivemind-jobs/cleanup.json"
    known = json.loads(path.read_text())
    path.write_text(json.dumps({**known, "since": time.time() - seconds}))


def supervisor(instance: Instance, name: str = "cleanup") -> int:
    return int(json.loads((instance.root / f"run/hivemind/{name}.json").read_text())["supervisor"])


@pytest.mark.slow
def test_a_job_runs_when_asked_with_the_release_of_its_service(instance: Instance) -> None:
    environment = {"TOKEN": "hunter2222", "CODE": "3"}
    instance.install(instance.request(env=environment, hidden=["TOKEN"], jobs=[job()]))
    state = states(instance)["cleanup"]
    assert (state["running"], state["runs"], state["schedule"]) == (False, [], NEVER)
    asked = instance.call("run-job", "cleanup")
    assert asked.returncode == 3
    shown = [line.split(" ", 1)[1] for line in asked.stdout.splitlines()]
    assert shown[:3] == ["hivemind: run began, release r1", "r1", "token=[hidden]"]
    (run,) = states(instance)["cleanup"]["runs"]
    assert (run["code"], run["ending"], run["release"], run["clocked"]) == (3, "exit code 3", "r1", False)
    assert "token=[hidden]" in instance.call("logs", "cleanup", "--plain").stdout.splitlines()
    assert "hunter2222" not in instance.call("logs", "cleanup").stdout
    assert instance.state()["state"] == "running", "the service itself"


@pytest.mark.stress
@pytest.mark.slow
def test_a_release_lets_a_run_end_and_the_next_has_the_new_code(instance: Instance) -> None:
    gate = instance.folder / "gate"
    wait = f"while [ ! -e {gate} ]; do sleep 0.05; done; echo done $NAME"
    instance.install(instance.request("r1", jobs=[job(wait), job("echo", name="other")]))
    with subprocess.Popen(
        instance.command("run-job", "cleanup"), env=instance.environment, stdout=-1, text=True
    ) as asked:
        until(instance, lambda state: state["running"])
        again = instance.call("run-job", "cleanup")
        assert again.returncode == 1
        assert "At most one run goes on at a time" in again.stderr
        for number in range(2, 5):
            instance.install(instance.request(f"r{number}", keep=1, jobs=[job(wait)]))
        assert set(states(instance)) == {"cleanup"}, "what the release does not have is gone"
        assert states(instance)["cleanup"]["running"]
        assert (instance.home / "releases/r1").is_dir(), "with what a run began stays until it ends"
        gate.touch()
        out, _ = asked.communicate(timeout=30)
    assert "done r1" in out
    assert "done r4" in instance.call("run-job", "cleanup").stdout
    assert [run["release"] for run in states(instance)["cleanup"]["runs"]] == ["r1", "r4"]
    instance.install(instance.request("r5", keep=1))
    assert states(instance) == {}
    assert not (instance.root / "etc/hivemind/boot.d/cleanup").exists()


@pytest.mark.slow
def test_what_was_missed_is_made_up_for_once(instance: Instance) -> None:
    instance.install(instance.request(env={"CODE": "0"}, jobs=[job(schedule="0 0 1 * *")]))
    holder = supervisor(instance)
    put_back(instance, 86_400 * 95)
    os.kill(holder, signal.SIGKILL)
    assert instance.call("start", "cleanup").returncode == 0, "as at boot"
    state = until(instance, lambda state: bool(state["runs"]) and not state["running"])
    assert [(run["code"], run["clocked"]) for run in state["runs"]] == [(0, True)]
    assert state["next"] > time.time()
    os.kill(supervisor(instance), signal.SIGHUP)
    assert instance.call("run-job", "cleanup").returncode == 0
    assert [run["clocked"] for run in states(instance)["cleanup"]["runs"]] == [True, False], "and not once a month"


@pytest.mark.slow
def test_a_run_that_takes_too_long_is_ended_and_one_that_was_killed_counts_as_cut_off(instance: Instance) -> None:
    instance.install(instance.request(jobs=[job("sleep 600", timeout=1), job("sleep 600", name="other")]))
    assert instance.call("run-job", "cleanup").returncode == 1
    (run,) = states(instance)["cleanup"]["runs"]
    assert (run["code"], run["ending"]) == (None, "time-out")
    with subprocess.Popen(instance.command("run-job", "other"), env=instance.environment, stdout=-1) as asked:
        pid = until(instance, lambda state: state["running"], "other")
        asked.kill()
    record = json.loads((instance.root / "run/hivemind/other.json").read_text())
    os.kill(record["supervisor"], signal.SIGKILL)
    state = until(instance, lambda state: not state["running"], "other")
    assert [(run["code"], run["ending"]) for run in state["runs"]] == [(None, "cut off")], pid
    assert instance.call("start", "other").returncode == 0
    assert not Path(f"/proc/{record['pid']}/cwd").exists(), "an orphan would be a second run"


@pytest.mark.stress
def test_the_clock_starts_it(instance: Instance) -> None:
    instance.install(instance.request(env={"CODE": "0"}, jobs=[job(schedule="* * * * *")]))
    for _ in polls(SYSTEM_CLOCK, deadline=130, first=1, most=1):
        if len(runs := [run for run in states(instance)["cleanup"]["runs"] if run["ended"]]) > 1:
            break
    assert all(run["clocked"] and run["began"] % 60 < 2 for run in runs), runs
    assert len({run["began"] // 60 for run in runs}) == len(runs)


@pytest.mark.fast
@pytest.mark.parametrize(
    "wrong", [{"schedule": "0 0 0 3 * *"}, {"name": "../a"}, {"name": "web"}, {"start": " "}, {"timeout": 0}]
)
def test_a_request_with_a_job_that_is_none_is_refused(instance: Instance, wrong: dict[str, Any]) -> None:
    from hivemind.hosts.onhost.report import InstallError

    with pytest.raises(InstallError, match="invalid value: jobs"):
        parse(instance.request(jobs=[{**job(), **wrong}]))


@pytest.mark.fast
def test_the_units_of_a_job_say_what_systemd_and_the_supervisor_need(tmp_path: Path) -> None:
    layout = Layout(Path("/"), "web")
    wanted = parse(
        {"service": "web", "release": "r1", "artifact": "", "digest": "0" * 64, "start": "x", "jobs": [job("a && b")]}
    )
    release = layout.release("r1")
    (found,) = json.loads(job_unit.render(layout, release, wanted, "hivemind"))
    read = unit.parse(found["unit"])
    assert read.arguments == ("/bin/sh", "-c", "a && b")
    assert (read.user, read.start_timeout, read.restart) == ("hivemind", 60.0, "no")
    assert "Type=oneshot\n" in found["unit"]
    assert "OnCalendar=*-02-29 00:00:00 UTC\n" in found["timer"]
    assert "Persistent=yes\n" in found["timer"]
    for name in ("hivemind-cleanup.service", "hivemind-cleanup.timer"):
        text = found["unit" if name.endswith("service") else "timer"]
        (tmp_path / name).write_text(
            text.replace("hivemind\n", "root\n").replace("/opt/hivemind/web/releases/r1/app", "/")
        )
    analyze = next((path for path in ("/usr/bin/systemd-analyze",) if Path(path).exists()), None)
    if analyze is not None:
        done = subprocess.run(
            [analyze, "verify", *map(str, tmp_path.glob("hivemind-*"))], capture_output=True, text=True, check=False
        )
        assert "Unknown" not in done.stderr
        assert "Failed to parse" not in done.stderr
    assert sys.executable in found["unit"]


@pytest.mark.slow
def test_jobs_that_another_instance_runs_begin_no_more_and_a_run_ends_by_itself(instance: Instance) -> None:
    """What blue-green asks of the instances before, and of the new ones until they serve."""
    gate = instance.folder / "gate"
    every_minute = job(f"while [ ! -e {gate} ]; do sleep 0.05; done", schedule="* * * * *")
    instance.call("clock", "web", "off")
    instance.install(instance.request("r1", jobs=[every_minute]))
    assert states(instance) == {}, "another one runs them"
    instance.call("clock", "web", "on")
    timer = instance.root / "etc/systemd/system/hivemind-cleanup.timer"
    assert timer.exists()
    asked = subprocess.Popen(
        instance.command("run-job", "cleanup"), env=instance.environment, stdout=-1, stderr=-1, text=True
    )
    until(instance, lambda state: state["running"])
    instance.call("clock", "web", "off")
    assert states(instance)["cleanup"]["running"], "it goes on"
    assert not timer.exists()
    gate.touch()
    asked.communicate(timeout=30)
    assert not until(instance, lambda state: not state["running"])["running"]
    instance.call("clock", "web", "on")
    assert timer.exists()
