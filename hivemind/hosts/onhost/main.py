"""The installer's commands. Each imports what it needs: most are short, and their imports are most of their time."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hivemind.hosts.onhost.layout import DIGEST, NAME, Layout, has_systemd, system_root
from hivemind.hosts.onhost.report import InstallError, Reporter

PATIENCE = 2.0
"""Seconds that `missing` waits for another installation before it says so."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; exit code 0 when it did what it says, 1 with a reported failure, 2 for a wrong call."""
    options = _parser().parse_args(arguments)
    # Whatever the login's own: the application's user must be able to read what is made here.
    os.umask(0o022)
    if options.command == "install":
        return _install()
    if not NAME.fullmatch(options.service):
        sys.stderr.write("not a service name\n")
        return 2
    layout = Layout(system_root(), options.service)
    try:
        answer = COMMANDS[options.command](layout, options)
    except InstallError as error:
        Reporter().failed(options.command, error, current=layout.current_id())
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return int(answer or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="installer")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("install", help="install the release that the request on standard input describes")
    for name in (
        "prepare",
        "missing",
        "fetch",
        "status",
        "logs",
        "start",
        "stop",
        "remove",
        "rollback",
        "run",
        "mask",
        "supervise",
        "boot",
        "jobs",
        "clock",
        "run-job",
        "job-began",
        "job-ended",
    ):
        command = commands.add_parser(name)
        command.add_argument("service")
        if name == "prepare":
            command.add_argument("--user", default="hivemind")
        elif name == "missing":
            command.add_argument("digests", nargs="*")
        elif name == "logs":
            command.add_argument("-n", "--lines", type=int, default=100)
            command.add_argument("-f", "--follow", action="store_true")
            command.add_argument("--plain", action="store_true", help="without times")
            command.add_argument("--current", action="store_true", help="of the current release alone")
        elif name == "remove":
            command.add_argument("--data", action="store_true", help="the service's data folder too")
        elif name == "boot":
            for place in ("aws", "bucket", "stack", "group"):
                command.add_argument(place)
        elif name == "run":
            command.add_argument("words", nargs="?", help="for the shell; none: an interactive one")
        elif name == "clock":
            command.add_argument("on", choices=("on", "off"))
        elif name == "job-began":
            command.add_argument("release")
        elif name == "rollback":
            command.add_argument("release")
            command.add_argument("--timeout", type=int, default=60)
    return parser


def _install() -> int:
    from hivemind.hosts.onhost import install, request

    reporter = Reporter()
    try:
        wanted = request.parse(json.loads(sys.stdin.read()))
    except InstallError as error:
        reporter.failed("request", error, current=None)
        return 1
    except ValueError:
        # Not the exception's own text: it would quote the request.
        reporter.failed("request", InstallError("the request is not JSON"), current=None)
        return 1
    reporter = Reporter(wanted.hidden_values)
    layout = Layout(system_root(), wanted.service)
    _keep_self(layout)
    return 0 if install.Installation(layout, wanted, reporter).run() else 1


def _keep_self(layout: Layout) -> None:
    """Copies this installer to where the supervisor, boot and the next person find it."""
    own = Path(sys.argv[0]).resolve()
    if not own.is_file() or own == layout.installer.resolve():
        return
    import shutil

    layout.product.mkdir(parents=True, exist_ok=True)
    fresh = layout.installer.with_name(f".installer-{os.getpid()}")
    shutil.copyfile(own, fresh)
    fresh.chmod(0o755)
    fresh.replace(layout.installer)


def _prepare(layout: Layout, options: argparse.Namespace) -> None:
    from hivemind.hosts.onhost import accounts

    _keep_self(layout)
    account = accounts.prepare(layout, options.user)
    disk = os.statvfs(layout.product)
    Reporter().step(
        "prepare",
        "ready",
        data={
            "systemd": has_systemd(),
            "user": account.name if account else None,
            "python": ".".join(map(str, sys.version_info[:3])),
            "machine": os.uname().machine,
            "system": _system(),
            "current": layout.current_id(),
            "free": disk.f_bavail * disk.f_frsize,
        },
    )


def _missing(layout: Layout, options: argparse.Namespace) -> None:
    """Which layers an installation would need to be sent, and whether they can come as zstd."""
    from hivemind.hosts.onhost import layers, turns, zstd

    wanted = [digest for digest in options.digests if DIGEST.fullmatch(digest)]
    try:
        with turns.locked(layout, PATIENCE):
            absent = layers.missing(layout, wanted)
    except turns.Busy as busy:
        Reporter().step("missing", str(busy), data={"busy": True})
        return
    data = {"layers": absent, "zstd": zstd.library() is not None}
    Reporter().step("missing", f"{len(absent)} of {len(wanted)}", data=data)


def _fetch(_: Layout, __: argparse.Namespace) -> None:
    """Fetches archives; what can't be fetched is said, and comes over SSH."""
    from hivemind.hosts.onhost import fetching

    try:
        wanted = json.loads(sys.stdin.read())
    except ValueError:
        # Not the exception's own text: it would quote an address.
        raise InstallError("the request is not JSON") from None
    failed = fetching.fetch(wanted)
    Reporter().step("fetch", f"{len(failed)} failed" if failed else "fetched", data={"failed": dict(failed)})


