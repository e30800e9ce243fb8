"""What the installer's short commands load: a release calls them on every instance."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hivemind.hosts.installer import installer
from hivemind.hosts.onhost.layout import ALONE

pytestmark = pytest.mark.fast
HEAVY = {"dataclasses", "http", "inspect", "ssl", "subprocess", "tarfile", "tempfile", "urllib.request"}


@pytest.mark.parametrize("command", ["prepare", "missing"])
def test_a_short_command_imports_nothing_heavy(command: str, tmp_path: Path) -> None:
    program = tmp_path / "installer.pyz"
    program.write_bytes(installer().content)
    root = {"HIVEMIND_ROOT": str(tmp_path / "root")}
    shown = subprocess.run(
        [sys.executable, *ALONE, "-X", "importtime", program, command, "web"],
        env=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"ok": true' in shown.stdout
    loaded = {line.rpartition("|")[2].strip() for line in shown.stderr.splitlines()}
    assert "hivemind.hosts.onhost.main" in loaded
    assert loaded & HEAVY == set()
