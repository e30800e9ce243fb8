"""The installer, run as the deployer runs it: one file, a request on standard input, a folder as the instance."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
from pathlib import Path
from typing import Any

import pytest
from host_artifacts import APPLICATION, member, pack
from host_instances import Instance, command_lines, free_port

from hivemind.hosts.onhost.layout import ALONE

pytestmark = pytest.mark.slow


def failed(steps: list[dict]) -> dict:
    assert steps[-1]["ok"] is False, steps
    return steps[-1]


def test_a_release_is_installed_and_answers(instance: Instance) -> None:
    greeting = {"GREETING": 'grüß $HOME "you"\nand \\me'}
    steps = instance.install(instance.request(env=greeting))
    assert [step["step"] for step in steps] == ["extract", "configure", "start", "done"]
    assert instance.get() == greeting["GREETING"]
    assert instance.current == "r1"
    assert instance.state()["state"] == "running"
    steps = instance.install(instance.request(env=greeting))
    assert steps[0]["message"] == "already installed"
    assert steps[-1]["ok"]
    assert instance.state()["releases"] == ["r1"]


def test_what_fails_leaves_the_release_before_running(instance: Instance) -> None:
    instance.install(instance.request("r1", env={"GREETING": "one"}))
    pid = instance.state()["pid"]
    steps = instance.install(instance.request("r2", release_command="echo migrating; echo no such column >&2; exit 3"))
    assert {"step": "release-command", "line": "migrating"} in steps
    failure = failed(steps)
    assert failure["message"] == "the release command failed with exit code 3"
    assert failure["lines"] == ["migrating", "no such column"]
    assert failure["current"] == "r1"
    assert instance.current == "r1"
    assert instance.state()["pid"] == pid

    broken = {"app/main.py": "print('before'); raise SystemExit('no DATABASE_URL')"}
    failure = failed(instance.install(instance.request("r2", files=broken)))
    assert failure["message"] == "the application ends right after its start with exit code 1"
    assert "no DATABASE_URL" in failure["lines"]
    assert failure["current"] == "r1"
    assert instance.get() == "one"

    ends = failed(instance.install(instance.request("r1", env={"GREETING": "second"}, start="true")))
    assert ends["message"].endswith("with exit code 0; a start command must go on running, not start something and end")
    killed = failed(instance.install(instance.request("r2", start="sh -c 'kill -9 $$'")))
    assert killed["message"].endswith(", by signal SIGKILL, which the system sends when memory runs out")
    assert instance.get() == "one", "the same release with another environment goes back, too"


def test_the_last_releases_are_kept_and_one_of_them_comes_back(instance: Instance) -> None:
    for number in range(1, 5):
        steps = instance.install(instance.request(f"r{number}", keep=2, env={"GREETING": f"number {number}"}))
    assert steps[-1]["data"] == {"removed": ["r2"], "releases": ["r3", "r4"]}
    assert sorted(path.name for path in (instance.home / "releases").iterdir()) == ["r3", "r4"]
    assert instance.get() == "number 4"
    done = instance.call("rollback", "web", "r3")
    assert done.returncode == 0
    assert instance.get() == "number 3"
    unknown = instance.call("rollback", "web", "r9")
    assert "only: r3, r4" in unknown.stdout
    assert unknown.returncode == 1


def test_the_environment_is_for_root_alone_and_nowhere_else(instance: Instance) -> None:
    secret = "s3cret-välue-93"
    request = instance.request(
        env={"TOKEN": secret},
        hidden=["TOKEN"],
        release_command='echo "token is $TOKEN"',
    )
    done = instance.call("install", stdin=json.dumps(request))
    environment = instance.home / "releases/r1/environment"
    assert stat.S_IMODE(environment.stat().st_mode) == 0o600
    assert secret in environment.read_text()
    assert (instance.root / "etc/hivemind/web.env").resolve() == environment
    assert "token is [hidden]" in done.stdout
    assert secret not in done.stdout + done.stderr
    assert secret not in instance.everything_written()
    assert not any(secret.encode() in line for line in command_lines())


def test_the_release_command_runs_in_the_new_release_with_its_environment(instance: Instance) -> None:
    steps = instance.install(instance.request("r7", release_command="pwd; echo $NAME $PORT"))
    lines = [step["line"] for step in steps if "line" in step]
    assert lines == [str(instance.home / "releases/r7/app"), f"r7 {instance.port}"]


def test_a_release_command_that_never_ends_is_ended(instance: Instance) -> None:
    failure = failed(instance.install(instance.request(release_command="sleep 600 & wait", release_timeout=1)))
    assert (
        failure["message"]
        == "the release command did not end within 1 s (`timeouts: {release: SECONDS}` of the service)"
    )


def test_an_application_on_another_port_is_told_apart(instance: Instance) -> None:
    files = {
        "app/main.py": "import socket,time\ns=socket.create_server(('127.0.0.1', 0))\n"
        "print('listening on', s.getsockname()[1], flush=True)\ntime.sleep(600)"
    }
    with socket.create_server(("127.0.0.1", 0)) as neighbour:
        failure = failed(instance.install(instance.request(files=files, ready_timeout=2)))
        there_before = str(neighbour.getsockname()[1])
    other = failure["lines"][-1].rpartition(" ")[2]
    assert f"did not listen on port {instance.port}" in failure["message"]
    assert other in failure["message"]
    assert there_before not in failure["message"]
    assert instance.state()["state"] == "stopped"
    assert not (instance.home / "current").exists()


def test_another_port_of_the_same_release_is_the_one_that_is_waited_for(instance: Instance) -> None:
    """What is unpacked already says nothing of where it listens now."""
    first = instance.port
    failed(instance.install(instance.request(start="sleep 600", ready_timeout=1)))
    instance.port = free_port()
    steps = instance.install(instance.request())
    assert instance.port != first
    assert steps[0]["message"] == "already installed"
    assert instance.get() == ""
    assert instance.state()["state"] == "running"


def test_a_wrong_digest_installs_nothing(instance: Instance) -> None:
    request = instance.request()
    request["digest"] = "0" * 64
    failure = failed(instance.install(request))
    assert failure["step"] == "extract"
    assert "digest" in failure["message"]
    assert not list((instance.home / "releases").glob("r*"))


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        (member("../evil"), "leads out"),
        (member("/tmp/evil"), "leads out"),
        (member("app/link", type=b"2", linkname="/etc/passwd"), "leads out"),
        (member("app/link", type=b"2", linkname="../../evil"), "leads out"),
        (member("app/hard", type=b"1", linkname="../evil"), "leads out"),
        (member("app/device", type=b"3"), "not a file, folder or link"),
        (member("app/fifo", type=b"6"), "not a file, folder or link"),
    ],
)
def test_an_archive_that_leads_out_is_refused(instance: Instance, entry: object, word: str) -> None:
    packed, digest = pack([(entry, b"")])
    request = instance.request()
    (instance.folder / "evil.tar.gz").write_bytes(packed)
    request |= {"artifact": str(instance.folder / "evil.tar.gz"), "digest": digest}
    failure = failed(instance.install(request))
    assert word in failure["message"]
    assert not (instance.home / "evil").exists()
    assert not (instance.folder / "evil").exists()


def test_killed_in_the_middle_then_again(instance: Instance) -> None:
    instance.install(instance.request("r1", env={"GREETING": "one"}))
    request = instance.request("r2", env={"GREETING": "two"}, release_command="echo here $$; exec sleep 600")
    process = begun(instance, request)
    line = until(process, "here")
    process.kill()
    process.communicate()
    os.kill(int(re.search(r"here (\d+)", line)[1]), signal.SIGKILL)  # type: ignore[index]
    assert instance.current == "r1"
    assert instance.get() == "one"
    (instance.home / "releases/.incoming-r2").mkdir()
    request["release_command"] = None
    assert instance.install(request)[-1]["ok"]
    assert instance.get() == "two"
    assert not list((instance.home / "releases").glob(".incoming-*"))


def test_the_release_command_of_a_killed_installer_is_waited_for(instance: Instance, tmp_path: Path) -> None:
    gate, said = tmp_path / "gate", tmp_path / "said"
    os.mkfifo(gate)
    tmp_path.chmod(0o777)
    said.touch()
    said.chmod(0o666)
    request = instance.request("r1", release_command=f"echo here; read go < {gate}; echo first >> {said}")
    killed = begun(instance, request)
    until(killed, "here")
    killed.kill()
    killed.communicate()
    again = begun(instance, request | {"release_command": f"echo second >> {said}"})
    assert "sudo kill -- -" in until(again, "waiting for the release command of an interrupted run")
    gate.write_text("go\n")
    out, _ = again.communicate(timeout=60)
    assert json.loads(out.splitlines()[-1])["ok"]
    assert said.read_text() == "first\nsecond\n"


def begun(instance: Instance, request: dict[str, Any]) -> subprocess.Popen[str]:
    """An installation under way."""
    process = subprocess.Popen(
        [sys.executable, *ALONE, str(instance.program), "install"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=instance.environment,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(request))
    process.stdin.close()
    process.stdin = None
    return process


def until(process: subprocess.Popen[str], word: str) -> str:
    """The first line of its output with a word."""
    assert process.stdout is not None
    return next(line for line in process.stdout if word in line)


def test_python_of_the_wanted_version(instance: Instance) -> None:
    minor = f"{sys.version_info[0]}.{sys.version_info[1]}"
    files = {
        "app/main.py": "import package, sys; print(package.__file__, sys.prefix, flush=True)\nimport server\n",
        "app/server.py": APPLICATION_ON_PORT,
        f"venv/lib/python{minor}/site-packages/package.py": "",
    }
    request = instance.request(files=files, start="python main.py", python=minor, interpreters=[sys.executable])
    assert instance.install(request)[-1]["ok"]
    release = instance.home / "releases/r1"
    first = instance.call("logs", "web", "--plain").stdout.splitlines()[0]
    assert first == f"{release}/venv/lib/python{minor}/site-packages/package.py {release}/venv"


def test_python_that_is_not_there(instance: Instance) -> None:
    files = {"app/main.py": "", "venv/lib/python3.4/site-packages/package.py": ""}
    failure = failed(instance.install(instance.request(files=files)))
    assert "the application needs Python 3.4, but this instance has" in failure["message"]


def test_a_port_that_something_else_holds(instance: Instance) -> None:
    import socket

    with socket.create_server(("127.0.0.1", instance.port)):
        failure = failed(instance.install(instance.request()))
    assert failure["message"] == f"another process of this instance uses port {instance.port}"


@pytest.mark.parametrize("obeys", [True, False])
def test_a_port_that_is_handed_out(instance: Instance, obeys: bool) -> None:
    wanted, instance.port = instance.port, free_port()
    start = f"{sys.executable} main.py" if obeys else f"PORT={wanted} {sys.executable} main.py"
    request = instance.request(port=wanted, start=start)
    environment = {**instance.environment, "PORT": str(instance.port)}
    done = subprocess.run(
        [sys.executable, *ALONE, str(instance.program), "install"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=True,
    )
    started = next(step for step in map(json.loads, done.stdout.splitlines()) if step["step"] == "start")
    assert started["data"]["port"] == (instance.port if obeys else wanted)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"service": "../x"}, "service"),
        ({"release": ".."}, "release"),
        ({"digest": "abc"}, "digest"),
        ({"env": {"A B": "hush-hush"}}, "env.A B"),
        ({"port": 70000}, "port"),
        ({"options": {"restart": "sometimes"}}, "options.restart"),
    ],
)
def test_a_request_that_can_not_be_used(instance: Instance, change: dict, name: str) -> None:
    done = instance.call("install", stdin=json.dumps({**instance.request(), **change}))
    assert name in json.loads(done.stdout)["message"]
    assert "hush-hush" not in done.stdout + done.stderr
    assert done.returncode == 1
    assert not instance.home.exists()


def test_remove_leaves_nothing(instance: Instance) -> None:
    instance.install(instance.request())
    assert instance.call("remove", "web", "--data").returncode == 0
    with pytest.raises(urllib.error.URLError):
        instance.get()
    left = [path for path in instance.root.rglob("*") if not path.is_dir() and path.name != "installer.pyz"]
    assert [path.name for path in left] == ["web.log"]


APPLICATION_ON_PORT = """\
import http.server, os
address = ("127.0.0.1", int(os.environ["PORT"]))
http.server.ThreadingHTTPServer(address, http.server.BaseHTTPRequestHandler).serve_forever()
"""


def test_what_is_missing_is_asked_without_waiting_for_a_release_command(instance: Instance, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    tmp_path.chmod(0o777)
    under_way = begun(instance, instance.request("r1", release_command=f"echo here; read go < {gate}"))
    until(under_way, "here")
    (step,) = (json.loads(line) for line in instance.call("missing", "web").stdout.splitlines())
    assert step["data"] == {"busy": True}
    assert f"read go < {gate} (to end it on this instance: hivemind ssh -- sudo kill -- -" in step["message"]
    os.killpg(int(re.search(r"kill -- -(\d+)", step["message"])[1]), signal.SIGKILL)  # type: ignore[index]
    out, _ = under_way.communicate(timeout=60)
    assert failed([json.loads(line) for line in out.splitlines()])["step"] == "release-command"
    (step,) = (json.loads(line) for line in instance.call("missing", "web").stdout.splitlines())
    assert step["data"]["layers"] == []


def test_the_log_of_the_release_before_is_no_evidence(instance: Instance) -> None:
    talking = {"app/main.py": f"print('of the release before', flush=True)\n{APPLICATION}", "manifest.json": "{}"}
    instance.install(instance.request("r1", files=talking))
    silent = {"app/main.py": "import sys\nsys.exit('of this one')\n", "manifest.json": "{}"}
    lines = failed(instance.install(instance.request("r2", files=silent)))["lines"]
    assert any("of this one" in line for line in lines)
    assert not any("before" in line for line in lines)
    said = instance.call("logs", "web", "--plain", "--current", "-n", "20").stdout
    assert "of this one" not in said, "r1 was started again, and this is its log since then"
    assert said.splitlines().count("of the release before") == 1
