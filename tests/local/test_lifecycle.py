"""Start, stop, reset of the daemon; what happens when it dies."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stacks import IMAGE, Stack, body, compute, data, network

from hivemind.local import lifecycle
from hivemind.local.cloud import LocalCloud, connect
from hivemind.local.files import read_json, write_json
from hivemind.local.processes import is_running, started
from hivemind.testing.clients import raw
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.clock import SYSTEM_CLOCK, polls
from hivemind.values.errors import CloudUnreachable, HiveMindError

pytestmark = pytest.mark.slow


@pytest.fixture
def directory() -> Iterator[Path]:
    pytest.importorskip("ministack", reason="needs the extra `local`")
    home = Path(tempfile.mkdtemp(prefix="hml-"))
    home.chmod(0o711)
    yield home / "local"
    lifecycle.reset(home / "local")
    shutil.rmtree(home / "cache", ignore_errors=True)  # of the linter, whose worker `local stop` looks for
    home.rmdir()


def family(pid: int) -> list[tuple[int, float]]:
    """A process and its descendants, with their start times."""
    import psutil

    process = psutil.Process(pid)
    return [(one.pid, one.create_time()) for one in (process, *process.children(recursive=True))]


def gone(processes: list[tuple[int, float]]) -> bool:
    return any(not any(is_running(*one) for one in processes) for _ in polls(SYSTEM_CLOCK, deadline=15))


def listens(endpoint: str) -> bool:
    host, _, port = endpoint.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def cloud_with_application(directory: Path) -> tuple[LocalCloud, Stack]:
    """A local cloud with an instance and a database in it."""
    running = lifecycle.start(directory)
    cloud = LocalCloud(running, "000000000000", "eu-west-1")
    image = cloud.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"]
    stack = Stack(raw(cloud, "cloudformation"), "kept")
    assert stack.create(body(network() | compute(image, "kept") | data())) == "CREATE_COMPLETE", stack.reason()
    return cloud, stack


def test_one_of_a_version_that_let_everybody_in_is_to_be_restarted(tmp_path: Path) -> None:
    old = {"pid": os.getpid(), "started": started(os.getpid()), "endpoint": "http://127.0.0.1:9", "region": "x"}
    write_json(tmp_path / "daemon.json", old | {"token": "x", "on_demand": False})
    with pytest.raises(HiveMindError, match="lets every user of this machine in") as caught:
        connect(tmp_path, "shop", directory=tmp_path)
    assert caught.value.hint
    assert "hivemind local stop && hivemind local start" in caught.value.hint
    found = lifecycle.status(tmp_path)
    assert found is not None
    assert found.outdated == "an earlier version of HiveMind started it"


def test_it_starts_tells_and_stops(directory: Path) -> None:
    assert lifecycle.status(directory) is None
    running = lifecycle.start(directory)
    assert lifecycle.status(directory) == running
    assert lifecycle.start(directory) == running
    assert running.endpoint.startswith("http://127.0.0.1:")
    assert listens(running.endpoint)
    assert (directory / "daemon.json").stat().st_mode & 0o077 == 0, "its files are its owner's"
    assert read_json(directory / "daemon.json", {})["token"]
    assert not lifecycle.stop_if_idle(directory), "started by hand it stays"
    assert lifecycle.status(directory) is not None
    processes = family(running.pid)
    assert lifecycle.stop(directory)
    assert gone(processes)
    assert not listens(running.endpoint)
    assert lifecycle.status(directory) is None
    assert not lifecycle.stop(directory)


@pytest.mark.stress
def test_stacks_databases_and_instances_outlive_a_kill_and_a_stop_and_no_reset(directory: Path) -> None:
    cloud, stack = cloud_with_application(directory)
    web, key = stack.resource("Web"), cloud.host_key(stack.resource("Web"))
    before = cloud.client("rds").describe_db_instances()["DBInstances"][0]["Endpoint"]
    running = lifecycle.start(directory)
    processes = family(running.pid)
    assert len(processes) > 3
    for _ in polls(SYSTEM_CLOCK, deadline=10):
        saved = directory / "aws/services/cloudformation.json"
        if saved.exists() and '"StackStatus": "CREATE_COMPLETE"' in saved.read_text():
            break
    os.kill(running.pid, signal.SIGKILL)
    assert gone(processes[:1])
    assert lifecycle.status(directory) is None
    recovered = lifecycle.start(directory)
    assert recovered.pid != running.pid
    assert gone(processes), "instances and databases of the one that was killed"
    assert greets(LocalCloud(recovered, "000000000000", "eu-west-1"), web)

    processes = family(recovered.pid)
    assert lifecycle.stop(directory)
    assert gone(processes)
    last = lifecycle.start(directory)
    again = LocalCloud(last, "000000000000", "eu-west-1")
    assert again.endpoint == recovered.endpoint, "the port stays while it is free"
    assert again.client("cloudformation").describe_stacks(StackName="kept")["Stacks"][0]["StackId"] == stack.id
    assert again.client("rds").describe_db_instances()["DBInstances"][0]["Endpoint"] == before
    assert again.host_key(web) == key
    assert greets(again, web)

    processes = family(last.pid)
    assert len(processes) > 3
    assert lifecycle.reset(directory)
    assert gone(processes)
    assert not directory.exists()
    assert not lifecycle.reset(directory)


def greets(cloud: LocalCloud, instance: str) -> bool:
    """Whether the SSH server of an instance answers."""
    with cloud.dial(instance, 22, timeout=5) as connection:
        return bool(connection.recv(4) == b"SSH-")


def test_an_operation_that_was_cut_short_is_settled(directory: Path) -> None:
    running = lifecycle.start(directory)
    cloud = LocalCloud(running, "000000000000", "eu-west-1")
    running.ask("faults", {"kind": "delay", "subject": "AWS::S3::Bucket", "seconds": 60}, method="POST")
    bucket = body({"Bucket": {"Type": "AWS::S3::Bucket"}})
    stack = Stack(raw(cloud, "cloudformation"), "cut")
    stack.id = cloud.client("cloudformation").create_stack(StackName="cut", TemplateBody=bucket)["StackId"]
    for _ in polls(SYSTEM_CLOCK, deadline=10):
        saved = directory / "aws/services/cloudformation.json"
        if saved.exists() and "CREATE_IN_PROGRESS" in saved.read_text():
            break
    processes = family(running.pid)
    os.kill(running.pid, signal.SIGKILL)
    assert gone(processes)
    lifecycle.start(directory).ask("faults", method="DELETE")
    described = stack.describe()
    assert described["StackStatus"] == "CREATE_FAILED"
    assert "ended during this operation" in described["StackStatusReason"]
    assert stack.delete() == "DELETE_COMPLETE"


def test_what_was_being_made_does_not_stay(directory: Path) -> None:
    """Killed between an instance's start and its stack's knowing of it."""
    running = lifecycle.start(directory)
    cloud = LocalCloud(running, "000000000000", "eu-west-1")
    image = cloud.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"]
    stack = Stack(raw(cloud, "cloudformation"), "half")
    template = body(network() | compute(image, "half") | data())
    made = stack.begin(template)
    for _ in polls(SYSTEM_CLOCK, deadline=20, first=0.02, factor=1.0):
        if any(event["LogicalResourceId"] in {"Web", "Db"} for event in stack.events()):
            break
    processes = family(running.pid)
    os.kill(running.pid, signal.SIGKILL)
    assert gone(processes)
    lifecycle.start(directory)
    assert made == stack.id
    assert stack.delete() == "DELETE_COMPLETE", stack.reason()


def test_several_starts_at_once_make_one(directory: Path) -> None:
    program = "import pathlib, sys; from hivemind.local import lifecycle; "
    program += "print(lifecycle.start(pathlib.Path(sys.argv[1])).pid)"
    command = [sys.executable, "-c", program, str(directory)]
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    pids = {start.communicate(timeout=60)[0].strip() for start in starts}
    assert len(pids) == 1
    assert str(lifecycle.start(directory).pid) in pids


def test_started_on_demand_it_goes_with_its_last_stack(directory: Path, tmp_path: Path) -> None:
    the_record_of_another_program_is_not_believed(directory)
    with pytest.raises(CloudUnreachable):
        connect(tmp_path, "shop", start=False, directory=directory)
    cloud = connect(tmp_path, "shop", directory=directory)
    assert lifecycle.start(directory).pid != os.getpid()
    stack = Stack(raw(cloud, "cloudformation"), "last")
    stack.create(body({"Bucket": {"Type": "AWS::S3::Bucket"}}))
    assert not lifecycle.stop_if_idle(directory)
    assert stack.delete() == "DELETE_COMPLETE"
    assert lifecycle.stop_if_idle(directory)
    assert lifecycle.status(directory) is None


def the_record_of_another_program_is_not_believed(directory: Path) -> None:
    """A process id that was given to another program since."""
    directory.mkdir(parents=True)
    mine = started(os.getpid())
    assert mine is not None
    record = {"pid": os.getpid(), "started": mine - 1000, "endpoint": "http://127.0.0.1:9", "region": "x", "token": "x"}
    write_json(directory / "daemon.json", record | {"on_demand": False})
    assert lifecycle.status(directory) is None
    assert not lifecycle.stop(directory)


def test_the_control_api_wants_the_token_and_no_browser(local_cloud: LocalCloudHome) -> None:
    running = local_cloud.running

    def status(path: str, **headers: str) -> int:
        request = urllib.request.Request(running.endpoint + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    assert status("/_hivemind/status") == 401
    assert status("/_hivemind/status", Authorization="Bearer wrong") == 401
    assert status("/_hivemind/status", Authorization=f"Bearer {running.token}") == 200
    assert status("/_hivemind/nothing", Authorization=f"Bearer {running.token}") == 404
    assert status("/", Origin="https://example.com") == 403


def test_the_commands(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from hivemind.cli.local import command

    monkeypatch.setenv("HIVEMIND_HOME", str(directory.parent))

    def run(*arguments: str) -> Any:
        result = CliRunner().invoke(command, [*arguments, "--json"], standalone_mode=False)
        assert result.exception is None, result.output
        return json.loads(result.stdout)

    assert run("status") == {"running": False, "data_directory": str(directory)}
    assert run("start")["already_running"] is False
    told = run("status")
    assert {"endpoint", "region", "pid", "data_directory", "account", "pace", "stacks"} <= told.keys()
    assert run("env")["AWS_ENDPOINT_URL"] == told["endpoint"]
    assert run("fault", "fail", "AWS::S3::Bucket", "--message", "no", "--times", "2")["faults"][0]["times"] == 2
    assert len(run("fault", "throttle", "cloudformation:DescribeStackEvents", "--times", "3")["faults"]) == 2
    assert len(run("fault", "delay", "AWS::RDS::DBInstance", "5")["faults"]) == 3
    assert run("fault", "clear") == {"cleared": 3}
    assert run("fault", "list") == {"faults": []}
    assert run("stop") == {"stopped": True}
    assert run("reset", "--yes") == {"reset": True}
