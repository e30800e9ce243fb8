"""Plugins of a test: installed as distributions, or modules that are made up."""

from __future__ import annotations

import textwrap
from pathlib import Path
from types import ModuleType

from hivemind import hook

NAMES = (f"third{number}" for number in range(1000))


class Install:
    """Writes distributions with a `hivemind` entry point to a folder on sys.path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, name: str, code: str, *, distribution: str | None = None, version: str = "1.2") -> str:
        """Returns the module's name, which no other test uses."""
        distribution = distribution or f"hivemind-{name}"
        module = f"{next(NAMES)}_{name}"
        (self.folder / f"{module}.py").write_text(textwrap.dedent(code))
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[hivemind]\n{name} = {module}\n")
        return module


def plugin(**hooks: object) -> ModuleType:
    module = ModuleType("third")
    for name, function in hooks.items():
        setattr(module, name, hook(function))
    return module


SCHEMA = "from hivemind import SchemaPart, hook\n@hook\ndef hivemind_schema():\n    return SchemaPart()\n"
