"""`hivemind console`: the framework's console, or a shell, in the present release of a service."""

from __future__ import annotations

from pathlib import Path

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, local_option
from hivemind.cli.screen import Screen


@click.command("console")
@environment_option
@local_option
@deployment_option
@click.option("-i", "--instance", metavar="ID|N", help="EC2 id or number of the instance. Default: the first.")
@click.option("--shell", "plain", is_flag=True, help="Open a shell, whatever the framework has.")
@click.argument("service", required=False)
def command(
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    instance: str | None,
    plain: bool,
    service: str | None,
) -> int:
    """Open a console in the current release of SERVICE, or of the first service.

    For Django and Flask it is their own shell, for Node.js its REPL, and else a shell of the system, such as `hivemind
    console web --shell` opens. It has the application's folder, variables, secrets and user. Without a terminal, it
    reads standard input: `echo 'print(1)' | hivemind console web`. The journal records who opened it.
    """
    with Screen(as_json=False) as screen:
        return pipeline.console(asked(Path(), environment, local, deployment), screen, service, instance, plain=plain)
