"""The installer on an instance, as calls: prepare, install, status, start, stop, logs, rollback, remove.

`remove` is reserved: no step asks for it yet.
"""

from __future__ import annotations

import gzip
import json
import shlex
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hivemind.hosts.application_causes import advice
from hivemind.hosts.installer import installer
from hivemind.hosts.onhost import evidence
from hivemind.hosts.onhost.layout import ALONE
from hivemind.hosts.onhost.request import KeptLayer, Request
from hivemind.hosts.ssh import Completed, Host, spoken
from hivemind.values.artifact import Layer
from hivemind.values.errors import Stage, StageError

FOLDER = ".hivemind"
FETCHING = 1800.0
"""Seconds for an instance to fetch a release from the bucket."""
WAITING = "waiting"
"""Name of the step that says, once, what of an interrupted run is waited for; it goes on as `missing`."""
GRACE = 60
"""Seconds on top of the installer's own deadlines."""


@dataclass(frozen=True)
class InstallStep:
    """One line of the installer. ok: None for a line of output of a running command. lines: evidence of a failure."""

    name: str
    message: str
    ok: bool | None = None
    lines: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    current: str | None = None


OnStep = Callable[[InstallStep], None]
AddressOf = Callable[[Path], str | None]
"""An archive of this machine -> where an instance can fetch it, None where it can't."""


def prepare(host: Host, service: str, *, user: str = "hivemind") -> Mapping[str, Any]:
    """Puts the installer on an instance and makes folders and user there.

    Returns what the instance is: systemd (bool), user (name or None), python, machine, system, current (release
    id or None), free (bytes). Raises StageError.
    """
    steps = _call(host, service, ["prepare", service, "--user", user], timeout=120)
    return steps[-1].data if steps else MappingProxyType({})


def install(
    host: Host,
    artifact: Path,
    request: Request,
    on_step: OnStep | None = None,
    *,
    layers: Sequence[Layer] = (),
    address: AddressOf = lambda _: None,
) -> tuple[InstallStep, ...]:
    """Installs a release: brings the artifact and those of its layers that the instance lacks, runs the installer.

    artifact: the archive here. request: its `artifact` and `layers` are filled in. address: of an archive, where the
    instance can fetch it; what it can't fetch is copied over SSH. Raises StageError(deploy) with the
    failing step's last output; the release before stays current then.
    """
    patience = request.release_timeout + request.ready_timeout + GRACE
    absent, zstd = _missing(host, request.service, layers, patience, on_step or (lambda _: None))
    wanted = [layer for layer in layers if layer.digest in absent]
    needed = {layer.digest: layer.path for layer in wanted} | {request.digest: artifact}
    readable = {digest: path for digest, path in needed.items() if zstd or path.suffix != ".zst"}
    _fetch(host, request.service, readable, address, on_step)
    sent = {layer.digest: _send(host, layer.path, layer.digest, zstd=zstd) for layer in wanted}
    name = _send(host, artifact, request.digest, zstd=zstd)
    archives = {digest: f"{host.home()}/{file}" for digest, file in sent.items()}
    request = replace(
        request,
        artifact=f"{host.home()}/{name}",
        layers=tuple(KeptLayer(layer.digest, archives.get(layer.digest, "")) for layer in layers),
    )
    timeout = request.release_timeout + request.ready_timeout + request.options.stop_timeout + 10 * GRACE
    steps = _call(host, request.service, ["install"], stdin=request.as_json().encode(), timeout=timeout, tell=on_step)
    port = next((step.data.get("port") for step in steps if step.name == "start"), None)
    if request.port is not None and isinstance(port, int):
        host.bound[request.port] = port
    for other in host.list(FOLDER):
        if ".tar." in other and f"{FOLDER}/{other}" != name:
            host.remove(f"{FOLDER}/{other}")
    return steps


def _missing(
    host: Host, service: str, layers: Sequence[Layer], patience: float, tell: OnStep
) -> tuple[frozenset[str], bool]:
    """Which layers the instance lacks, and whether it reads zstd.

    patience: seconds to wait for the installation of an interrupted run, which may still run its release command; tell
    is told what is waited for.
    """
    deadline, name = time.monotonic() + patience, WAITING
    while True:
        steps = _call(host, service, ["missing", service, *(layer.digest for layer in layers)], timeout=300)
        data = steps[-1].data if steps else MappingProxyType({})
        if not data.get("busy"):
            return frozenset(data.get("layers", ())), bool(data.get("zstd"))
        tell(replace(steps[-1], name=name))
        name = steps[-1].name
        if time.monotonic() > deadline:
            raise StageError(
                Stage.DEPLOY,
                f"{service} on {host.instance_id}: an interrupted run is still at work there",
                subject=service,
                lines=(steps[-1].message,),
                hint="End it, then apply again.",
                path=f"services.{service}",
            )


