"""An open SSH connection to one instance: commands with a deadline, files, forwarding."""

from __future__ import annotations

import contextlib
import logging
import math
import shlex
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self

import paramiko

from hivemind.values.clock import Clock
from hivemind.values.errors import HiveMindError, Stage, StageError

CHUNK = 1 << 16
_YOUNG = 60.0
"""Seconds: a connection that is younger is not opened again for the sake of its end."""
_LATER = 2
"""Seconds after our own deadline at which the instance ends a command, so that ours is the one that is told."""

# What a lost connection means is said by our errors; without a handler paramiko's own words go to standard error.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class HostUnreachable(StageError):
    """No SSH connection to an instance, or it broke."""

    def __init__(self, instance_id: str, why: str, *, hint: str | None = None) -> None:
        super().__init__(Stage.DEPLOY, f"cannot reach {instance_id} by SSH: {why}", subject=instance_id, hint=hint)


class KeyRefused(HostUnreachable):
    """The instance does not let the deployment's key in: not yet, or no more."""


class CommandTimeout(StageError):
    """A command on an instance did not end in time."""

    def __init__(self, instance_id: str, what: str, seconds: float) -> None:
        super().__init__(Stage.DEPLOY, f"{what} on {instance_id} did not end within {seconds:g} s", subject=instance_id)