def _system() -> str:
    try:
        rows = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return os.uname().sysname
    values = dict(row.partition("=")[::2] for row in rows)
    return f"{values.get('ID', '')} {values.get('VERSION_ID', '')}".replace('"', "").strip()


def _status(layout: Layout, _: argparse.Namespace) -> None:
    from hivemind.hosts.onhost import services

    state = services.service_of(layout).state()
    current = layout.current_id()
    data: dict[str, Any] = {
        "state": state.word,
        "pid": state.pid,
        "restarts": state.restarts,
        "since": state.since,
        "uptime": None if state.since is None else max(0.0, time.time() - state.since),
        "current": current,
        "digest": layout.release(current).recorded().get("digest") if current else None,
        "releases": [release.id for release in layout.complete()],
    }
    Reporter().step("status", state.word, data=data)


def _logs(layout: Layout, options: argparse.Namespace) -> None:
    from hivemind.hosts.onhost import services
    from hivemind.hosts.onhost.masking import masking

    service = services.service_of(layout)
    current, reporter = layout.current_id(), masking(layout)
    if not options.follow:
        since = layout.activated_at() if options.current else None
        for line in service.lines(options.lines, stamped=not options.plain, since=since):
            sys.stdout.write(reporter.mask(line) + "\n")
        return
    for news in service.follow(options.lines):
        if layout.current_id() != current:
            current, reporter = layout.current_id(), masking(layout)
        if news is not None:
            sys.stdout.write(reporter.mask(news) + "\n")
            sys.stdout.flush()
        elif _nobody_reads():
            return


def _nobody_reads() -> bool:
    """Whether the other side of standard output is gone: without new lines no write would tell."""
    import select
    import stat

    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    if poll.poll(0):
        return True
    # An SSH server may keep its side of the output open, but it ends the input with the channel.
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return False
    ready = select.select([sys.stdin], [], [], 0)[0]
    return bool(ready) and not os.read(sys.stdin.fileno(), 1024)


def _start(layout: Layout, _: argparse.Namespace) -> None:
    from hivemind.hosts.onhost import services

    services.service_of(layout).start()


def _stop(layout: Layout, _: argparse.Namespace) -> None:
    from hivemind.hosts.onhost import services

    services.service_of(layout).stop()


def _remove(layout: Layout, options: argparse.Namespace) -> None:
    import shutil

    from hivemind.hosts.onhost import jobs, services

    jobs.drop_all(layout)
    services.service_of(layout).remove()
    layout.environment_link.unlink(missing_ok=True)
    shutil.rmtree(layout.home, ignore_errors=True)
    if options.data:
        shutil.rmtree(layout.data, ignore_errors=True)
        shutil.rmtree(layout.kept, ignore_errors=True)
    Reporter().step("remove", "removed")


def _rollback(layout: Layout, options: argparse.Namespace) -> None:
    from hivemind.hosts.onhost import install, turns

    release = layout.release(options.release)
    if not NAME.fullmatch(options.release) or not release.record.is_file():
        known = ", ".join(found.id for found in layout.complete()) or "none"
        raise InstallError(f"this instance does not have release {options.release}, only: {known}")
    previous = layout.current_id()
    with turns.locked(layout):
        try:
            up = install.activate(layout, release, options.timeout)
        except InstallError:
            if previous and previous != release.id:
                install.go_back(layout, layout.release(previous))
            raise
    Reporter().step("rollback", f"{release.id} is current, up after {up.seconds:.1f} s")


def _run(layout: Layout, options: argparse.Namespace) -> None:
    from hivemind.hosts.onhost import one_off

    try:
        one_off.become(layout, options.words)
    except InstallError as error:
        # A person reads this, not a program.
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None


def _mask(layout: Layout, _: argparse.Namespace) -> None:
    """Standard input without the values of the service's secrets."""
    from hivemind.hosts.onhost.masking import masking

    sys.stdout.write(masking(layout).mask(sys.stdin.read()))


def _clock(layout: Layout, options: argparse.Namespace) -> None:
    from hivemind.hosts.onhost import jobs, turns

    with turns.locked(layout):
        jobs.clock(layout, on=options.on == "on")
    Reporter().step("clock", f"jobs are {options.on}")


def _boot(layout: Layout, options: argparse.Namespace) -> None:
    from hivemind.hosts.onhost import boot

    _keep_self(layout)
    boot.boot(layout, boot.Place(options.aws, options.bucket, options.stack, options.group))


def _supervise(layout: Layout, _: argparse.Namespace) -> int:
    from hivemind.hosts.onhost import services, supervise

    held = services.Supervised(layout).hold()
    if held is None:
        return 0
    with held:
        if layout.timer.exists():
            from hivemind.hosts.onhost.job_supervise import JobSupervisor

            return JobSupervisor(layout).run()
        return supervise.Supervisor(layout).run()


def _job(layout: Layout, options: argparse.Namespace) -> int | None:
    from hivemind.hosts.onhost import job_commands

    return job_commands.COMMANDS[options.command](layout, options)


COMMANDS = {
    "mask": _mask,
    "boot": _boot,
    "prepare": _prepare,
    "missing": _missing,
    "fetch": _fetch,
    "status": _status,
    "logs": _logs,
    "clock": _clock,
    "start": _start,
    "stop": _stop,
    "remove": _remove,
    "rollback": _rollback,
    "run": _run,
    "supervise": _supervise,
    "jobs": _job,
    "run-job": _job,
    "job-began": _job,
    "job-ended": _job,
}
