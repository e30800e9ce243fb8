"""Connecting to an instance by SSH: only where its host key is known, by the deployment's key."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import shlex
import socket
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import paramiko

from hivemind.hosts import keys
from hivemind.hosts.ssh import Host, HostUnreachable, KeyRefused, Opened
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import SYSTEM_CLOCK, Clock, polls
from hivemind.values.cloud import Cloud, Line, NoRoom, NoWayYet
from hivemind.values.errors import Stage, StageError, StepCancelled

PORT = 22
KEEPALIVE = 15
SILENCE = 45.0
"""Seconds without an acknowledgement after which a direct connection is lost: an instance that lost its power closes
none, and TCP alone waits a quarter of an hour (tcp(7), TCP_USER_TIMEOUT)."""
LOGINS = {"debian": "admin", "amazon": "ec2-user", "ubuntu": "ubuntu"}
PATIENCE = 60.0
"""Seconds for which a new instance may refuse the key that it is about to learn."""
AGAIN = 120.0
"""Seconds to reach an instance again that was reached before."""
_LOCK = threading.Lock()
_CARRIED: WeakKeyDictionary[Cloud, WeakSet[Host]] = WeakKeyDictionary()
"""Connections that a cloud carries: those which may have to make room for each other."""
_UNKNOWN = "HiveMind does not know its SSH host key yet"
_UNKNOWN_HINT = (
    "HiveMind never connects to an unknown host. The key comes from the console output or SSM: apply again, and "
    "HiveMind looks there again."
)
_REFUSED_HINT = "The instance lets another key in than FILE has. docs/state.md says where keys are kept."


def never() -> bool:
    """The `futile` of a connection that somebody waits for."""
    return False


class HostKeyMismatch(StageError):
    """The instance shows another host key than the one that is known for it."""

    def __init__(self, instance_id: str, expected: str, got: str) -> None:
        super().__init__(
            Stage.DEPLOY,
            f"{instance_id} has an unexpected SSH host key: {got}, expected {expected}",
            subject=instance_id,
            hint="Someone may intercept the connection. HiveMind sent nothing. If you changed the key on purpose, "
            "replace the instance.",
        )


def login_name(os: str) -> str:
    """The user that an operating system's images let in by SSH (`debian-12` -> `admin`)."""
    return LOGINS.get(os.partition("-")[0], "admin")


def trusted_host_key(cloud: Cloud, instance_id: str, known: Mapping[str, str]) -> str | None:
    """The host key to expect: the remembered one, else the cloud's authenticated one; None: not known yet."""
    return known.get(instance_id) or cloud.host_key(instance_id)


def connect(
    cloud: Cloud,
    instance_id: str,
    *,
    key: Path,
    user: str,
    known: Mapping[str, str],
    deadline: float = 30.0,
    clock: Clock = SYSTEM_CLOCK,
    on_wait: Callable[[str], None] | None = None,
    futile: Callable[[], bool] = never,
) -> Host:
    """Connects to an instance, waiting for it to come up for as long as `deadline` seconds.

    key: private key file. known: instance id -> host key remembered by the deployment. on_wait: is told why it
    waits, each reason once. futile: whether nobody needs it any more. Raises HostKeyMismatch at once; StepCancelled
    when it is futile; HostUnreachable after the deadline, also when no
    authenticated source tells the host key: it never connects to a host that it can't recognise.
    """
    reason, hint = "", None
    asked = False
    for passed in polls(clock, deadline=deadline):
        if futile():
            raise StepCancelled(f"connecting to {instance_id}")
        host_key = trusted_host_key(cloud, instance_id, known)
        try:
            if host_key is not None:
                opening = partial(_opened, cloud, instance_id, host_key, key=key, user=user)
                opened = opening(timeout=max(1.0, min(30.0, deadline - passed)))
                host = Host(opened, instance_id, host_key, clock, partial(_again, opening, instance_id, clock))
                if asked:
                    host.run(authorizing(keys.public_half(key.read_text(encoding="ascii"))), what="admitting the key")
                if opened.lasts is not None:
                    with _LOCK:
                        _CARRIED.setdefault(cloud, WeakSet()).add(host)
                return host
            seen, hint = _UNKNOWN, _UNKNOWN_HINT
        except HostUnreachable as error:
            seen = error.message.partition(": ")[2]
            hint = _REFUSED_HINT.replace("FILE", str(key)) if isinstance(error, KeyRefused) else error.hint
            if isinstance(error, KeyRefused) and not asked and passed >= min(PATIENCE, deadline / 2):
                # Longer than it takes to boot: the key may be lost. Where AWS lets a new one in, it is let in for good.
                asked = True
                cloud.admit(instance_id, user, keys.public_half(key.read_text(encoding="ascii")))
        if seen != reason and on_wait is not None:
            on_wait(seen)
        reason = seen
    raise HostUnreachable(instance_id, f"{reason} (waited {deadline:g} s)", hint=hint)


def _again(opening: Callable[..., Opened], instance_id: str, clock: Clock) -> Opened:
    """Connects anew to an instance that was reached before. Raises HostUnreachable after a while."""
    reason = ""
    for _ in polls(clock, deadline=AGAIN):
        try:
            return opening(timeout=30.0)
        except HostUnreachable as error:
            reason = error.message.partition(": ")[2]
    raise HostUnreachable(instance_id, f"{reason} (waited {AGAIN:g} s)")


