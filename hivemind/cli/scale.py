"""`hivemind scale`: another number of instances."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from hivemind import pipeline
from hivemind.cli.apply import PlanScreen, print_ended
from hivemind.cli.context import asked, environment_option, json_option, local_option, wait_option, yes_option
from hivemind.cli.screen import Screen
from hivemind.cli.table import table
from hivemind.values.asked import Asked
from hivemind.values.exits import ExitCode

_WORD = re.compile(r"([a-z][a-z0-9-]*)=(\d{1,4})")


@click.command("scale")
@environment_option
@local_option
@click.option("--reset", is_flag=True, help="Return the services that are named to the numbers of hivemind.yaml.")
@yes_option
@wait_option
@json_option
@click.argument("words", nargs=-1, metavar="[SERVICE=N...]")
def command(
    environment: str | None,
    local: bool | None,
    reset: bool,
    yes: bool,
    wait: float,
    as_json: bool,
    words: tuple[str, ...],
) -> int:
    """Give services another number of instances, such as `hivemind scale web=4`, or show the present numbers.

    The number stays until hivemind.yaml says another one, or until `hivemind scale --reset web`: `plan`, `apply` and
    `status` name it, and `hivemind apply --reset-scale` drops all. Nothing else is changed; if the project differs from
    what is deployed, apply it first. For an Auto Scaling group, N is how many instances it wants now, within its
    bounds; it goes on to scale by load. With web=0, the load balancer answers with 503 and a page, and the deployment
    stays.
    """
    where = asked(Path(), environment, local)
    if not words:
        if reset:
            raise click.UsageError(
                "Name the services: hivemind scale --reset SERVICE. All: hivemind apply --reset-scale."
            )
        return _show(where, as_json=as_json)
    wanted = dict.fromkeys(words) if reset else _numbers(words)
    with PlanScreen(as_json=as_json, yes=yes) as screen:
        done = pipeline.scale(where, screen, wanted, wait=wait)
    for name, number in () if as_json else done.groups.items():
        click.echo(f"{name}: its group wants {number} instance{'s' if number != 1 else ''} now.")
    if done.ended is not None:
        print_ended(done.ended, as_json=as_json)
    elif as_json:
        click.echo(json.dumps({"groups": dict(done.groups)}))
    return ExitCode.OK


def _numbers(words: tuple[str, ...]) -> dict[str, int | None]:
    wanted: dict[str, int | None] = {}
    for word in words:
        found = _WORD.fullmatch(word)
        if found is None:
            raise click.UsageError(f"{word}: write SERVICE=NUMBER, such as web=4.")
        if found[1] in wanted:
            raise click.UsageError(f"{found[1]} is named twice.")
        wanted[found[1]] = int(found[2])
    return wanted


def _show(where: Asked, *, as_json: bool) -> int:
    with Screen(as_json=as_json) as screen:
        numbers = pipeline.kept_numbers(where, screen)
    if as_json:
        click.echo(json.dumps({"services": {name: {"instances": n, "by": by} for name, (n, by) in numbers.items()}}))
    else:
        click.echo(table([(name, str(number), by) for name, (number, by) in numbers.items()]))
    return ExitCode.OK
