"""The supervisor, for real: restarts, stop signals, time-outs, boot, its log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from host_instances import Instance

from hivemind.values.clock import SYSTEM_CLOCK, polls

pytestmark = pytest.mark.slow


def until(instance: Instance, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    for _ in polls(SYSTEM_CLOCK, deadline=30, first=0.3, most=0.3):  # each look is a program that starts
        if condition(state := instance.state()):
            return state
    pytest.fail(f"it stays {state}")


def record(instance: Instance) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((instance.root / "run/hivemind/web.json").read_text())
    return content


def log(instance: Instance) -> list[str]:
    return instance.call("logs", "web", "--plain", "-n", "1000").stdout.splitlines()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_killed_application_is_started_again(instance: Instance) -> None:
    instance.install(instance.request(env={"GREETING": "still here"}))
    first = instance.state()["pid"]
    os.kill(first, signal.SIGKILL)
    again = until(instance, lambda state: state["state"] == "running" and state["pid"] != first)
    assert again["restarts"] == 1
    assert "hivemind: the application ended with signal SIGKILL" in log(instance)


def test_stop_gives_the_signal_and_ends_every_process(instance: Instance) -> None:
    child = "import os,signal,subprocess,sys,time\n"
    child += "subprocess.Popen(['sleep', '600'])\n"
    child += "def end(*_):\n    print('told to end', flush=True); sys.exit(0)\n"
    child += "signal.signal(signal.SIGINT, end)\nprint('up', flush=True)\ntime.sleep(600)\n"
    request = instance.request(files={"app/main.py": child}, port=None, options={"stop_signal": "SIGINT"})
    instance.install(request)
    pid = instance.state()["pid"]
    members = [
        int(path.name)
        for path in Path("/proc").glob("[0-9]*")
        if alive(int(path.name)) and _group(int(path.name)) == pid
    ]
    assert len(members) == 2
    assert instance.call("stop", "web").returncode == 0
    assert not any(alive(member) for member in members)
    assert "told to end" in log(instance)
    assert instance.state()["state"] == "stopped"


def test_what_does_not_end_is_killed_after_the_time_out(instance: Instance) -> None:
    instance.install(instance.request(env={"STUBBORN": "1"}, options={"stop_timeout": 1}))
    pid = instance.state()["pid"]
    instance.call("stop", "web")
    assert not alive(pid)
    assert "hivemind: did not end within 1 s, killed" in log(instance)


def test_on_failure_leaves_a_good_end_alone(instance: Instance) -> None:
    instance.install(instance.request(options={"restart": "on-failure"}, files=ENDS_WHEN_TOLD, port=None))
    os.kill(instance.state()["pid"], signal.SIGUSR1)
    until(instance, lambda state: state["state"] == "stopped")
    assert record(instance)["ending"] == "exit code 0"


def test_started_at_boot(instance: Instance) -> None:
    instance.install(instance.request(env={"GREETING": "booted"}))
    entry = record(instance)
    os.kill(entry["supervisor"], signal.SIGKILL)
    os.killpg(entry["pid"], signal.SIGKILL)
    script = instance.root / "etc/hivemind/boot.d/web"
    assert os.access(script, os.X_OK)
    subprocess.run([script], env={"PATH": os.environ["PATH"]}, check=True, timeout=60)
    until(instance, lambda state: state["state"] == "running")


def test_an_application_that_lost_its_supervisor_does_not_keep_the_port(instance: Instance) -> None:
    instance.install(instance.request("r1", env={"GREETING": "one"}))
    entry = record(instance)
    os.kill(entry["supervisor"], signal.SIGKILL)
    assert instance.install(instance.request("r2", env={"GREETING": "two"}))[-1]["ok"]
    assert instance.get() == "two"
    assert not alive(entry["pid"])


def test_there_is_one_supervisor(instance: Instance) -> None:
    instance.install(instance.request())
    before = record(instance)
    assert instance.call("start", "web").returncode == 0
    assert instance.call("supervise", "web").returncode == 0
    assert record(instance) == before


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return -1


ENDS_WHEN_TOLD = {
    "app/main.py": "import signal, sys, time\nsignal.signal(signal.SIGUSR1, lambda *_: sys.exit(0))\ntime.sleep(600)\n"
}
