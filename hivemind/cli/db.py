"""`hivemind db`: a database client on this terminal, a dump, and its way back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, local_option, yes_option
from hivemind.cli.db_clients import CLIENTS, DUMPERS, RESTORERS, started_with
from hivemind.cli.proxy import started, without_dashes
from hivemind.cli.screen import Screen
from hivemind.values.errors import HiveMindError, Refused
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.values.asked import Asked

DUMP, RESTORE = "dump", "restore"


@click.command("db", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@environment_option
@local_option
@deployment_option
@yes_option
@click.argument("resource", required=False)
@click.argument("words", nargs=-1, metavar="[ARGUMENTS...]")
def command(
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    yes: bool,
    resource: str | None,
    words: tuple[str, ...],
) -> int:
    """Open a client of this machine on RESOURCE, dump it, or restore a dump.

    It connects over SSH, through an instance, and logs in as the application does. ARGUMENTS are the client's: psql or
    pgcli, mysql or mariadb, redis-cli or valkey-cli: `hivemind db main -c 'select count(*) from orders'`.

    \b
    hivemind db dump [RESOURCE] > FILE      write a database as SQL
    hivemind db restore [RESOURCE] FILE     replace its tables by those in FILE

    A resource that is called dump or restore has to be named twice: `hivemind db dump dump`.
    """
    if resource is not None and resource.startswith("-"):
        words, resource = (resource, *words), None
    where = asked(Path(), environment, local, deployment)
    if resource == DUMP:
        return _dump(where, words)
    if resource == RESTORE:
        return _restore(where, words, yes=yes)
    with Screen(as_json=False) as screen, pipeline.way_to(where, screen, resource, 0) as way:
        words_of_client, variables = started_with(CLIENTS, way)
        return started([*words_of_client, *without_dashes(words)], variables)


def _dump(where: Asked, words: tuple[str, ...]) -> int:
    if len(words) > 1:
        raise click.UsageError("dump takes the name of one resource. Write its output into a file: `> FILE`.")
    with Screen(as_json=False) as screen, pipeline.way_to(where, screen, words[0] if words else None, 0) as way:
        return started(*started_with(DUMPERS, way))


def _restore(where: Asked, words: tuple[str, ...], *, yes: bool) -> int:
    agreed = yes or bool({"-y", "--yes"} & set(words))
    *names, file = [word for word in words if word not in ("-y", "--yes")] or [""]
    if not file or len(names) > 1:
        raise click.UsageError(
            "restore takes a file that `hivemind db dump` wrote: hivemind db restore [RESOURCE] FILE"
        )
    with (
        _opened(Path(file)) as content,
        Screen(as_json=False, yes=agreed) as screen,
        pipeline.way_to(where, screen, names[0] if names else None, 0) as way,
    ):
        restorer, variables = started_with(RESTORERS, way)
        question = f"Replace the tables of {way.resource} in {way.deployment} by those in {file}?"
        agree = f"hivemind db --yes restore {way.resource} {file}"
        decision = screen.confirmed(question, agree, "Nothing was restored.")
        if not decision.agreed:
            raise Refused(decision.reason, hint=decision.hint)
        return started(restorer, variables, content)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[FileIO]:
    """A file that something is in. Raises HiveMindError."""
    try:
        # Unbuffered: the client reads on where we are, and must miss nothing.
        content = path.open("rb", buffering=0)
    except OSError as error:
        raise HiveMindError(f"{path}: {error.strerror}", exit_code=ExitCode.NOT_FOUND) from None
    with content:
        if path.is_file() and not path.stat().st_size:
            raise HiveMindError(f"{path} is empty", hint="The dump failed: make it again.", exit_code=ExitCode.USAGE)
        yield content
