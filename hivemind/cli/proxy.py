"""`hivemind proxy`: a way from this machine to a database or cache."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from io import FileIO
from pathlib import Path

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, local_option
from hivemind.cli.screen import Screen
from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

LONG = 3600.0


@click.command("proxy", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@environment_option
@local_option
@deployment_option
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of this machine. Default: a free one.")
@click.argument("resource")
@click.argument("words", nargs=-1, metavar="[COMMAND...]")
def command(
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    port: int,
    resource: str,
    words: tuple[str, ...],
) -> int:
    """Lead a port of this machine to RESOURCE, a database or cache, until Ctrl-C.

    It goes over SSH, through an instance of a service that needs the resource. With COMMAND, run that on this machine
    instead, with the resource's variables such as DATABASE_URL, and exit with its exit code:
    `hivemind proxy db pg_dump -f shop.sql`.
    """
    where = asked(Path(), environment, local, deployment)
    with Screen(as_json=False) as screen, pipeline.way_to(where, screen, resource, port) as way:
        if words:
            return started(without_dashes(words), way.variables)
        click.echo(f"{way.resource} is at 127.0.0.1:{way.port} until Ctrl-C.")
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(LONG)
    return ExitCode.OK


def without_dashes(words: Sequence[str]) -> Sequence[str]:
    """The words after a `--`, which sets them apart from ours."""
    return words[1:] if words[:1] == ("--",) else words


def started(words: Sequence[str], variables: Mapping[str, str], content: FileIO | None = None) -> int:
    """Runs a program of this machine on this terminal; its exit code. Ctrl-C is the program's own to answer.

    content: what the program reads; None: the terminal."""
    try:
        with _left_to_it(), subprocess.Popen(words, env={**os.environ, **variables}, stdin=content) as program:
            code = program.wait()
    except OSError as error:
        raise HiveMindError(
            f"{words[0]}: {error.strerror}", hint="It must be on this machine.", exit_code=ExitCode.NOT_FOUND
        ) from None
    return code if code >= 0 else 128 - code


@contextlib.contextmanager
def _left_to_it() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
