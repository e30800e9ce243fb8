from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import ssh_servers
from host_instances import Instance

from hivemind.hosts.connecting import connect
from hivemind.hosts.keys import KeyPair, deployment_key
from hivemind.hosts.ssh import Host

INSTANCE = "i-0123456789abcdef0"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    instance = Instance(tmp_path)
    yield instance
    instance.end()


@pytest.fixture
def key(tmp_path: Path) -> KeyPair:
    return deployment_key(tmp_path / "state")


HAS_OPENSSH = ssh_servers.SSHD is not None and os.geteuid() == 0
# The local cloud's instances are asyncssh servers: all tests that deploy to it go there.
ASYNCSSH = pytest.param("asyncssh", marks=[pytest.mark.stress] if HAS_OPENSSH else [])


@pytest.fixture(params=["openssh", ASYNCSSH])
def server(request: pytest.FixtureRequest, tmp_path: Path, key: KeyPair) -> Iterator[ssh_servers.Server]:
    """Each test runs against both servers; without OpenSSH's it says so."""
    folder = tmp_path / "server"
    folder.mkdir()
    if request.param == "openssh":
        if ssh_servers.SSHD is None:
            pytest.skip("sshd is not installed")
        if os.geteuid() != 0:
            pytest.skip("sshd of another user than root gives no usable login environment")
        server = ssh_servers.openssh(folder, key.public)
    else:
        pytest.importorskip("asyncssh", reason="asyncssh is not installed")
        server = ssh_servers.asyncssh_server(folder, key.public)
    with server:
        yield server


@pytest.fixture
def cloud(server: ssh_servers.Server) -> ssh_servers.LoopbackCloud:
    return ssh_servers.LoopbackCloud({INSTANCE: server.port}, {INSTANCE: server.host_key})


@pytest.fixture
def host(server: ssh_servers.Server, cloud: ssh_servers.LoopbackCloud, key: KeyPair) -> Iterator[Host]:
    with connect(cloud, INSTANCE, key=key.private, user=server.user, known={}) as host:
        yield host
