"""A key that takes the place of the first one: instances learn it, and those to come too."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import ssh_servers

from hivemind.hosts import keys
from hivemind.hosts.connecting import authorizing, connect
from hivemind.hosts.keys import KeyPair
from hivemind.hosts.ssh import HostUnreachable
from hivemind.testing import ManualClock

INSTANCE = "i-0123456789abcdef0"
pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path, key: KeyPair, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssh_servers.Server]:
    """OpenSSH's, which reads the keys that it lets in anew each time; they are in the login's home."""
    if ssh_servers.SSHD is None:
        pytest.skip("sshd is not installed")
    folder = tmp_path / "server"
    folder.mkdir()
    with ssh_servers.openssh(folder, key.public) as server:
        yield server


def change(authorized: Path, *others: str, used: str) -> None:
    """What an instance does when it is told to."""
    import os
    import subprocess

    home = authorized.parent / "login"
    (home / ".ssh").mkdir(parents=True, exist_ok=True)
    (home / ".ssh/authorized_keys").write_text(authorized.read_text())
    subprocess.run(["/bin/sh", "-c", authorizing(used, *others)], check=True, env={**os.environ, "HOME": str(home)})
    authorized.write_text((home / ".ssh/authorized_keys").read_text())


def test_the_new_key_gets_in_and_the_old_one_no_more(
    cloud: ssh_servers.LoopbackCloud, server: ssh_servers.Server, key: KeyPair, tmp_path: Path
) -> None:
    authorized = tmp_path / "server/authorized"
    authorized.write_text(authorized.read_text() + "ssh-ed25519 AAAAC3someone colleague\n")
    fresh = keys.fresh()
    change(authorized, used=f"{keys.public_half(fresh)} shop")
    change(authorized, key.public, used=f"{keys.public_half(fresh)} shop")
    assert authorized.read_text().splitlines() == [
        "ssh-ed25519 AAAAC3someone colleague",
        f"{keys.public_half(fresh)} shop",
    ]
    with pytest.raises(HostUnreachable, match="refuses the deployment's key") as caught:
        connect(cloud, INSTANCE, key=key.private, user=server.user, known={}, deadline=1, clock=ManualClock())
    assert "docs/state.md" in str(caught.value.hint)
    keys.store(key.private.parent, fresh)
    with connect(cloud, INSTANCE, key=key.private, user=server.user, known={}) as host:
        assert host.run("echo in").stdout == "in\n"


def test_an_instance_that_knows_the_first_key_alone_is_told_the_new_one(
    cloud: ssh_servers.LoopbackCloud, server: ssh_servers.Server, key: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = keys.stored(key.private.parent)
    assert first is not None
    fresh = keys.fresh()
    keys.store(key.private.parent, keys.followed_by(first, fresh))
    home = server.root.parent / "login"
    home.mkdir()
    # The login's home is the user's own, whose keys a test leaves alone.
    monkeypatch.setattr("hivemind.hosts.connecting.authorizing", lambda *of: f"HOME={home}; {authorizing(*of)}")
    with connect(cloud, INSTANCE, key=key.private, user=server.user, known={}) as host:
        assert host.run("echo in").stdout == "in\n"
    assert (home / ".ssh/authorized_keys").read_text() == f"{keys.public_half(fresh)}\n"


@dataclass
class Admitting:
    """A cloud that lets a key in when it is asked, as EC2 Instance Connect does."""

    inner: ssh_servers.LoopbackCloud
    authorized: Path
    asked: int = 0

    def dial(self, instance_id: str, port: int, *, timeout: float) -> socket.socket:
        return self.inner.dial(instance_id, port, timeout=timeout)

    def host_key(self, instance_id: str) -> str | None:
        return self.inner.host_key(instance_id)

    def admit(self, instance_id: str, user: str, public_key: str) -> bool:
        self.asked += 1
        self.authorized.write_text(f"{self.authorized.read_text()}{public_key}\n")
        return True


def test_a_lost_key_is_let_in_by_the_cloud_after_a_while(
    cloud: ssh_servers.LoopbackCloud,
    server: ssh_servers.Server,
    key: KeyPair,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stranger = keys.deployment_key(tmp_path / "other")
    home = server.root.parent / "login"
    home.mkdir()
    monkeypatch.setattr("hivemind.hosts.connecting.authorizing", lambda *of: f"HOME={home}; {authorizing(*of)}")
    admitting = Admitting(cloud, tmp_path / "server/authorized")
    clock = ManualClock()
    with connect(
        admitting,  # type: ignore[arg-type]
        INSTANCE,
        key=stranger.private,
        user=server.user,
        known={},
        deadline=600,
        clock=clock,
    ) as host:
        assert host.run("echo in").stdout == "in\n"
    assert admitting.asked == 1
    assert clock.monotonic() >= 60
    assert (home / ".ssh/authorized_keys").read_text().split()[1] == stranger.public.split()[1]
