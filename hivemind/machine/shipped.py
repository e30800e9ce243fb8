"""Files that ship with HiveMind: `schemas/` and `blueprints/`, in a wheel or a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def folder(name: str) -> Path:
    """The shipped folder `schemas` or `blueprints`. Raises FileNotFoundError where an installation lacks it."""
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"this installation of HiveMind lacks the folder {name}")
