"""Connections through an EC2 Instance Connect Endpoint, against a server of our own that checks what AWS checks."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import tunnel_servers
from tunnel_servers import TunnelServer, tunnels

from hivemind.aws.clients import session
from hivemind.aws.endpoints import CONNECTIONS
from hivemind.values.calls import CloudCallFailed
from hivemind.values.cloud import Line, NoRoom, NoWayYet
from hivemind.values.errors import CloudUnreachable
from hivemind.values.exits import ExitCode

PRIVATE = {"i-1": {"PrivateIpAddress": "10.0.0.1"}, "i-2": {"PrivateIpAddress": "10.0.0.2"}}


@pytest.fixture
def echo() -> Iterator[int]:
    """A port that gives back what it gets."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_echo, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


def _echo(connection: socket.socket) -> None:
    with connection:
        while data := connection.recv(1 << 16):
            connection.sendall(data)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, echo: int) -> Iterator[TunnelServer]:
    with tunnels(tmp_path / "tls", {"10.0.0.1": echo}, monkeypatch) as server:
        yield server


def test_bytes_go_both_ways_and_arrive_whole(server: TunnelServer, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    with tunnel_servers.cloud(server, tmp_path, PRIVATE).dial("i-1", 22, timeout=20) as line:
        line.settimeout(30)
        threading.Thread(target=line.sendall, args=(content,), daemon=True).start()
        back = bytearray()
        while len(back) < len(content):
            back += line.recv(1 << 16)
        assert hashlib.sha256(back).digest() == hashlib.sha256(content).digest()
    assert isinstance(line, Line)
    assert line.lasts == 3600
    asked = server.opened[0]
    assert (asked["remotePort"], asked["privateIpAddress"], asked["maxTunnelDuration"]) == ("22", "10.0.0.1", "3600")


def test_a_signature_with_another_secret_is_refused(
    server: TunnelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    session.cache_clear()
    with pytest.raises(CloudUnreachable, match="SignatureDoesNotMatch") as caught:
        tunnel_servers.cloud(server, tmp_path, PRIVATE).dial("i-1", 22, timeout=20)
    assert "Log in again" in str(caught.value.hint)


def test_a_missing_permission_is_named(server: TunnelServer, tmp_path: Path) -> None:
    server.error = (403, "AccessDeniedException", "User is not authorized")
    with pytest.raises(CloudCallFailed, match="User is not authorized") as caught:
        tunnel_servers.cloud(server, tmp_path, PRIVATE).dial("i-1", 22, timeout=20)
    assert caught.value.exit_code is ExitCode.REFUSED
    assert "ec2-instance-connect:OpenTunnel" in str(caught.value.hint)


def test_an_expired_login_is_an_unreachable_cloud(server: TunnelServer, tmp_path: Path) -> None:
    server.error = (403, "ExpiredTokenException", "The security token included in the request is expired")
    with pytest.raises(CloudUnreachable, match="token included"):
        tunnel_servers.cloud(server, tmp_path, PRIVATE).dial("i-1", 22, timeout=20)


def test_what_may_pass_is_an_os_error_with_the_endpoints_words(server: TunnelServer, tmp_path: Path) -> None:
    server.error = (503, "InternalServerException", "try later")
    with pytest.raises(OSError, match="try later"):
        tunnel_servers.cloud(server, tmp_path, PRIVATE).dial("i-1", 22, timeout=20)


def test_an_instance_that_the_endpoint_does_not_reach_says_why(server: TunnelServer, tmp_path: Path) -> None:
    with tunnel_servers.cloud(server, tmp_path, PRIVATE).dial("i-2", 22, timeout=20) as line:
        line.settimeout(20)
        assert line.recv(10) == b""
        assert isinstance(line, Line)
        assert "Check your security groups" in line.why


def test_no_more_connections_than_an_endpoint_carries(server: TunnelServer, tmp_path: Path) -> None:
    aws = tunnel_servers.cloud(server, tmp_path, PRIVATE)
    lines = [aws.dial("i-1", 22, timeout=20) for _ in range(CONNECTIONS)]
    with pytest.raises(NoRoom, match="all 20 connections"):
        aws.dial("i-1", 22, timeout=20)
    assert (len(server.opened), server.refused) == (20, [])
    ended = threading.Event()
    threading.Thread(target=lambda: (_dial_until_room(aws), ended.set()), daemon=True).start()
    lines.pop().close()
    assert ended.wait(30)
    for line in lines:
        line.close()


def _dial_until_room(aws: object) -> None:
    while True:
        try:
            aws.dial("i-1", 22, timeout=20).close()  # type: ignore[attr-defined]
        except NoRoom:
            continue
        return


def test_a_refused_tunnel_leaves_its_place(server: TunnelServer, tmp_path: Path) -> None:
    aws = tunnel_servers.cloud(server, tmp_path, PRIVATE)
    server.error = (503, "InternalServerException", "try later")
    for _ in range(CONNECTIONS + 1):
        with pytest.raises(OSError, match="try later"):
            aws.dial("i-1", 22, timeout=20)


def test_the_endpoint_is_looked_up_once(server: TunnelServer, tmp_path: Path) -> None:
    aws = tunnel_servers.cloud(server, tmp_path, PRIVATE)
    for _ in range(2):
        aws.dial("i-1", 22, timeout=20).close()
    assert aws.client("ec2").asked == 1


def test_a_tag_names_the_endpoint_of_another_network(server: TunnelServer, tmp_path: Path) -> None:
    tag = {"Key": "hivemind:ssh-endpoint", "Value": tunnel_servers.ENDPOINT}
    instance = {"PrivateIpAddress": "10.0.0.1", "VpcId": "vpc-2", "Tags": [tag]}
    tunnel_servers.cloud(server, tmp_path, {"i-1": instance}).dial("i-1", 22, timeout=20).close()
    assert server.opened[0]["instanceConnectEndpointId"] == tunnel_servers.ENDPOINT


@pytest.mark.parametrize("endpoint", [True, False])
def test_a_public_address_is_the_way_where_there_is_no_other(
    server: TunnelServer, tmp_path: Path, echo: int, endpoint: bool
) -> None:
    """Without an endpoint, and where the caller may not open tunnels."""
    server.error = (403, "AccessDeniedException", "no")
    public = {"i-1": {"PrivateIpAddress": "10.0.0.1", "PublicIpAddress": "127.0.0.1"}}
    with tunnel_servers.cloud(server, tmp_path, public, endpoint=endpoint).dial("i-1", echo, timeout=20) as line:
        line.sendall(b"ping")
        assert line.recv(10) == b"ping"


def test_who_may_not_look_for_endpoints_reaches_what_is_public(server: TunnelServer, tmp_path: Path, echo: int) -> None:
    both = {**PRIVATE, "i-3": {"PrivateIpAddress": "10.0.0.1", "PublicIpAddress": "127.0.0.1"}}
    aws = tunnel_servers.cloud(server, tmp_path, both, denied=True)
    aws.dial("i-3", echo, timeout=20).close()
    with pytest.raises(CloudCallFailed, match="DescribeInstanceConnectEndpoints"):
        aws.dial("i-1", 22, timeout=20)


def test_without_any_way_in_the_hint_says_how_to_make_one(server: TunnelServer, tmp_path: Path) -> None:
    aws = tunnel_servers.cloud(server, tmp_path, PRIVATE, endpoint=False)
    with pytest.raises(NoWayYet, match="no EC2 Instance Connect Endpoint leads to it") as caught:
        aws.dial("i-1", 22, timeout=20)
    assert "network.ssh_endpoint" in caught.value.hint
    aws.client("ec2").endpoint = True  # the stack that makes it is under way
    aws.dial("i-1", 22, timeout=20).close()


def test_a_certificate_that_is_not_trusted_is_refused(
    server: TunnelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE")
    session.cache_clear()
    with pytest.raises(OSError, match="certificate verify failed"):
        tunnel_servers.cloud(server, tmp_path, PRIVATE).dial("i-1", 22, timeout=20)
    assert server.opened == []