def _fetch(host: Host, service: str, archives: Mapping[str, Path], address: AddressOf, tell: OnStep | None) -> None:
    """Has the instance fetch archives (digest -> file here) to where `_send` puts them, as far as it can."""
    files = [
        {"path": f"{host.home()}/{_name(path, digest)}", "size": path.stat().st_size, "url": url}
        for digest, path in archives.items()
        if (url := address(path)) is not None
    ]
    if not files:
        return
    wanted = json.dumps({"files": files}).encode()
    steps = _call(host, service, ["fetch", service], stdin=wanted, timeout=FETCHING)
    failed = (steps[-1].data if steps else {}).get("failed") or {}
    if failed and tell is not None:
        why = next(iter(failed.values()))
        tell(InstallStep("fetch", f"copying over SSH what the instance cannot fetch: {why}"))


def _name(archive: Path, digest: str) -> str:
    """An archive's path on the instance, in the login's home."""
    return f"{FOLDER}/{digest}.{archive.name.partition('.')[2]}"


def _send(host: Host, archive: Path, digest: str, *, zstd: bool) -> str:
    """Copies an archive to the instance unless it is there; its name there. Without zstd it goes as gzip."""
    if archive.suffix != ".zst" or zstd:
        name = _name(archive, digest)
        host.put(archive, name)
        return name
    with tempfile.TemporaryDirectory(prefix="hivemind-") as folder:
        other = Path(folder, f"{digest}.tar.gz")
        as_gzip(archive, other)
        host.put(other, f"{FOLDER}/{other.name}")
        return f"{FOLDER}/{other.name}"


def as_gzip(archive: Path, target: Path) -> None:
    """Writes what a .tar.zst holds as .tar.gz, for instances without libzstd."""
    import zstandard

    with archive.open("rb") as packed, gzip.GzipFile(target, "wb", compresslevel=6, mtime=0) as made:
        shutil.copyfileobj(zstandard.ZstdDecompressor().stream_reader(packed), made)


def status(host: Host, service: str) -> Mapping[str, Any]:
    """state (`running`, `restarting`, `stopped`, `failed`), pid, restarts, since, uptime (seconds), current, digest,
    releases."""
    steps = _call(host, service, ["status", service], timeout=30)
    return steps[-1].data if steps else MappingProxyType({})


def jobs(host: Host, service: str) -> Sequence[Mapping[str, Any]]:
    """The jobs beside a service: name, schedule, running, next, and runs as `onhost.job_records` has them."""
    steps = _call(host, service, ["jobs", service], timeout=30)
    return tuple(steps[-1].data.get("jobs", ())) if steps else ()


def clock(host: Host, service: str, *, on: bool) -> None:
    """Whether the jobs of a service run by the clock on this instance, from now on. A run goes on to its end."""
    _call(host, service, ["clock", service, "on" if on else "off"], timeout=180)


def stop(host: Host, service: str) -> None:
    """Stops a service, until it is started again."""
    _call(host, service, ["stop", service], timeout=180)


def start(host: Host, service: str) -> None:
    """Starts a service that was stopped, with its current release."""
    _call(host, service, ["start", service], timeout=180)


def remove(host: Host, service: str, *, data: bool = False) -> None:
    """Stops a service and removes its releases. data: its data folder too."""
    _call(host, service, ["remove", service, *(["--data"] if data else [])], timeout=180)


def rollback(host: Host, service: str, release: str, *, timeout: float = 60) -> None:
    """Makes an earlier release current again. timeout: seconds until it must be up."""
    arguments = ["rollback", service, release, "--timeout", str(int(timeout))]
    _call(host, service, arguments, timeout=timeout + 3 * GRACE)


def last_lines(host: Host, service: str, count: int = 20) -> tuple[str, ...]:
    """The log lines of the current release that tell most, without times; none when they can't be read."""
    try:
        done = _run(host, ["logs", service, "--plain", "--current", "-n", str(evidence.LOOKED_AT)], timeout=20)
    except StageError:
        return ()
    return tuple(evidence.telling(done.stdout.splitlines(), count)) if done.code == 0 else ()


