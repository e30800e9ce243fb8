"""`hivemind logs`: what the application says."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind.cli.context import environment_option, local_option, path_argument
from hivemind.cli.known import Known, deployment_option, require

if TYPE_CHECKING:
    from hivemind.cli.instance import Chosen


@click.command("logs")
@path_argument
@environment_option
@local_option
@deployment_option
@click.option("--service", metavar="NAME", help="Of this service alone.")
@click.option("-n", "--lines", type=click.IntRange(1), default=100, show_default=True, help="Lines of each instance.")
@click.option("-f", "--follow", is_flag=True, help="Go on printing until Ctrl-C.")
def command(
    path: Path,
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    service: str | None,
    lines: int,
    follow: bool,
) -> None:
    """Print what the application logs, of all instances; each line begins with its instance where there are several."""
    from hivemind.cli.instance import instances

    known = require(path, environment, deployment, local=local)
    known.require_changeable()
    chosen = instances(known, service)
    # Lines wait here for the terminal; a slow one slows the readers down instead of filling the memory.
    ready: queue.Queue[str | None] = queue.Queue(maxsize=1000)
    for one in chosen:
        name = f"{one.service}.{one.number}  " if len(chosen) > 1 else ""
        threading.Thread(target=_read, args=(known, one, name, lines, follow, ready), daemon=True).start()
    running = len(chosen)
    while running:
        line = ready.get()
        if line is None:
            running -= 1
        else:
            click.echo(line)


def _read(known: Known, one: Chosen, name: str, lines: int, follow: bool, ready: queue.Queue[str | None]) -> None:
    from hivemind.cli.instance import open_host
    from hivemind.errors import HiveMindError
    from hivemind.hosts.remote import logs

    try:
        with open_host(known, one) as host:
            for line in logs(host, one.service, lines=lines, follow=follow):
                ready.put(name + line)
    except HiveMindError as error:
        ready.put(f"{name}({error.message})")
    finally:
        ready.put(None)
