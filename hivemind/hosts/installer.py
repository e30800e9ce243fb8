"""The one installer: the modules of `onhost` packed into a single file that any Python 3.9 or later runs."""

from __future__ import annotations

import functools
from importlib import resources

from hivemind.hosts.program import Program, program

PACKAGE = "hivemind.hosts.onhost"
MAIN = f"import sys\nfrom {PACKAGE}.main import main\nsys.exit(main())\n"


@functools.cache
def installer() -> Program:
    """The installer of this version of HiveMind."""
    files = {"__main__.py": MAIN.encode(), "hivemind/__init__.py": b"", "hivemind/hosts/__init__.py": b""}
    for entry in resources.files(PACKAGE).iterdir():
        if entry.name.endswith(".py"):
            files[f"{PACKAGE.replace('.', '/')}/{entry.name}"] = entry.read_bytes()
    return program("installer", files, compiled=True)
