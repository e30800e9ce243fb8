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
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    venv = cache / "hivemind/benchmarks" / f"{name}-py{sys.version_info[0]}.{sys.version_info[1]}"
    executable = venv / "bin" / name
    if not executable.exists():
        print(f"   installing {PACKAGES[name]} into {venv}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [str(venv / "bin/python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check", PACKAGES[name]]
        subprocess.run(pip, check=True)
        # What pip leaves uncompiled would be compiled in the first measured run.
        subprocess.run(
            [venv / "bin/python", "-m", "compileall", "-q", venv / "lib"], check=False, stdout=subprocess.DEVNULL
        )
    return str(executable)


def hivemind() -> str:
    """Our own command, of the environment that runs the benchmark."""
    return str(Path(sys.executable).parent / "hivemind")
