"""`hivemind maintenance`: a page of the load balancer in place of the application."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import (
    asked,
    deployment_option,
    environment_option,
    json_option,
    local_option,
    path_argument,
    wait_option,
)
from hivemind.cli.paragraphs import folded
from hivemind.cli.screen import Screen
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Maintenance
    from hivemind.values.asked import Asked

TYPES = {".html": "text/html", ".htm": "text/html", ".txt": "text/plain", ".json": "application/json"}


@click.group(name="maintenance")
def command() -> None:
    """Show a maintenance page in place of the application, or end that."""


@command.command(name="on")
@path_argument
@environment_option
@local_option
@deployment_option
@click.option("--message", metavar="TEXT", help="Text of the page.")
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A page of your own: .html, .txt or .json, at most 1024 characters.",
)
@wait_option
@json_option
def on(
    path: Path,
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    message: str | None,
    page: Path | None,
    wait: float,
    as_json: bool,
) -> int:
    """Answer every request with 503 and a page, until `hivemind maintenance off`.

    `hivemind maintenance on --message 'Back at 14:00.'` The load balancer answers; the application and its workers
    go on running, and releases leave the page on. `hivemind status` and `hivemind verify` tell that it is on.
    """
    if message is not None and page is not None:
        raise click.UsageError("--message and --page exclude each other.")
    body, kind = _read(page) if page else (None, "text/html")
    wanted = pipeline.maintenance_page(message, body, kind)
    where = asked(path, environment, local, deployment)
    with Screen(as_json=as_json) as screen:
        shown = pipeline.switch_maintenance(where, screen, wanted, wait=wait)
    assert shown is not None
    return _print(shown, f"Maintenance is on since {shown.since}, by {shown.by}.", as_json=as_json)


@command.command(name="off")
@path_argument
@environment_option
@local_option
@deployment_option
@wait_option
@json_option
def off(
    path: Path, environment: str | None, local: bool | None, deployment: str | None, wait: float, as_json: bool
) -> int:
    """Let requests reach the application again."""
    where: Asked = asked(path, environment, local, deployment)
    with Screen(as_json=as_json) as screen:
        pipeline.switch_maintenance(where, screen, None, wait=wait)
    return _print(None, "Maintenance is off: requests reach the application.", as_json=as_json)


def _read(page: Path) -> tuple[str, str]:
    kind = TYPES.get(page.suffix.lower())
    if kind is None:
        raise click.BadParameter(f"{page}: name it {', '.join(TYPES)}.", param_hint="--page")
    try:
        return page.read_text(encoding="utf-8"), kind
    except OSError as error:
        raise click.BadParameter(f"{page}: {error.strerror}", param_hint="--page") from None
    except UnicodeDecodeError:
        raise click.BadParameter(f"{page}: not text in UTF-8", param_hint="--page") from None


def _print(shown: Maintenance | None, words: str, *, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps({"maintenance": {"since": shown.since, "by": shown.by} if shown else None}))
    else:
        click.echo(folded([words]))
    return ExitCode.OK
