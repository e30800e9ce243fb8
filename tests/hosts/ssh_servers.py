"""SSH servers for tests: OpenSSH's where it is installed, asyncssh's everywhere; one prefix as the instance."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import getpass
import multiprocessing
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from host_instances import free_port

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
BEST = "openssh" if SSHD else "asyncssh"
"""The one server for tests that need not run against both."""
_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["asyncssh"])  # it takes longer to load than most of these tests


@dataclass
class Server:
    """A running server. root: HIVEMIND_ROOT of what runs there. host_key: in OpenSSH form."""

    port: int
    user: str
    host_key: str
    root: Path
    process: subprocess.Popen[bytes] | Forked

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(60)


class Forked:
    """A process as subprocess.Popen has it, of one that has loaded asyncssh."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._process = _FORKING.Process(target=_run, args=(settings,), daemon=True)
        self._process.start()

    def poll(self) -> int | None:
        return self._process.exitcode

    def terminate(self) -> None:
        self._process.terminate()

    def wait(self, timeout: float) -> None:
        self._process.join(timeout)
        assert self._process.exitcode is not None


@dataclass
class LoopbackCloud:
    """What SSH needs of a Cloud: servers on this machine as instances. keys: what `host_key` answers, by instance."""

    servers: Mapping[str, int]
    keys: Mapping[str, str]
    clients: Mapping[str, Any] = field(default_factory=dict)
    name: str = "local"
    region: str = "eu-west-1"
    account: str = "000000000000"
    endpoint: str | None = None
    state: Path = Path()
    pace: float = 30.0
    dialled: int = 0

    def client(self, service: str) -> Any:
        return self.clients[service]

    def dial(self, instance_id: str, port: int, *, timeout: float) -> socket.socket:
        self.dialled += 1
        if instance_id not in self.servers:
            raise ConnectionRefusedError(111, "no such instance")
        return socket.create_connection(("127.0.0.1", self.servers[instance_id]), timeout=timeout)

    def admit(self, instance_id: str, user: str, public_key: str) -> bool:
        return False

    def host_key(self, instance_id: str) -> str | None:
        return self.keys.get(instance_id)


def key_pair() -> tuple[bytes, str]:
    """A private key in OpenSSH form and its public line."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return private, public.decode()


def openssh(folder: Path, authorized: str, *, own_home: bool = False) -> Server:
    """The real sshd on a port of loopback, for the user that runs the tests. own_home: whether the login has a home of
    its own below `folder`, with the keys that it lets in."""
    assert SSHD is not None
    home, root = _folders(folder)
    private, public = key_pair()
    (folder / "host_key").write_bytes(private)
    (folder / "host_key").chmod(0o600)
    keys = home / ".ssh/authorized_keys" if own_home else folder / "authorized"
    keys.parent.mkdir(exist_ok=True)
    keys.write_text(authorized + "\n")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    port = free_port()
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nAuthorizedKeysFile {keys}\n"
        f"PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\n"
        f"Subsystem sftp internal-sftp -d {home}\n"
        f"SetEnv HIVEMIND_ROOT={root} PATH={os.environ['PATH']}{f' HOME={home}' if own_home else ''}\n"
    )
    process = subprocess.Popen(
        [SSHD, "-D", "-e", "-f", str(folder / "config")], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return _ready(Server(port, getpass.getuser(), public, root, process))


def asyncssh_server(folder: Path, authorized: str) -> Server:
    """asyncssh's server, in a process of its own."""
    home, root = _folders(folder)
    private, public = key_pair()
    port = free_port()
    settings = {
        "port": port,
        "home": str(home),
        "key": base64.b64encode(private).decode(),
        "authorized": authorized,
        "environment": {"PATH": os.environ["PATH"], "HOME": str(home), "HIVEMIND_ROOT": str(root)},
    }
    return _ready(Server(port, "admin", public, root, Forked(settings)))


def _folders(folder: Path) -> tuple[Path, Path]:
    for name in ("home", "root"):
        (folder / name).mkdir()
    return folder / "home", folder / "root"


def _ready(server: Server) -> Server:
    deadline = time.monotonic() + 30
    while True:
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
                assert sock.recv(4) == b"SSH-"
                return server
        except OSError:
            assert server.process.poll() is None, "the SSH server ended"
            assert time.monotonic() < deadline
            time.sleep(0.05)


async def _serve(settings: dict[str, Any]) -> None:
    import asyncssh

    authorized = asyncssh.import_public_key(settings["authorized"])

    class Door(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            return key == authorized

        def connection_requested(self, *_: object) -> bool:
            return True

    async def feed(client: asyncssh.SSHServerProcess[bytes], stdin: asyncio.StreamWriter) -> None:
        # A command may end without reading its input.
        with contextlib.suppress(OSError, asyncssh.Error):
            while data := await client.stdin.read(65536):
                stdin.write(data)
                await stdin.drain()
        stdin.close()

    async def copy(source: Any, target: Any) -> None:
        with contextlib.suppress(OSError, asyncssh.Error):
            while data := await source.read(65536):
                target.write(data)
                await target.drain()

    async def session(client: asyncssh.SSHServerProcess[bytes]) -> None:
        child = await asyncio.create_subprocess_shell(
            client.command or "exec /bin/sh",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=settings["home"],
            env=settings["environment"],
        )
        assert child.stdin is not None
        feeding = asyncio.create_task(feed(client, child.stdin))
        await asyncio.gather(copy(child.stdout, client.stdout), copy(child.stderr, client.stderr))
        client.exit(await child.wait())
        feeding.cancel()

    os.chdir(settings["home"])
    acceptor = await asyncssh.listen(
        "127.0.0.1",
        settings["port"],
        server_factory=Door,
        server_host_keys=[asyncssh.import_private_key(base64.b64decode(settings["key"]))],
        process_factory=session,
        sftp_factory=True,
        encoding=None,
    )
    await acceptor.wait_closed()


def _run(settings: dict[str, Any]) -> None:
    asyncio.run(_serve(settings))
