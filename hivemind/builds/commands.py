"""Command lines as the unit can run them."""

from __future__ import annotations

import re
import shlex

from hivemind.blueprint.model import Service
from hivemind.values.errors import Stage, StageError

_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")


def started(service: Service, example: str) -> str:
    """A service's start command. example: one, for the hint. Raises StageError(BUILD) where it says none."""
    if service.start:
        return service.start
    raise StageError(
        Stage.BUILD,
        f"{service.name}: runtime {service.runtime} has no default start command",
        subject=service.name,
        path=f"services.{service.name}",
        hint=f"Add `start: {example}`.",
    )


def executable(command: str, folder: str = ".") -> str:
    """The command line so that `exec` before it runs all of it.

    `A=b program` becomes `env A=b program`, `cross-env A=b program` too; several commands become one shell. folder:
    in which it runs, below the application's.
    """
    text = command.strip()
    if text.startswith("cross-env "):
        text = "env " + text.removeprefix("cross-env ")
    if folder != "." and text:
        return f"sh -c {shlex.quote(f'cd {shlex.quote(folder)} && exec {executable(text)}')}"
    if _is_compound(text):
        return f"sh -c {shlex.quote(text)}"
    if _ASSIGNMENT.match(text):
        return f"env {text}"
    return text.removeprefix("exec ")


def _is_compound(text: str) -> bool:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return any(token and set(token) <= set(";&|") for token in lexer) or "\n" in text
    except ValueError:
        return True
