"""Which Python a build is for, and one on this machine that can stand in for it."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from hivemind.agents.compiler.python.locks.resolution import environment
from hivemind.blueprint.model import Service
from hivemind.values.artifact import LOCAL, Platform
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.builds.work import Work


@dataclass(frozen=True)
class Chosen:
    """minor: `3.12`. command: on the instance. notice: said where it is not what was asked for."""

    minor: str
    command: str
    notice: str | None = None


def choose(service: Service, platform: Platform) -> Chosen:
    """The platform's Python for a service's runtime (`python`, `python 3.12`, `python >=3.10,<3.13`).

    On the local cloud the nearest one there stands in for one that is missing, with a notice. Raises
    StageError(BUILD), saying what there is, elsewhere.
    """
    if not platform.python:
        raise StageError(Stage.BUILD, f"{service.name}: {platform.os} has no Python", subject=service.name)
    wanted = (service.runtime or "python").partition(" ")[2].strip()
    for minor, command in platform.python:
        if fits(minor, wanted):
            return Chosen(minor, command)
    there = ", ".join(minor for minor, _ in platform.python)
    if platform.os != LOCAL:
        raise StageError(
            Stage.BUILD,
            f"{service.name} asks for Python {wanted}, but {platform.os} has {there}",
            subject=service.name,
            path=f"services.{service.name}.runtime",
            hint=f"Choose another `os`, or write `runtime: python {platform.python[0][0]}`.",
        )
    minor, command = min(platform.python, key=lambda each: _distance(each[0], wanted))
    return Chosen(minor, command, f"this machine does not have Python {wanted}, only {there}: built for {minor}")


def fits(minor: str, wanted: str) -> bool:
    """Whether a minor version (`3.12`) is what is asked for (`3.12.4`, `>=3.10,<3.13`, `3`)."""
    if not wanted:
        return True
    if match := re.fullmatch(r"(\d+\.\d+)(\.\d+)?", wanted):
        return minor == match[1]
    try:
        allowed = SpecifierSet(wanted)
    except InvalidSpecifier:
        return wanted == minor.partition(".")[0]
    return any(allowed.contains(f"{minor}{patch}") for patch in (".0", ".99"))


def _distance(minor: str, wanted: str) -> tuple[int, int]:
    numbers = re.search(r"(?<!\d)\d+\.(\d+)", wanted)
    asked = int(numbers[1]) if numbers else 0
    has = int(minor.partition(".")[2])
    return abs(has - asked), -has


def find(minor: str, command: str | None = None) -> str | None:
    """A Python of this minor version on this machine that answers; None where there is none."""
    if "%d.%d" % sys.version_info[:2] == minor:  # noqa: UP031 - reads as the version it makes
        return sys.executable
    for candidate in filter(None, (command, f"python{minor}")):
        path = shutil.which(candidate)
        if path and _answers(path, minor):
            return path
    return None


def target(chosen: Chosen, platform: Platform) -> dict[str, str]:
    """The marker variables (PEP 508) of the Python that a build is for.

    Which patch release an image has is not known from here: the first one is taken, for which locks name more
    packages, not fewer.
    """
    found = find(chosen.minor, chosen.command) if platform.native else None
    full = f"{chosen.minor}.0"
    if found:
        full = _ask(found, "import platform; print(platform.python_version().rstrip('+'))")
    return environment(full, platform.machine)


def here(chosen: Chosen, work: Work) -> str:
    """The Python that runs the service's build command. Raises StageError(BUILD) where this machine has none."""
    found = find(chosen.minor, chosen.command if work.platform.native else None)
    if found is None:
        raise StageError(
            Stage.BUILD,
            f"`{work.service.build}` of {work.service.name} needs Python {chosen.minor}, which this machine lacks",
            subject=work.service.name,
            hint=f'Install python{chosen.minor}, or build nothing: `build: "true"`.',
        )
    return found


@contextlib.contextmanager
def completed(venv: Path, minor: str, interpreter: str) -> Iterator[None]:
    """Gives `venv` an interpreter of this machine for a while."""
    binaries = venv / "bin"
    binaries.mkdir(parents=True, exist_ok=True)
    real = _real(interpreter)
    links = [binaries / name for name in ("python", "python3", f"python{minor}")]
    for link in links:
        link.symlink_to(real)
    config = venv / "pyvenv.cfg"
    config.write_text(f"home = {Path(real).parent}\ninclude-system-site-packages = false\n")
    try:
        yield
    finally:
        for path in (*links, config):
            path.unlink(missing_ok=True)


def _real(interpreter: str) -> str:
    """The interpreter behind a virtual environment's: links to links find the wrong prefix."""
    code = "import os, sys; print(os.path.realpath(getattr(sys, '_base_executable', None) or sys.executable))"
    return _ask(interpreter, code)


def _answers(path: str, minor: str) -> bool:
    try:
        return _ask(path, "import sys;print('%d.%d'%sys.version_info[:2])") == minor
    except (OSError, subprocess.SubprocessError):
        return False


def _ask(interpreter: str, code: str) -> str:
    # In `/`: what stands behind a version manager's name may depend on the folder.
    done = subprocess.run(
        [interpreter, "-I", "-c", code], capture_output=True, text=True, timeout=30, check=True, cwd="/"
    )
    return done.stdout.strip()
