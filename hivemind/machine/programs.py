"""What programs of this machine say of themselves."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence


def answer(command: Sequence[str], *, env: Mapping[str, str] | None = None, seconds: float = 20) -> str | None:
    """A program's output, what it says on standard error where there is none; None where it fails, is missing or
    takes longer.

    It runs in `/`: a file of the folder that HiveMind is called in (.npmrc, rust-toolchain.toml, go.mod,
    .tool-versions) must not decide what it says. env: in place of this process's. seconds: that it gets.
    """
    try:
        done = subprocess.run(
            list(command),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=None if env is None else dict(env),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode != 0:
        return None
    return done.stdout if done.stdout.strip() else done.stderr
