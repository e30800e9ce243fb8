"""The SSH server of an instance: real shell commands, pty, SFTP, forwarding; public key only."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes.util
import fcntl
import os
import pty
import shutil
import socket
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from typing import Any

# asyncssh looks for a library that hardly anyone has by running the compiler and the linker: a third of its loading.
# Nor does anybody log in here with a certificate of X.509: what reads them is a sixth, and asyncssh does without.
sys.modules["asyncssh.crypto.x509"] = None  # type: ignore[assignment]
_find_library, ctypes.util.find_library = ctypes.util.find_library, lambda name: None  # noqa: ARG005
import asyncssh  # noqa: E402

ctypes.util.find_library = _find_library

from hivemind.local.instance_boot import BACKLOG  # noqa: E402

USERS = frozenset({"admin", "ec2-user", "ubuntu"})
"""Login names of the Debian, Amazon Linux and Ubuntu images."""

CHUNK = 1 << 18


async def serve(
    listener: socket.socket, authorized_key: str | None, host_key: bytes, environment: Mapping[str, str]
) -> asyncssh.SSHAcceptor:
    """Begins to serve at a socket that listens. Those who wait there already are served too."""
    authorized = None if authorized_key is None else asyncssh.import_public_key(authorized_key)

    async def process(client: asyncssh.SSHServerProcess[bytes]) -> None:
        await _session(client, environment)

    return await asyncssh.listen(
        sock=listener,
        server_factory=lambda: _Server(authorized),
        server_host_keys=[asyncssh.import_private_key(host_key)],
        process_factory=process,
        sftp_factory=True,
        allow_scp=True,
        encoding=None,
        line_editor=False,
        agent_forwarding=False,
        x11_forwarding=False,
        login_timeout=30,
        keepalive_interval=60,
        backlog=BACKLOG,
        tcp_keepalive=True,
    )


class _Server(asyncssh.SSHServer):
    def __init__(self, authorized: asyncssh.SSHKey | None) -> None:
        self._authorized = authorized

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return self._authorized is not None and username in USERS and key == self._authorized

    def connection_requested(self, *_: object) -> bool:
        return True


async def _session(client: asyncssh.SSHServerProcess[bytes], environment: Mapping[str, str]) -> None:
    shell = shutil.which("bash", path=environment["PATH"]) or "/bin/sh"
    arguments = [shell, "-l"] if client.command is None else [shell, "-c", client.command]
    asked = {str(name): str(value) for name, value in client.env.items()}
    full = {**environment, **asked, "SSH_CONNECTION": "127.0.0.1 0 127.0.0.1 22"}
    try:
        if client.term_type:
            code = await _with_terminal(client, arguments, {**full, "TERM": client.term_type})
        else:
            code = await _with_pipes(client, arguments, full)
    except (OSError, asyncssh.Error) as error:
        with contextlib.suppress(OSError, asyncssh.Error):
            client.stderr.write(f"{error}\n".encode())
            client.exit(255)
        return
    if code < 0:
        client.exit_with_signal(_signal_name(-code))
    else:
        client.exit(code)


def _signal_name(number: int) -> str:
    import signal

    with contextlib.suppress(ValueError):
        return signal.Signals(number).name.removeprefix("SIG")
    return "KILL"


async def _with_pipes(
    client: asyncssh.SSHServerProcess[bytes], arguments: list[str], environment: dict[str, str]
) -> int:
    started = await asyncio.create_subprocess_exec(
        *arguments,
        env=environment,
        cwd=environment["HOME"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        limit=CHUNK,
    )
    assert started.stdin is not None
    assert started.stdout is not None
    assert started.stderr is not None
    feeding = asyncio.create_task(_feed(client, started.stdin))
    try:
        await asyncio.gather(_copy(started.stdout, client.stdout), _copy(started.stderr, client.stderr))
        return await started.wait()
    finally:
        feeding.cancel()


async def _feed(client: asyncssh.SSHServerProcess[bytes], writer: asyncio.StreamWriter) -> None:
    try:
        while data := await _next_input(client, None):
            writer.write(data)
            await writer.drain()
    except (OSError, asyncssh.Error):
        pass
    finally:
        with contextlib.suppress(OSError):
            writer.close()


async def _next_input(client: asyncssh.SSHServerProcess[bytes], terminal: int | None) -> bytes:
    """What the client typed; window changes and signals are dealt with on the way."""
    while True:
        try:
            return await client.stdin.read(CHUNK)
        except asyncssh.TerminalSizeChanged as change:
            if terminal is not None:
                _resize(terminal, change.width, change.height)
        except asyncssh.BreakReceived:
            if terminal is not None:
                os.write(terminal, b"\x03")
        except asyncssh.SignalReceived:
            continue


async def _copy(reader: asyncio.StreamReader, writer: Any) -> None:
    listening = True
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            if listening:
                try:
                    writer.write(data)
                    await writer.drain()
                except (OSError, asyncssh.Error):
                    # The client is gone; the command must not block on a full pipe.
                    listening = False


async def _with_terminal(
    client: asyncssh.SSHServerProcess[bytes], arguments: list[str], environment: dict[str, str]
) -> int:
    ours, theirs = pty.openpty()
    width, height, *_ = client.term_size
    _resize(ours, width, height)
    started = await asyncio.create_subprocess_exec(
        *arguments,
        env=environment,
        cwd=environment["HOME"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(theirs)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=CHUNK)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours, "rb", 0))
    typing = asyncio.create_task(_type(client, ours))
    try:
        await _copy(reader, client.stdout)
        return await started.wait()
    finally:
        typing.cancel()
        transport.close()


async def _type(client: asyncssh.SSHServerProcess[bytes], terminal: int) -> None:
    with contextlib.suppress(OSError, asyncssh.Error):
        while data := await _next_input(client, terminal):
            while data:
                try:
                    data = data[os.write(terminal, data) :]
                except BlockingIOError:
                    await asyncio.sleep(0.01)
        os.write(terminal, b"\x04")


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _resize(terminal: int, width: int, height: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", height or 24, width or 80, 0, 0))
