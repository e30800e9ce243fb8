"""How an error that is meant for people is shown: as text on standard error, or as one JSON object."""

from __future__ import annotations

import errno
import json

import click

from hivemind.machine.home import home
from hivemind.text.redact import redact
from hivemind.text.visible import visible
from hivemind.values.errors import HiveMindError, StageError
from hivemind.values.exits import ExitCode

_NOT_WRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR})


def print_text(error: HiveMindError) -> None:
    """Message, evidence, what is left, and what to do next."""
    click.secho(f"error: {_shown(error.message)}", fg="red", err=True)
    if isinstance(error, StageError):
        if error.path:
            click.echo("  From:  " + ", ".join(part for part in (error.path, error.place) if part), err=True)
        for line in error.lines:
            click.echo(f"  | {_shown(line)}", err=True)
        if error.left:
            click.echo(f"  Left:  {error.left}", err=True)
    if error.hint:
        for index, line in enumerate(error.hint.splitlines()):
            click.echo(f"  {'Next: ' if index == 0 else '      '} {_shown(line)}", err=True)


def _shown(text: str) -> str:
    return visible(redact(text), keep="\n\t")


def print_json(error: HiveMindError) -> None:
    """One object on standard output: the last line of a command that failed."""
    click.echo(json.dumps({"error": as_json(error)}))


def as_json(error: HiveMindError) -> dict[str, object]:
    """The error as plain data."""
    data: dict[str, object] = {
        "message": redact(error.message),
        "hint": error.hint,
        "exit": error.exit_code.name.lower(),
        "exit_code": int(error.exit_code),
    }
    if isinstance(error, StageError):
        data |= {
            "stage": error.stage.value,
            "subject": error.subject,
            "lines": [redact(line) for line in error.lines],
            "left": error.left,
            "path": error.path,
            "place": error.place,
        }
    return data


def of_this_machine(error: Exception) -> HiveMindError | None:
    """The error for people where the machine refuses to keep files for us: full, read-only, not ours. Else None."""
    if not isinstance(error, OSError) or error.errno not in _NOT_WRITABLE:
        return None
    where = f"{error.filename}: " if error.filename else ""
    return HiveMindError(
        f"{where}{error.strerror}",
        hint=f"HiveMind keeps its data in {home()}; the variable HIVEMIND_HOME names another folder.",
        exit_code=ExitCode.UNREACHABLE,
    )