def _dialled(cloud: Cloud, instance_id: str, timeout: float) -> socket.socket:
    """A connection; where the cloud carries no more of them, the one that was not used for longest makes room."""
    try:
        return cloud.dial(instance_id, PORT, timeout=timeout)
    except NoRoom:
        with _LOCK:
            carried = sorted(_CARRIED.get(cloud, ()), key=lambda host: host.used)
        if not any(host.rest() for host in carried):
            raise
        return cloud.dial(instance_id, PORT, timeout=timeout)


def _opened(cloud: Cloud, instance_id: str, host_key: str, *, key: Path, user: str, timeout: float) -> Opened:
    try:
        pinned = paramiko.PKey.from_type_string(*_key_parts(host_key))
    except (ValueError, paramiko.SSHException) as error:
        raise HostUnreachable(instance_id, f"cannot read its known host key ({error})") from error
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    client.get_host_keys().add(instance_id, pinned.get_name(), pinned)
    sock: socket.socket | None = None
    try:
        sock = _dialled(cloud, instance_id, timeout)
        with contextlib.suppress(OSError):
            # Without it every small packet waits for the acknowledgement of the one before.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(SILENCE * 1000))
        client.connect(
            instance_id,
            username=user,
            sock=sock,
            timeout=timeout,
            banner_timeout=timeout,
            auth_timeout=timeout,
            allow_agent=False,
            look_for_keys=False,
            **_login(key),
        )
        _let_in(client, key)
    except paramiko.BadHostKeyException as error:
        _close(client, sock)
        raise HostKeyMismatch(instance_id, _fingerprint(error.expected_key), _fingerprint(error.key)) from error
    except paramiko.AuthenticationException as error:
        _close(client, sock)
        raise KeyRefused(instance_id, f"it refuses the deployment's key for user {user}") from error
    except CloudCallFailed as error:
        _close(client, sock)
        if (
            error.passing or error.code == "InvalidInstanceID.NotFound"
        ):  # a new instance is not known everywhere at once
            raise HostUnreachable(instance_id, error.message) from error
        raise
    except (paramiko.SSHException, EOFError, OSError) as error:
        _close(client, sock)
        if (shown := _offered_other_type(error)) is not None:
            raise HostKeyMismatch(instance_id, _fingerprint(pinned), shown) from error
        hint = error.hint if isinstance(error, NoWayYet) else None
        raise HostUnreachable(instance_id, _why(sock) or str(error) or type(error).__name__, hint=hint) from error
    transport = client.get_transport()
    if transport is not None:
        transport.set_keepalive(KEEPALIVE)
    return Opened(client, sock, sock.lasts, partial(_why, sock)) if isinstance(sock, Line) else Opened(client, sock)


def _login(key: Path) -> Mapping[str, Any]:
    first = key.with_name(keys.FIRST)
    if first.exists():
        return {"key_filename": [str(key), str(first)]}  # tried in this order
    return {"pkey": paramiko.Ed25519Key.from_private_key_file(str(key))}


def _let_in(client: paramiko.SSHClient, key: Path) -> None:
    """Where another key took the place of the first one: an instance that knows only the first one, as all do that the
    stack makes later, lets in the new one, and the first one no more."""
    first = key.with_name(keys.FIRST)
    if not first.exists():
        return
    used, before = (keys.public_half(one.read_text(encoding="ascii")) for one in (key, first))
    _, output, _ = client.exec_command(authorizing(used, before), timeout=30.0)
    output.channel.recv_exit_status()


def authorizing(used: str, *others: str) -> str:
    """The shell command that makes a login let in one public key, and others no more. What else it lets in stays."""
    drop = " ".join(f"-e {shlex.quote(one.split()[1])}" for one in others)
    keep = f"grep -vF {drop} $f" if drop else "cat $f"
    has = f"grep -qF {shlex.quote(used.split()[1])}"
    # A full disk must lock nobody out: the new file takes the old one's place only when it is right.
    return (
        f"umask 077; f=$HOME/.ssh/authorized_keys; mkdir -p $HOME/.ssh; touch $f; "
        f"{has} $f || echo {shlex.quote(used)} >> $f; {keep} > $f.new; {has} $f.new && mv $f.new $f"
    )


def _why(sock: socket.socket | None) -> str:
    return sock.why if isinstance(sock, Line) else ""


def _key_parts(line: str) -> tuple[str, bytes]:
    kind, encoded, *_ = line.split()
    return kind, base64.b64decode(encoded, validate=True)


def _fingerprint(key: paramiko.PKey) -> str:
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return f"{key.get_name()} SHA256:{digest}"


def _offered_other_type(error: Exception) -> str | None:
    """What stands for the key shown when the host has no key of the pinned type at all."""
    return "a key of another type" if isinstance(error, paramiko.ssh_exception.IncompatiblePeer) else None


def _close(client: paramiko.SSHClient, sock: socket.socket | None) -> None:
    client.close()
    if sock is not None:
        sock.close()
