"""A disk that is full while state and journal are written: a limit of the size of files stands for it, in a process of
its own. What was there stays, the file is named, and the next run goes on."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from hivemind.cli.failures import of_this_machine
from hivemind.deploy.files import write_atomically
from hivemind.deploy.journal import Journal, interrupted_results, read_journal
from hivemind.deploy.state import DeploymentState, DeploymentStatus, StateStore
from hivemind.values.events import EventKind
from hivemind.values.exits import ExitCode

ID = "shop-production-1-eu-west-1"
PROGRAM = """
import resource, sys
from dataclasses import replace
from pathlib import Path
from hivemind.deploy.journal import Journal
from hivemind.deploy.state import StateStore
from hivemind.values.events import EventKind

store = StateStore(Path(sys.argv[1]))
with Journal(store.folder("{id}"), "{id}", "20260102T000000-bbbbbb") as journal:
    size = store.folder("{id}").joinpath("journal.jsonl").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 250, size + 250))
    for write in (
        lambda: store.update("{id}", urls=dict.fromkeys(map(str, range(500)), "http://x")),
        lambda: [journal.record("deploy", "web", EventKind.STARTED, "x" * 100) for _ in range(9)],
    ):
        try:
            write()
        except OSError as error:
            print(error.errno, error.filename)
"""


def test_what_was_written_before_stays_and_the_next_run_goes_on(tmp_path: Path) -> None:
    store = StateStore(tmp_path)
    state = DeploymentState(ID, DeploymentStatus.DEPLOYED, name="shop")
    store.save(state)
    with Journal(store.folder(ID), ID, "20260101T000000-aaaaaa") as journal:
        journal.started("digest", "r1")
        journal.record("build", "web", EventKind.FINISHED, "built", {"result": "artifact"})
    program = PROGRAM.replace("{id}", ID)
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    folder = store.folder(ID)
    assert ran.stdout.splitlines() == [
        f"{errno.EFBIG} {folder / 'state.json'}",
        f"{errno.EFBIG} {folder / 'journal.jsonl'}",
    ]
    assert store.load(ID) == state
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    with Journal(folder, ID, "20260103T000000-cccccc") as journal:
        journal.started("digest", "r2")
        journal.record("build", "web", EventKind.FINISHED, "built again", {"result": "artifact"})
    assert [event.message for event in read_journal(folder) if event.attempt.endswith(("aaaa", "cccc"))] == [
        "r1", "built", "r2", "built again",
    ]  # fmt: skip
    assert dict(interrupted_results(folder, "digest")) == {"web": "artifact"}


@pytest.mark.fast
@pytest.mark.parametrize(
    ("number", "hint"),
    [(errno.ENOSPC, "Free some space"), (errno.EFBIG, "Free some space"), (errno.EROFS, "HIVEMIND_HOME")],
)
def test_it_is_told_with_what_to_do(number: int, hint: str) -> None:
    told = of_this_machine(OSError(number, "no", "/home/x/state.json"))
    assert told is not None
    assert told.exit_code is ExitCode.UNREACHABLE
    assert "/home/x/state.json" in told.message
    assert hint in str(told.hint)


@pytest.mark.fast
def test_a_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = StateStore(tmp_path / "file" / "deployments")
    with pytest.raises(OSError, match="file") as caught:
        store.save(DeploymentState(ID, DeploymentStatus.PENDING))
    told = of_this_machine(caught.value)
    assert told is not None
    assert "HIVEMIND_HOME" in str(told.hint)
    with pytest.raises(OSError, match="gone"):
        write_atomically(tmp_path / "gone" / "state.json", "{}")
