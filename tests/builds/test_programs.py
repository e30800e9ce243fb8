from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hivemind.builds.programs import Programs
from hivemind.builds.store import Store
from hivemind.values.errors import StageError

pytestmark = pytest.mark.slow

ABANDONED = """
import os, pathlib, sys, threading
from hivemind.builds.programs import Programs
folder = pathlib.Path(sys.argv[1])
os.mkfifo(folder / "ready")
command = f"echo $$ > {folder}/pid; echo > {folder}/ready; exec sleep 600"
run = lambda: Programs("web", folder / "log").run(command, cwd=folder, env={"PATH": os.defpath})
threading.Thread(target=run, daemon=True).start()
(folder / "ready").read_text()
raise KeyboardInterrupt
"""


def _runs(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_an_interrupted_run_leaves_no_program(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", ABANDONED, str(tmp_path)], check=False, capture_output=True, timeout=60)
    assert not _runs(int((tmp_path / "pid").read_text()))


def test_a_program_that_takes_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    programs = Programs("web", tmp_path / "log", seconds=1)
    with pytest.raises(StageError, match=r"HiveMind ended .* after 1 s"):
        programs.run("sleep 600 & echo $! > pid; echo here; wait", cwd=tmp_path, env={"PATH": os.defpath})
    assert not _runs(int((tmp_path / "pid").read_text()))


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="cannot start nowhere-to-be-found: No such file"):
        Programs("web", tmp_path / "log").run(["nowhere-to-be-found"], cwd=tmp_path, env={})


def test_workshops_of_dead_runs_are_removed(tmp_path: Path) -> None:
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    stale = tmp_path / "work" / f"{dead.stdout.strip()}-abc"
    stale.mkdir(parents=True)
    ours = tmp_path / "work" / f"{os.getpid()}-abc"
    ours.mkdir()
    with Store(tmp_path).workshop() as folder:
        assert folder.is_dir()
    assert not stale.exists()
    assert ours.exists()
    assert not folder.exists()


def test_credentials_of_an_address_are_not_shown(tmp_path: Path) -> None:
    with pytest.raises(StageError) as caught:
        Programs("web", tmp_path / "log").run("false https://me:secret@host/", cwd=tmp_path, env={"PATH": os.defpath})
    assert "//***@host" in caught.value.message
    assert "secret" not in caught.value.message + (tmp_path / "log").read_text()


@pytest.mark.parametrize(("output", "said"), [("getaddrinfo ENOTFOUND cdn.example", False), ("no DATABASE_URL", True)])
def test_a_host_that_is_not_reached_is_no_secret_that_is_not_there(tmp_path: Path, output: str, said: bool) -> None:
    with pytest.raises(StageError) as caught:
        Programs("web", tmp_path / "log").run(
            f"echo 'Error: {output}'; exit 1", cwd=tmp_path, env={"PATH": os.defpath}, hint="No secrets here."
        )
    assert ("No secrets here." in (caught.value.hint or "")) is said
    assert ("did not reach cdn.example" in (caught.value.hint or "")) is not said
