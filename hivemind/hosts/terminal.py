"""The user's terminal, connected to an interactive session on an instance."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hivemind.hosts.ssh import Host

CHUNK = 1 << 14


def interact(host: Host, command: str | None = None) -> int:
    """A shell, or a command, on the instance with this terminal as its own. Returns its exit code.

    Where standard input is no terminal, the command gets none either, and input is passed as it comes.
    """
    size = shutil.get_terminal_size()
    terminal = sys.stdin.isatty()
    if terminal or command is None:
        channel = host.shell(
            term=os.environ.get("TERM", "xterm"), width=size.columns, height=size.lines, command=command
        )
    else:
        channel = host.stream(command, combined=False)
    resized = False

    def resize(*_: object) -> None:
        nonlocal resized
        resized = True

    with _raw(terminal), _on_resize(resize, enabled=terminal):
        inputs: list[int] = [channel.fileno(), sys.stdin.fileno()]
        while True:
            if resized:
                size, resized = shutil.get_terminal_size(), False
                channel.resize_pty(size.columns, size.lines)
            ready, _, _ = select.select(inputs, [], [], 0.25)
            while channel.recv_stderr_ready():
                _write_all(sys.stderr.fileno(), channel.recv_stderr(CHUNK))
            if channel.recv_ready():
                _write_all(sys.stdout.fileno(), channel.recv(CHUNK))
            elif (channel.eof_received or channel.closed) and not channel.recv_stderr_ready():
                break
            if sys.stdin.fileno() in ready:
                typed = os.read(sys.stdin.fileno(), CHUNK)
                if typed:
                    # A command may end without reading all of its input.
                    with contextlib.suppress(OSError):
                        channel.sendall(typed)
                else:
                    inputs.remove(sys.stdin.fileno())
                    channel.shutdown_write()
    code = channel.recv_exit_status()
    channel.close()
    return code


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


@contextlib.contextmanager
def _raw(enabled: bool) -> Iterator[None]:
    """Keys go to the other side as they are typed; the terminal is put back whatever happens."""
    if not enabled:
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin.fileno())
    try:
        tty.setraw(sys.stdin.fileno())
        yield
    finally:
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)


@contextlib.contextmanager
def _on_resize(handler: signal._HANDLER, *, enabled: bool) -> Iterator[None]:
    if not enabled:
        yield
        return
    before = signal.signal(signal.SIGWINCH, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
