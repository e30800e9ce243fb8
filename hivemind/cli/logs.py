"""`hivemind logs`: what the application says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from hivemind import pipeline
from hivemind.cli.context import (
    asked,
    deployment_option,
    environment_option,
    json_option,
    local_option,
    path_argument,
)
from hivemind.values.asked import LinesWanted
from hivemind.values.exits import ExitCode


@click.command("logs")
@path_argument
@environment_option
@local_option
@deployment_option
@click.option("--service", metavar="NAME", help="Only this service.")
@click.option("--job", metavar="NAME", help="Only this job.")
@click.option("-n", "--lines", type=click.IntRange(1), default=100, show_default=True, help="Lines per instance.")
@click.option("-f", "--follow", is_flag=True, help="Follow the logs until Ctrl-C.")
@click.option("--health-checks", is_flag=True, help="Include health check requests of the load balancer.")
@json_option
def command(
    path: Path,
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    service: str | None,
    job: str | None,
    lines: int,
    follow: bool,
    health_checks: bool,
    as_json: bool,
) -> int:
    """Print the application's logs from all instances.

    With several instances, each line starts with its instance. Health checks of the load balancer are left out: they
    are known by their user agent, or by their path if it is not /. Values of secrets are masked. With --json, each line
    is an object: service, instance, line. With --job, they are the lines of a job, which also say when each run began
    and how it ended.
    """
    from hivemind.text.redact import redact
    from hivemind.text.visible import coloured

    wanted = LinesWanted(lines, follow, health_checks)
    logs = pipeline.logs(asked(path, environment, local, deployment), service, wanted, job)
    failed = 0
    for read in logs.lines:
        name = f"{read.of.service}.{read.of.number}  " if len(logs.chosen) > 1 else ""
        if read.trouble is not None:
            failed += 1
            click.echo(f"{name}{redact(read.trouble)}", err=True)
        elif read.line is not None and as_json:
            entry = {"service": read.of.service, "instance": read.of.instance, "line": redact(read.line)}
            click.echo(json.dumps(entry, ensure_ascii=False))
        elif read.line is not None:
            line = redact(read.line)
            # Titles of windows and moves of the cursor are the application's words, no orders to this terminal.
            click.echo(name + (coloured(line) if sys.stdout.isatty() else line))
    return ExitCode.DEPLOY if failed == len(logs.chosen) else ExitCode.OK
