"""A state that cannot be read: every command says so and what runs, and one makes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hivemind.testing.project import Project
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


@pytest.fixture
def state(standing: Project) -> Iterator[Path]:
    """The file of the standing deployment's state, as it was again after the test."""
    known = standing.run("status", "--json").last
    file = standing.home / "local/deployments" / known["deployment"] / "state.json"
    content = file.read_bytes()
    yield file
    file.write_bytes(content)
    for aside in file.parent.glob("state.json.unreadable-*"):
        aside.unlink()


@pytest.mark.parametrize("content", [b"", b"null", b'{"format": 2, "dep', b"\xff\xfe{}", b'{"format": 99}'])
def test_every_command_says_so_with_what_runs(standing: Project, state: Path, content: bytes) -> None:
    state.write_bytes(content)
    more = [] if content else [("apply", "--local", "--yes"), ("destroy", "--yes"), ("logs",), ("plan", "--local")]
    commands = [("status",), ("list",), *more]
    for command in commands:
        told = standing.run(*command, code=ExitCode.INVALID)
        assert f"the state of {state.parent.name} cannot be read" in " ".join(told.err.split()), command
        assert "According to its stack, this runs: stack CREATE_COMPLETE" in " ".join(told.err.split()), command
        assert "hivemind state rebuild" in " ".join(told.err.split()), command
        assert "nothing is deployed" not in (told.out + told.err).lower(), command
    assert state.read_bytes() == content


def test_it_is_made_anew_from_the_stack(standing: Project, state: Path) -> None:
    before = standing.run("status", "--json").last
    state.write_bytes(b"\x00")
    rebuilt = standing.run("state", "rebuild", "--json").last
    assert rebuilt["rebuilt"] == before["deployment"]
    assert Path(rebuilt["kept"]).read_bytes() == b"\x00"
    after = standing.run("status", "--json").last
    assert (after["works"], after["services"]) == (True, before["services"])
    assert "nothing to rebuild" in standing.run("state", "rebuild").out
