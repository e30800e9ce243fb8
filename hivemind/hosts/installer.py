"""The one installer: the modules of `onhost` packed into a single file that any Python 3.9 or later runs."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path

from hivemind.hosts.program import Program, code, program

PACKAGE = "hivemind.hosts.onhost"
SHARED = ("cron.py",)
"""What it shares with the blueprint: modules of `values` that, like its own, need the standard library alone."""
MAIN = f"import sys\nfrom {PACKAGE}.main import main\nsys.exit(main())\n"


@functools.cache
def installer() -> Program:
    """The installer of this version of HiveMind."""
    packages = ("hivemind", "hivemind/hosts", "hivemind/values")
    files = {"__main__.py": MAIN.encode(), **{f"{package}/__init__.py": b"" for package in packages}}
    compiled = {path: code(path, content) for path, content in files.items()}
    for package in (PACKAGE, "hivemind.values"):
        for entry in resources.files(package).iterdir():
            if entry.name.endswith(".py") and (package == PACKAGE or entry.name in SHARED):
                path = f"{package.replace('.', '/')}/{entry.name}"
                files[path] = entry.read_bytes()
                compiled[path] = code(path, files[path], entry if isinstance(entry, Path) else None)
    return program("installer", files, compiled=compiled)
