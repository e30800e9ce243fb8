from __future__ import annotations

import os
import subprocess
import sys

import pytest

from hivemind.local.processes import is_running, started

psutil = pytest.importorskip("psutil", reason="needs the extra `local`")
pytestmark = pytest.mark.fast


def test_a_process_is_known_by_its_start() -> None:
    since = started(os.getpid())
    assert since == pytest.approx(psutil.Process().create_time(), abs=0.02)
    assert is_running(os.getpid(), since)
    assert not is_running(os.getpid(), since - 60)


def test_one_that_ended_does_not_run_also_while_nobody_has_asked_about_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "print()"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert started(process.pid) is None
    assert started(process.pid) is None