def one_off(host: Host, service: str, command: str | None) -> str:
    """The command line that runs a command, or a shell, beside a service's application. Brings the installer there."""
    return spoken(_command(host, ["run", service, *([] if command is None else [command])]), "root")


def masked(host: Host, service: str, text: str) -> str:
    """A text without the values of a service's secrets, in the releases that the instance has."""
    done = _run(host, ["mask", service], timeout=30, stdin=text.encode())
    if done.code != 0:
        raise _broken(host, service, done)
    return done.stdout


def run_job(host: Host, job: str) -> str:
    """The command line that runs a job now. Brings the installer there."""
    return spoken(_command(host, ["run-job", job]), "root")


def logs(host: Host, service: str, *, lines: int = 100, follow: bool = False) -> Iterator[str]:
    """The application's log lines with their times; with `follow` without an end, until the iterator is closed."""
    arguments = ["logs", service, "-n", str(lines)]
    if not follow:
        yield from _run(host, arguments, timeout=60).stdout.splitlines()
        return
    channel = host.stream(_command(host, [*arguments, "--follow"]), user="root")
    try:
        with channel.makefile("r") as output:
            for line in output:
                text = line if isinstance(line, str) else line.decode(errors="replace")
                yield text.rstrip("\n")
    finally:
        channel.close()


def _call(
    host: Host,
    service: str,
    arguments: list[str],
    *,
    timeout: float,
    stdin: bytes = b"",
    tell: OnStep | None = None,
) -> tuple[InstallStep, ...]:
    steps: list[InstallStep] = []

    def take(line: str) -> None:
        step = _parsed(line)
        if step is not None:
            if step.ok is not None:
                steps.append(step)
            if tell is not None:
                tell(step)

    done = _run(host, arguments, timeout=timeout, stdin=stdin, on_line=take)
    failed = next((step for step in steps if step.ok is False), None)
    if failed is not None:
        raise _failure(host, service, failed)
    if done.code != 0:
        raise _broken(host, service, done)
    return tuple(steps)


def _run(
    host: Host,
    arguments: list[str],
    *,
    timeout: float,
    stdin: bytes = b"",
    on_line: Callable[[str], None] | None = None,
) -> Completed:
    command = _command(host, arguments)
    what = f"installer {arguments[0]}"
    return host.run(command, user="root", stdin=stdin, timeout=timeout, on_line=on_line, what=what)


def _command(host: Host, arguments: list[str]) -> str:
    """Copies this version's installer where it is missing; the command that runs it, which root must."""
    own = installer()
    name = f"{FOLDER}/{own.name}.pyz"
    if not host.has_installer:
        host.put(own.content, name, mode=0o700)
        host.has_installer = True
    return shlex.join(["python3", *ALONE, f"{host.home()}/{name}", *arguments])


def _parsed(line: str) -> InstallStep | None:
    try:
        entry = json.loads(line)
        return InstallStep(
            name=str(entry["step"]),
            message=str(entry.get("line", entry.get("message", ""))),
            ok=entry.get("ok"),
            lines=tuple(str(text) for text in entry.get("lines", ())),
            data=MappingProxyType(dict(entry.get("data") or {})),
            current=entry.get("current"),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _failure(host: Host, service: str, step: InstallStep) -> StageError:
    left = f"release {step.current} is still current on {host.instance_id}" if step.current else None
    return StageError(
        Stage.DEPLOY,
        f"{service} on {host.instance_id}, {step.name}: {step.message}",
        subject=service,
        lines=step.lines,
        hint=advice(step.lines, service)
        or "Fix the cause, then apply again. `hivemind logs` shows more of the application's log.",
        left=left,
        path=f"services.{service}",
    )


def _broken(host: Host, service: str, done: Completed) -> StageError:
    lines = tuple(done.stderr.splitlines()[-20:])
    missing = done.code == 127 or any(
        "python3: not found" in line or "python3: command not found" in line for line in lines
    )
    python = "The instance needs Python 3.9 or later, as python3."
    return StageError(
        Stage.DEPLOY,
        f"{service} on {host.instance_id}: the installer ended with exit code {done.code}",
        subject=service,
        lines=lines,
        hint=python if missing else "Apply again: the installer can run repeatedly.",
        path=f"services.{service}",
    )
