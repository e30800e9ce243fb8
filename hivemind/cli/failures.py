"""How an error that is meant for people is shown: as text on standard error, or as one JSON object."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import click

from hivemind import pipeline
from hivemind.cli.paragraphs import fold, width
from hivemind.text.redact import redact
from hivemind.text.visible import visible
from hivemind.values.errors import HiveMindError, StageError
from hivemind.values.exits import ExitCode

_KEEP = "\N{NO-BREAK SPACE}"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NOT_WRITABLE = _FULL | {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}


def print_text(error: HiveMindError) -> None:
    """Message, evidence, the state of things, and what to do next. Quoted evidence is shown as it is, not folded."""
    click.secho(_paragraph("error: ", error.message), fg="red", err=True)
    if isinstance(error, StageError):
        if error.path:
            click.echo(_paragraph("  From:  ", ", ".join(part for part in (error.path, error.place) if part)), err=True)
        for line in error.lines:
            click.echo(f"  | {_shown(line)}", err=True)
        if error.left:
            click.echo(_paragraph("  State now:  ", error.left), err=True)
    if error.hint:
        click.echo(_paragraph("  Next:  ", error.hint), err=True)


def _paragraph(label: str, text: str) -> str:
    """A label and its text, folded. Where the text has several lines, those after the first are indented."""
    first, *others = _shown(text).split("\n")
    indent = len(label) if label.startswith(" ") else 0
    whole = label.replace(" ", _KEEP) + first  # a label is never alone on its line
    lines = [line.replace(_KEEP, " ") for line in fold(whole, width(), indent=indent or 2)]
    for line in others:
        lines += fold(" " * indent + line, width())
    return "\n".join(lines)


def _shown(text: str) -> str:
    return visible(redact(text), keep="\n\t")


def print_json(error: HiveMindError) -> None:
    """One object on standard output: the last line of a command that failed."""
    click.echo(json.dumps({"error": as_json(error)}))


def as_json(error: HiveMindError) -> dict[str, object]:
    """The error as plain data."""
    data: dict[str, object] = {
        "message": redact(error.message),
        "hint": redact(error.hint) if error.hint else None,
        "exit": error.exit_code.name.lower(),
        "exit_code": int(error.exit_code),
    }
    if isinstance(error, StageError):
        data |= {
            "stage": error.stage.value,
            "subject": error.subject,
            "lines": [redact(line) for line in error.lines],
            "left": redact(error.left) if error.left else None,
            "path": error.path,
            "place": error.place,
        }
    return data


def _is_nowhere() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def of_this_machine(error: Exception) -> HiveMindError | None:
    """The error for people where the machine refuses to keep files for us (full, read-only, not ours), or where the
    folder that we run in is gone. Else None."""
    if isinstance(error, FileNotFoundError) and _is_nowhere():
        return HiveMindError(
            "the current folder does not exist any more",
            hint="Change to a folder that does: `cd FOLDER`.",
            exit_code=ExitCode.NOT_FOUND,
        )
    if not isinstance(error, OSError) or error.errno not in _NOT_WRITABLE:
        return None
    where = f"{error.filename}: " if error.filename else ""
    again = "Free some space there, then run the command again: it continues where it stopped."
    way = again if error.errno in _FULL else "To use another folder, set HIVEMIND_HOME."
    return HiveMindError(
        f"{where}{error.strerror}",
        hint=f"HiveMind keeps its data in {pipeline.home()}. {way}",
        exit_code=ExitCode.UNREACHABLE,
    )
