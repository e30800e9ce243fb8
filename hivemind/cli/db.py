"""`hivemind db`: a database client on this terminal."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, local_option
from hivemind.cli.proxy import started, without_dashes
from hivemind.cli.screen import Screen
from hivemind.text.suggest import listed
from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Way

Arguments = Callable[["Way"], list[str]]


def _by_variables(_: Way) -> list[str]:
    return []


def _by_url(way: Way) -> list[str]:
    return ["-u", way.variables["REDIS_URL"]]


CLIENTS: Mapping[str, Mapping[str, Arguments]] = MappingProxyType(
    {
        "postgres": {"pgcli": _by_variables, "psql": _by_variables},
        "redis": {"valkey-cli": _by_url, "redis-cli": _by_url},
    }
)
"""Type of a resource -> its clients, the first that this machine has is taken: program -> its arguments."""
INSTALL: Mapping[str, str] = MappingProxyType(
    {"postgres": "`pip install pgcli`, or `apt install postgresql-client`", "redis": "`apt install redis-tools`"}
)


@click.command("db", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@environment_option
@local_option
@deployment_option
@click.argument("resource", required=False)
@click.argument("words", nargs=-1, metavar="[ARGUMENTS...]")
def command(
    environment: str | None, local: bool | None, deployment: str | None, resource: str | None, words: tuple[str, ...]
) -> int:
    """Open a client of this machine on RESOURCE: psql or pgcli, redis-cli or valkey-cli.

    It connects over SSH, through an instance, and logs in as the application does. ARGUMENTS are the client's:
    `hivemind db main -c 'select count(*) from orders'`.
    """
    if resource is not None and resource.startswith("-"):
        words, resource = (resource, *words), None
    where = asked(Path(), environment, local, deployment)
    with Screen(as_json=False) as screen, pipeline.way_to(where, screen, resource, 0) as way:
        return started([*_client(way), *without_dashes(words)], way.variables)


def _client(way: Way) -> list[str]:
    clients = CLIENTS.get(way.type, {})
    if not clients:
        hint = f"Use `hivemind proxy {way.resource}` and a client of your own."
        raise HiveMindError(f"no client is known for {way.type}", hint=hint, exit_code=ExitCode.NOT_FOUND)
    for program, arguments in clients.items():
        if found := shutil.which(program):
            return [found, *arguments(way)]
    hint = f"Install one: {INSTALL[way.type]}. Or use `hivemind proxy {way.resource}` and a client of your own."
    raise HiveMindError(f"this machine has no {listed(clients)}", hint=hint, exit_code=ExitCode.NOT_FOUND)