@dataclass(frozen=True)
class Completed:
    """A command's end. code: exit code, -1 when the connection or a signal ended it. stdout, stderr: text."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Opened:
    """An authenticated connection. sock: that it goes over. lasts: seconds after which the cloud ends it, None where it
    does not. why: what ended it, in words, where the cloud says."""

    client: paramiko.SSHClient
    sock: socket.socket
    lasts: float | None = None
    why: Callable[[], str] = str

    def close(self) -> None:
        """Also where the other side ended it, of which paramiko leaves the socket."""
        self.client.close()
        self.sock.close()


class Host:
    """An SSH connection to an instance. Use `connect` to get one; a context manager; safe for one thread.

    One that the cloud carries for a while only (`lasts`) is opened again when it is needed after that, or after it made
    room for another one (`rest`).

    instance_id: EC2 id. host_key: the verified key (`ssh-ed25519 AAAA...`), to be remembered for this instance.
    open_again: connects anew, from whichever thread needs it. has_installer: whether this connection has seen to it
    that this version's installer is there. bound: wanted port -> port that the application bound instead, where
    instances share one network and ports are handed out.
    """

    def __init__(
        self, opened: Opened, instance_id: str, host_key: str, clock: Clock, open_again: Callable[[], Opened]
    ) -> None:
        self._opened = opened
        self._open_again = open_again
        self._since = self.used = clock.monotonic()
        self._closed = self._lent = False
        self._lock = threading.RLock()
        self._clock = clock
        self._sftp: paramiko.SFTPClient | None = None
        self._home: str | None = None
        self.has_installer = False
        self.bound: dict[int, int] = {}
        self.instance_id = instance_id
        self.host_key = host_key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._closed = True
        self._opened.close()

    def rest(self) -> bool:
        """Gives the connection back until it is needed again; False where something is using it right now, or where it
        would not be opened again. Any thread may call it."""
        if self._opened.lasts is None or self._lent or not self._lock.acquire(blocking=False):
            return False
        try:
            if not self.alive:
                return False
            self._sftp = None
            self._opened.close()
            return True
        finally:
            self._lock.release()

    @property
    def alive(self) -> bool:
        transport = self._opened.client.get_transport()
        return transport is not None and transport.is_active()

    def run(
        self,
        command: str,
        *,
        user: str | None = None,
        stdin: bytes = b"",
        timeout: float = 60.0,
        on_line: Callable[[str], None] | None = None,
        what: str = "a command",
    ) -> Completed:
        """Runs a shell command. user: `root`, or another one that runs it where there is such a user and the login
        may become it. stdin: all of its input. timeout: seconds until its end; the instance itself ends it soon after
        that, because closing a session ends no program. on_line: gets every line of standard output as it comes.
        what: names the command in messages, as its text may be long.

        Raises CommandTimeout, HostUnreachable.
        """
        with self._mapped_errors(timeout):
            channel = self._open_session(timeout)
            try:
                channel.exec_command(spoken(command, user, timeout))
                done = _converse(channel, stdin, on_line, _Deadline(self._clock, timeout))
            except TimeoutError:
                raise CommandTimeout(self.instance_id, what, timeout) from None
            finally:
                channel.close()
            if done.code < 0 and (self._opened.why() or not self.alive):
                raise ConnectionError(f"the connection ended while it ran {what}")
            return done

    def put(self, content: bytes | Path, remote: str, *, mode: int = 0o600) -> bool:
        """Copies a file, or bytes, to a path relative to the login's home, atomically.

        Names of files must tell their content (a digest): one that is there with its size is not copied again.
        Returns whether anything was copied. Raises HostUnreachable.
        """
        size = content.stat().st_size if isinstance(content, Path) else len(content)
        with self._mapped_errors():
            sftp = self._files()
            with contextlib.suppress(FileNotFoundError):
                if sftp.stat(remote).st_size == size:
                    return False
            _make_folders(sftp, PurePosixPath(remote).parent)
            temporary = f"{remote}.{uuid.uuid4().hex[:8]}.part"
            try:
                with sftp.open(temporary, "wb") as target:
                    target.set_pipelined(True)
                    sftp.chmod(temporary, mode)
                    if isinstance(content, Path):
                        with content.open("rb") as source:
                            while chunk := source.read(CHUNK // 2):
                                target.write(chunk)
                    else:
                        target.write(content)
                sftp.posix_rename(temporary, remote)
            except OSError:
                with contextlib.suppress(OSError):
                    sftp.remove(temporary)
                raise
        return True

    def get(self, remote: str, target: Path) -> None:
        """Copies a file from the instance. remote: relative to the login's home. Raises HostUnreachable."""
        with self._mapped_errors():
            self._files().get(remote, str(target))

    def home(self) -> str:
        """The absolute path that `put` paths are relative to."""
        if self._home is None:
            with self._mapped_errors():
                self._home = self._files().normalize(".")
        return self._home

    def list(self, folder: str) -> tuple[str, ...]:
        """Names in a folder, none when there is no such folder."""
        with self._mapped_errors():
            try:
                return tuple(sorted(self._files().listdir(folder)))
            except FileNotFoundError:
                return ()

    def remove(self, remote: str) -> None:
        """Removes a file; one that is not there is fine."""
        with self._mapped_errors(), contextlib.suppress(FileNotFoundError):
            self._files().remove(remote)

    def forward(self, host: str, port: int, *, timeout: float = 10.0) -> paramiko.Channel:
        """A TCP connection from the instance to an address that it can reach (`direct-tcpip`).

        Raises OSError when the instance is not let in there.
        """
        with self._lock:
            self._lent = True
            transport = self._transport()
        try:
            return transport.open_channel("direct-tcpip", (host, port), ("127.0.0.1", 0), timeout=timeout)
        except paramiko.ChannelException as error:
            raise ConnectionRefusedError(f"{self.instance_id} cannot connect to {host}:{port}") from error
        except (paramiko.SSHException, EOFError) as error:
            raise ConnectionError(f"{self.instance_id}: {error}") from error

    def shell(self, *, term: str, width: int, height: int, command: str | None = None) -> paramiko.Channel:
        """An interactive session with a terminal of that many columns and rows."""
        with self._mapped_errors():
            self._lent = True
            channel = self._open_session(30.0)
            channel.get_pty(term, width, height)
            if command is None:
                channel.invoke_shell()
            else:
                channel.exec_command(command)
            return channel

    def stream(self, command: str, *, user: str | None = None, combined: bool = True) -> paramiko.Channel:
        """Starts a command without an end of its own (`logs -f`), which must end when its output is closed.

        user: as with `run`. combined: standard error comes with standard output.
        """
        with self._mapped_errors():
            self._lent = True
            channel = self._open_session(30.0)
            channel.set_combine_stderr(combined)
            channel.exec_command(spoken(command, user))
            return channel

    def _transport(self, seconds: float = 60.0) -> paramiko.Transport:
        """The connection, opened again where the cloud ended it or is about to. seconds: that it is needed for."""
        lasts = self._opened.lasts
        if lasts is not None and not self._closed:
            age = self._clock.monotonic() - self._since
            ending = age > _YOUNG and age + seconds > lasts and not self._lent
            if ending or not self.alive:
                self._renew()
        transport = self._opened.client.get_transport()
        if transport is None or not transport.is_active():
            raise HostUnreachable(self.instance_id, "the instance closed the connection")
        return transport

    def _renew(self) -> None:
        self._sftp = None
        self._opened.close()
        self._opened = self._open_again()
        self._since = self._clock.monotonic()

    def _open_session(self, timeout: float) -> paramiko.Channel:
        return self._transport(timeout).open_session(timeout=min(timeout, 30.0))

    def _files(self) -> paramiko.SFTPClient:
        self._transport()
        if self._sftp is None:
            self._sftp = self._opened.client.open_sftp()
        return self._sftp

    @contextlib.contextmanager
    def _mapped_errors(self, seconds: float = 0.0) -> Iterator[None]:
        """Within it, the connection is in use. seconds: that what is done may take."""
        with self._lock:
            try:
                yield
            except HiveMindError:
                raise
            except (paramiko.SSHException, EOFError, OSError) as error:
                raise self._broken(error, seconds) from error
            finally:
                self.used = self._clock.monotonic()

    def _broken(self, error: Exception, seconds: float) -> HostUnreachable:
        lasts = self._opened.lasts
        why = self._opened.why() or str(error) or type(error).__name__
        hint = None
        if lasts is not None and seconds > lasts:
            hint = (
                f"The endpoint ends every connection after {lasts / 60:g} minutes. What takes longer needs a direct "
                "way: public instances, and your address in `network.ssh_from`."
            )
        return HostUnreachable(self.instance_id, why, hint=hint)


