"""SSH through the tunnels of an endpoint: it goes on where one ends, and more instances than tunnels get their turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import ssh_servers
import tunnel_servers

from hivemind.aws.cloud import AwsCloud
from hivemind.aws.endpoints import CONNECTIONS
from hivemind.hosts.connecting import connect
from hivemind.hosts.keys import KeyPair
from hivemind.hosts.ssh import Host, HostUnreachable
from hivemind.testing import ManualClock
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import SYSTEM_CLOCK, Clock

pytestmark = pytest.mark.slow
MANY = [f"i-{number:03}" for number in range(CONNECTIONS + 3)]


@pytest.fixture
def sshd(tmp_path: Path, key: KeyPair) -> Iterator[ssh_servers.Server]:
    folder = tmp_path / "server"
    folder.mkdir()
    with ssh_servers.asyncssh_server(folder, key.public) as server:
        yield server


@pytest.fixture
def tunnel(
    tmp_path: Path, sshd: ssh_servers.Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tunnel_servers.TunnelServer]:
    with tunnel_servers.tunnels(tmp_path / "tls", {"10.0.0.1": sshd.port}, monkeypatch) as server:
        yield server


@pytest.fixture
def aws(tunnel: tunnel_servers.TunnelServer, tmp_path: Path) -> AwsCloud:
    return tunnel_servers.cloud(tunnel, tmp_path, {name: {"PrivateIpAddress": "10.0.0.1"} for name in MANY})


def reach(
    aws: AwsCloud, sshd: ssh_servers.Server, key: KeyPair, name: str = MANY[0], clock: Clock = SYSTEM_CLOCK
) -> Host:
    return connect(aws, name, key=key.private, user=sshd.user, known={name: sshd.host_key}, clock=clock)


def test_a_connection_goes_on_after_its_tunnel_ended(
    aws: AwsCloud, sshd: ssh_servers.Server, key: KeyPair, tunnel: tunnel_servers.TunnelServer, tmp_path: Path
) -> None:
    tunnel.seconds = 2.0
    with reach(aws, sshd, key) as host:
        tunnel.seconds = 3600
        assert host.put(b"content", ".hivemind/file") is True
        with pytest.raises(HostUnreachable, match="the maximum duration of the tunnel is over") as caught:
            host.run("sleep 30", timeout=7200)
        assert "network.ssh_from" in str(caught.value.hint)
        assert not host.alive
        assert host.run("cat .hivemind/file").stdout == "content"
        assert host.list(".hivemind") == ("file",)
    assert len(tunnel.opened) == 2


def test_a_tunnel_that_would_end_meanwhile_is_opened_anew_before(
    aws: AwsCloud, sshd: ssh_servers.Server, key: KeyPair, tunnel: tunnel_servers.TunnelServer
) -> None:
    clock = ManualClock()
    with reach(aws, sshd, key, clock=clock) as host:
        clock.advance(3000)
        host.run("true", timeout=60)
        assert len(tunnel.opened) == 1
        host.run("true", timeout=900)
        assert len(tunnel.opened) == 2


@pytest.mark.stress
def test_more_instances_than_tunnels_get_their_turn(
    aws: AwsCloud, sshd: ssh_servers.Server, key: KeyPair, tunnel: tunnel_servers.TunnelServer
) -> None:
    hosts = [reach(aws, sshd, key, name) for name in MANY]
    said = [host.run(f"echo {host.instance_id}").stdout.strip() for host in hosts]
    for host in hosts:
        host.close()
    assert said == MANY
    assert tunnel.refused == []  # AWS never had to say that there were too many


def test_one_that_is_in_use_makes_no_room(
    aws: AwsCloud, sshd: ssh_servers.Server, key: KeyPair, tunnel: tunnel_servers.TunnelServer
) -> None:
    with reach(aws, sshd, key) as host:
        seen: list[bool] = []
        import threading

        def rest(_: str) -> None:
            other = threading.Thread(target=lambda: seen.append(host.rest()))
            other.start()
            other.join()

        assert host.run("echo busy; sleep 0.1; echo done", on_line=rest).stdout == "busy\ndone\n"
        assert seen == [False, False]
        assert host.rest() is True
        assert host.run("echo again").stdout == "again\n"


def test_a_closed_connection_stays_closed(aws: AwsCloud, sshd: ssh_servers.Server, key: KeyPair) -> None:
    host = reach(aws, sshd, key)
    host.close()
    with pytest.raises(HostUnreachable, match="closed the connection"):
        host.run("true")


def test_an_endpoint_that_is_being_made_is_waited_for(
    sshd: ssh_servers.Server, key: KeyPair, tunnel: tunnel_servers.TunnelServer, tmp_path: Path
) -> None:
    """Instances are there minutes before their endpoint is; a new one is not known everywhere at once."""
    clock = ManualClock()
    aws = tunnel_servers.cloud(tunnel, tmp_path, {MANY[0]: {"PrivateIpAddress": "10.0.0.1"}}, clock=clock)
    ec2 = aws.client("ec2")
    ec2.endpoint, ec2.unknown = False, 2
    said: list[str] = []

    def wait(reason: str) -> None:
        said.append(reason)
        ec2.endpoint = "Endpoint" in reason

    known = {MANY[0]: sshd.host_key}
    host = connect(aws, MANY[0], key=key.private, user=sshd.user, known=known, deadline=600, clock=clock, on_wait=wait)
    with host:
        assert host.run("echo in").stdout == "in\n"
    assert ["does not exist" in said[0], "no EC2 Instance Connect Endpoint leads to it" in said[1]] == [True, True]


def test_who_may_not_open_tunnels_is_told_at_once(
    aws: AwsCloud, sshd: ssh_servers.Server, key: KeyPair, tunnel: tunnel_servers.TunnelServer
) -> None:
    tunnel.error = (403, "AccessDeniedException", "not authorized")
    clock = ManualClock()
    with pytest.raises(CloudCallFailed, match="not authorized"):
        reach(aws, sshd, key, clock=clock)
    assert clock.monotonic() == 0
