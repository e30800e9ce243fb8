"""Runs a service's own build command in the copy of its sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.agents.compiler.environment import clean

if TYPE_CHECKING:
    from hivemind.agents.compiler.building import Work

PLACEHOLDER = "not-there-while-building"
"""What secrets hold while a build runs: their values are read on installing, and never here."""


def run_install(work: Work, command: str, **more: str) -> None:
    """A command that installs dependencies, without the service's own environment. Raises StageError(BUILD)."""
    work.programs.run(command, cwd=work.app, env=clean(**more))


def run_build(work: Work, *first_on_path: Path, command: str | None = None, **more: str) -> None:
    """`build`, with the service's environment. command: another one in its place. Raises StageError(BUILD)."""
    service = work.service
    command = command or service.build
    if not command:
        return
    given = {**dict.fromkeys(service.secrets, PLACEHOLDER), **service.env, **more}
    if service.needs:
        # code that reads it at import must not fail; nothing answers there
        given.setdefault("DATABASE_URL", f"postgresql://{PLACEHOLDER}@127.0.0.1:1/none")
    given.setdefault("PORT", str(service.port or 8000))
    hint = "secrets and databases are not there while building" if service.secrets or service.needs else None
    work.programs.run(command, cwd=work.app, env=clean(*first_on_path, **given), hint=hint)