def spoken(command: str, user: str | None, seconds: float | None = None) -> str:
    """What a login's shell is told: to run a command as a user, and to end it after so many seconds.

    The limit stands below sudo, because a login may not signal what runs as another user. A system without `timeout`
    (macOS) goes without.
    """
    said = ["as= limit="]
    if user == "root":
        said.append('[ "$(id -u)" = 0 ] || as="sudo -n"')
    elif user is not None:
        said.append(f'sudo -n -u {user} true 2>/dev/null && as="sudo -n -u {user}"')
    if seconds is not None:
        said.append(f'command -v timeout >/dev/null && limit="timeout -k 5 {math.ceil(seconds) + _LATER}"')
    return "; ".join([*said, f"exec $as $limit /bin/sh -c {shlex.quote(command)}"])


class _Deadline:
    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds

    def left(self) -> float:
        left = self._end - self._clock.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _converse(
    channel: paramiko.Channel, stdin: bytes, on_line: Callable[[str], None] | None, deadline: _Deadline
) -> Completed:
    """Sends input and reads both outputs at once: neither side may block the other."""
    err = bytearray()
    channel.settimeout(deadline.left())
    threading.Thread(target=_send, args=(channel, stdin), daemon=True).start()
    collecting = threading.Thread(target=_collect, args=(channel.recv_stderr, err.extend), daemon=True)
    collecting.start()
    out, rest = bytearray(), b""
    while data := channel.recv(CHUNK):
        out += data
        if on_line is not None:
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                on_line(line.decode(errors="replace"))
        channel.settimeout(deadline.left())
    if on_line is not None and rest:
        on_line(rest.decode(errors="replace"))
    if not channel.status_event.wait(deadline.left()):
        raise TimeoutError
    # The sender is not waited for: a command may end without reading all of its input.
    collecting.join(deadline.left())
    return Completed(channel.exit_status, out.decode(errors="replace"), err.decode(errors="replace"))


def _send(channel: paramiko.Channel, content: bytes) -> None:
    with contextlib.suppress(OSError):
        channel.sendall(content)
        channel.shutdown_write()


def _collect(receive: Callable[[int], bytes], keep: Callable[[bytes], None]) -> None:
    with contextlib.suppress(OSError):
        while data := receive(CHUNK):
            keep(data)


def _make_folders(sftp: paramiko.SFTPClient, folder: PurePosixPath) -> None:
    for part in (*reversed(folder.parents), folder):
        if str(part) in (".", "/"):
            continue
        try:
            sftp.stat(str(part))
        except FileNotFoundError:
            # Another connection may be making it at this moment.
            with contextlib.suppress(OSError):
                sftp.mkdir(str(part), 0o700)
