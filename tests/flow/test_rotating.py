"""A new key for a deployment, on a real sshd: who has the old one is out, whenever the command was killed nobody is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ssh_servers

from hivemind.deploy.shared_key import parameter
from hivemind.deploy.state import DeploymentState, DeploymentStatus, StateStore
from hivemind.flow import rotating
from hivemind.flow.deployments import Known
from hivemind.flow.instances import Chosen
from hivemind.hosts import keys
from hivemind.hosts.connecting import connect
from hivemind.hosts.ssh import HostUnreachable
from hivemind.testing import ManualClock
from hivemind.values.asked import Asked
from hivemind.values.errors import Refused

INSTANCE = "i-0123456789abcdef0"
ID = "shop-production-123456789012-eu-west-1"
pytestmark = pytest.mark.slow


class Aws(ssh_servers.LoopbackCloud):
    """One instance, and Parameter Store. kept: name -> value. broken, dies_after: the run is killed before a value is
    kept, or after."""

    def __init__(self, server: ssh_servers.Server) -> None:
        super().__init__({INSTANCE: server.port}, {INSTANCE: server.host_key}, name="aws", account="123456789012")
        self.kept: dict[str, str] = {}
        self.broken = self.dies_after = False

    def client(self, service: str) -> Any:
        return self

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        """A stack from before there were artifact buckets."""
        return {"Stacks": [{"StackId": "arn:stack", "StackStatus": "CREATE_COMPLETE"}]}

    def put_parameter(self, *, Name: str, Value: str, **_: Any) -> None:
        if self.broken:
            raise KeyboardInterrupt
        self.kept[Name] = Value
        if self.dies_after:
            raise KeyboardInterrupt


class Face:
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str, *, aside: bool = False) -> None:
        self.said.append(text)


@pytest.fixture
def known(tmp_path: Path) -> Known:
    store = StateStore(tmp_path / "deployments")
    state = DeploymentState(ID, DeploymentStatus.DEPLOYED, name="shop", account="123456789012", region="eu-west-1")
    store.save(state)
    return Known(store, state)


@pytest.fixture
def server(tmp_path: Path, known: Known) -> Iterator[ssh_servers.Server]:
    if ssh_servers.SSHD is None:
        pytest.skip("sshd is not installed")
    folder = tmp_path / "server"
    folder.mkdir()
    server = ssh_servers.openssh(folder, keys.deployment_key(known.folder).public, own_home=True)
    yield server
    server.process.terminate()
    server.process.wait(60)


@pytest.fixture
def aws(server: ssh_servers.Server, known: Known, monkeypatch: pytest.MonkeyPatch) -> Aws:
    aws = Aws(server)
    monkeypatch.setattr(Known, "cloud", lambda *_, **__: aws)
    monkeypatch.setattr(rotating, "require", lambda *_, **__: known)
    monkeypatch.setattr(rotating, "instances", lambda *_: (Chosen("web", INSTANCE, 1),))
    monkeypatch.setattr("hivemind.flow.instances.login", lambda *_: server.user)
    monkeypatch.setattr(rotating, "login", lambda *_: server.user)
    return aws


def let_in(server: ssh_servers.Server, aws: Aws, folder: Path) -> bool:
    private = keys.deployment_key(folder).private
    try:
        connect(aws, INSTANCE, key=private, user=server.user, known={}, deadline=1, clock=ManualClock()).close()  # type: ignore[arg-type]
    except HostUnreachable:
        return False
    return True


def test_the_new_key_is_in_use_and_the_old_one_is_out(
    server: ssh_servers.Server, aws: Aws, known: Known, tmp_path: Path
) -> None:
    before = keys.stored(known.folder)
    assert before is not None
    assert rotating.new_key(Asked(Path()), Face()) == 1  # type: ignore[arg-type]
    after = keys.stored(known.folder)
    assert after is not None
    assert aws.kept == {parameter(ID): after}
    assert keys.each(after)[1] == before  # for instances that the stack makes later
    assert let_in(server, aws, known.folder)
    keys.store(tmp_path / "thief", before)
    assert not let_in(server, aws, tmp_path / "thief")
    assert rotating.new_key(Asked(Path()), Face()) == 1  # type: ignore[arg-type]
    keys.store(tmp_path / "second", keys.each(after)[0])
    assert not let_in(server, aws, tmp_path / "second")
    assert let_in(server, aws, known.folder)


def test_a_run_that_is_killed_in_the_middle_locks_nobody_out(
    server: ssh_servers.Server, aws: Aws, known: Known, tmp_path: Path
) -> None:
    before = keys.stored(known.folder)
    assert before is not None
    aws.broken = True
    with pytest.raises(KeyboardInterrupt):
        rotating.new_key(Asked(Path()), Face())  # type: ignore[arg-type]
    assert keys.stored(known.folder) == before
    assert let_in(server, aws, known.folder)
    aws.broken, aws.dies_after = False, True
    with pytest.raises(KeyboardInterrupt):
        rotating.new_key(Asked(Path()), Face())  # type: ignore[arg-type]
    assert let_in(server, aws, known.folder), "another machine knows the new key, and this one the old one"
    begun = aws.kept[parameter(ID)]
    aws.dies_after = False
    assert rotating.new_key(Asked(Path()), Face()) == 1  # type: ignore[arg-type]
    assert keys.stored(known.folder) == aws.kept[parameter(ID)] == begun, "the same key, to its end"
    assert let_in(server, aws, known.folder)
    keys.store(tmp_path / "thief", keys.each(before)[0])
    assert not let_in(server, aws, tmp_path / "thief")
    assert not (known.folder / rotating.PENDING).exists()


def test_in_the_local_cloud_there_is_nothing_to_change(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    local = Known(known.store, known.store.update(ID, cloud="local"))
    monkeypatch.setattr(rotating, "require", lambda *_, **__: local)
    with pytest.raises(Refused, match="never leaves this machine"):
        rotating.new_key(Asked(Path()), Face())  # type: ignore[arg-type]
