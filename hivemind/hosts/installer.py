"""The one installer: the modules of `onhost` packed into a single file that any Python 3.9 or later runs."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path

from hivemind.hosts.program import Program, code, program

PACKAGE = "hivemind.hosts.onhost"
MAIN = f"import sys\nfrom {PACKAGE}.main import main\nsys.exit(main())\n"


@functools.cache
def installer() -> Program:
    """The installer of this version of HiveMind."""
    files = {"__main__.py": MAIN.encode(), "hivemind/__init__.py": b"", "hivemind/hosts/__init__.py": b""}
    compiled = {path: code(path, content) for path, content in files.items()}
    for entry in resources.files(PACKAGE).iterdir():
        if entry.name.endswith(".py"):
            path = f"{PACKAGE.replace('.', '/')}/{entry.name}"
            files[path] = entry.read_bytes()
            compiled[path] = code(path, files[path], entry if isinstance(entry, Path) else None)
    return program("installer", files, compiled=compiled)
