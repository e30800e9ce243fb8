"""`hivemind logs`: what the application says."""

from __future__ import annotations

import json
import queue
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind.cli.context import deployment_option, environment_option, json_option, local_option, path_argument
from hivemind.flow.deployments import Known, require

if TYPE_CHECKING:
    from hivemind.cli.instance import Chosen


HEALTH_CHECKER = "ELB-HealthChecker/"
"""What every health check of a load balancer says of itself, and most access logs repeat."""
MOST_CHECKS = 50
"""Lines of health checks that may stand between two lines of the application, at most, for -n to be met."""


@dataclass(frozen=True)
class Wanted:
    """lines: of each instance. follow: without an end. health_checks: whether their lines are wanted."""

    lines: int
    follow: bool
    health_checks: bool

    @property
    def asked(self) -> int:
        """Lines to ask an instance for, so that enough are left."""
        return self.lines if self.health_checks or self.follow else min(self.lines * MOST_CHECKS, 50_000)

    def of(self, lines: Iterable[str]) -> Iterable[str]:
        """The lines to print: as they come when following, else the last ones."""
        kept = (line for line in lines if self.health_checks or HEALTH_CHECKER not in line)
        return kept if self.follow else deque(kept, maxlen=self.lines)


@dataclass(frozen=True)
class Read:
    """What came from an instance. line: None at the end. trouble: why it ended."""

    of: Chosen
    line: str | None
    trouble: str | None = None


@click.command("logs")
@path_argument
@environment_option
@local_option
@deployment_option
@click.option("--service", metavar="NAME", help="Of this service alone.")
@click.option("-n", "--lines", type=click.IntRange(1), default=100, show_default=True, help="Lines of each instance.")
@click.option("-f", "--follow", is_flag=True, help="Go on printing until Ctrl-C.")
@click.option("--health-checks", is_flag=True, help="Print the lines of the load balancer's health checks, too.")
@json_option
def command(
    path: Path,
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    service: str | None,
    lines: int,
    follow: bool,
    health_checks: bool,
    as_json: bool,
) -> int:
    """Print what the application logs, of all instances; each line begins with its instance where there are several.

    Requests of the load balancer's health checks are left out, and the values of secrets. With --json each line is
    an object: service, instance, line.
    """
    from hivemind.cli.instance import instances
    from hivemind.text.redact import redact
    from hivemind.values.exits import ExitCode

    known = require(path, environment, deployment, local=local)
    known.require_changeable()
    chosen = instances(known, service)
    wanted = Wanted(lines, follow, health_checks)
    # Lines wait here for the terminal; a slow one slows the readers down instead of filling the memory.
    ready: queue.Queue[Read] = queue.Queue(maxsize=1000)
    for one in chosen:
        threading.Thread(target=_read, args=(known, one, wanted, ready), daemon=True).start()
    running, failed = len(chosen), 0
    while running:
        read = ready.get()
        name = f"{read.of.service}.{read.of.number}  " if len(chosen) > 1 else ""
        if read.line is None:
            running -= 1
            failed += read.trouble is not None
        if read.trouble is not None:
            click.echo(f"{name}{redact(read.trouble)}", err=True)
        elif read.line is not None and as_json:
            entry = {"service": read.of.service, "instance": read.of.instance, "line": redact(read.line)}
            click.echo(json.dumps(entry, ensure_ascii=False))
        elif read.line is not None:
            click.echo(name + redact(read.line))
    return ExitCode.DEPLOY if failed == len(chosen) else ExitCode.OK


def _read(known: Known, one: Chosen, wanted: Wanted, ready: queue.Queue[Read]) -> None:
    from hivemind.cli.instance import open_host
    from hivemind.hosts.remote import logs
    from hivemind.values.errors import HiveMindError

    trouble: str | None = "its log could not be read"
    try:
        with open_host(known, one) as host:
            lines = logs(host, one.service, lines=wanted.asked, follow=wanted.follow)
            for line in wanted.of(lines):
                ready.put(Read(one, line))
        trouble = None
    except HiveMindError as error:
        trouble = error.message
    finally:
        ready.put(Read(one, None, trouble))
