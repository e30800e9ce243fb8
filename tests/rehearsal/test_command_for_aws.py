"""The command for a real account (docs/aws-tests.md), against the rehearsal's: it must do what its page says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from room import MachineRoom

pytestmark = [pytest.mark.rehearsal, pytest.mark.filterwarnings("default")]
ROOT = Path(__file__).parents[2]
COMMAND = 'HIVEMIND_TEST_AWS=1 make test ARGS="-m aws"'


def test_it_runs_and_leaves_nothing(account: MachineRoom) -> None:
    from contents import contents

    assert COMMAND in (ROOT / "docs/aws-tests.md").read_text()
    before = contents(account)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-q", "-m", "aws", "tests/e2e"],
        env={**os.environ, "HIVEMIND_TEST_AWS": "1"},
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-8000:]
    assert "1 passed" in ran.stdout
    assert contents(account) == before
