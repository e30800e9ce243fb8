"""The tools that HiveMind is measured against, each in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PACKAGES = {"sam": "aws-sam-cli", "aws": "awscli", "cfn-lint": "cfn-lint", "sceptre": "sceptre"}
"""Command -> the package that has it."""


def command(name: str) -> str:
    """The peer's executable; installs its package where that has not been done yet."""
    return str(_environment(name, PACKAGES[name]) / "bin" / name)


def python_with(package: str) -> str:
    """A Python that can import a package, which is installed for it where that has not been done yet."""
    return str(_environment(package, package) / "bin/python")


def _environment(name: str, package: str) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    venv = cache / "hivemind/benchmarks" / f"{name}-py{sys.version_info[0]}.{sys.version_info[1]}"
    if not (venv / ".made").exists():
        print(f"   installing {package} into {venv}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [str(venv / "bin/python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check", package]
        subprocess.run(pip, check=True)
        # What pip leaves uncompiled would be compiled in the first measured run.
        subprocess.run(
            [venv / "bin/python", "-m", "compileall", "-q", venv / "lib"], check=False, stdout=subprocess.DEVNULL
        )
        (venv / ".made").touch()
    return venv


def hivemind() -> str:
    """Our own command, of the environment that runs the benchmark."""
    return str(Path(sys.executable).parent / "hivemind")
