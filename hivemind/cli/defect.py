"""What happens when HiveMind itself is wrong: a report in a file, and a calm message."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from hivemind import pipeline
from hivemind.text.redact import redact
from hivemind.values.clock import SystemClock
from hivemind.values.exits import ExitCode
from hivemind.values.version import __version__


def report(error: BaseException, arguments: Sequence[str]) -> int:
    """Writes the report of a defect, tells the user where it is, and returns the exit code."""
    now = SystemClock().now()
    text = "\n".join(
        (
            f"hivemind {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"{now.isoformat(timespec='seconds')}  hivemind {' '.join(arguments)}",
            "",
            "".join(traceback.format_exception(error)),
        )
    )
    path = _write(redact(text), f"defect-{now:%Y%m%dT%H%M%S}-{os.getpid()}.txt")
    click.secho(f"error: this is a bug in HiveMind: {type(error).__name__}", fg="red", err=True)
    click.echo(f"  Report:  {path}", err=True)
    click.echo("  Next:    Run the command again: apply continues where it stopped.", err=True)
    click.echo("           Attach the report when you file the bug. To see the traceback", err=True)
    click.echo("           here, set HIVEMIND_DEBUG=1.", err=True)
    return ExitCode.INTERNAL


def _write(text: str, name: str) -> Path:
    """Writes the report for the user alone (0600), into the data directory or, failing that, a temporary one."""
    for folder in (_reports, _temporary):
        try:
            place = folder()
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = place / name
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123
                file.write(text)
        except OSError as error:
            print(f"could not write into {getattr(error, 'filename', None)}: {error.strerror}", file=sys.stderr)
        else:
            return path
    return Path(os.devnull)


def _reports() -> Path:
    return pipeline.home() / "reports"


def _temporary() -> Path:
    return Path(tempfile.mkdtemp(prefix="hivemind-"))
