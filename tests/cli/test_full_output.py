"""Standard output that takes nothing is named, in one line, whatever a command had to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hivemind.values.exits import ExitCode

pytestmark = [pytest.mark.fast, pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")]


@pytest.mark.parametrize("arguments", [["show", "--json"], ["list"], ["schema"]])
def test_a_full_disk_is_named_once(tmp_path: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "hivemind", *arguments],
            cwd=tmp_path,
            env={"HIVEMIND_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stderr == "error: standard output: No space left on device\n"
    assert done.returncode == ExitCode.UNREACHABLE
