"""A state that cannot be read: every command says so and what runs, and adopt makes it anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hivemind.testing.project import Project
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


@pytest.fixture
def state(standing: Project) -> Iterator[Path]:
    """The file of the standing deployment's state, which is as it was again after the test, like its journal."""
    known = standing.run("status", "--json").last
    file = standing.home / "local/deployments" / known["deployment"] / "state.json"
    before = {one: one.read_bytes() for one in (file, file.with_name("journal.jsonl"))}
    yield file
    for one, content in before.items():
        one.write_bytes(content)
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
        assert "hivemind adopt" in " ".join(told.err.split()), command
        assert "nothing is deployed" not in (told.out + told.err).lower(), command
    assert state.read_bytes() == content


def test_it_is_made_anew_from_the_stack(standing: Project, state: Path) -> None:
    before = standing.run("status", "--json").last
    state.write_bytes(b"\x00")
    adopted = standing.run("adopt", "--json").last
    assert (adopted["deployment"], adopted["from"]) == (before["deployment"], "the stack")
    assert Path(adopted["kept"]).read_bytes() == b"\x00"
    after = standing.run("status", "--json").last
    assert (after["works"], after["services"]) == (True, before["services"])
    assert "nothing to adopt" in standing.run("adopt").out


def test_a_record_that_is_lost_or_was_never_here_is_made_from_the_stack(standing: Project, state: Path) -> None:
    before = standing.run("history", "--json").last
    content = state.read_bytes()
    state.unlink()
    assert "nothing is deployed" in standing.run("history", code=ExitCode.NOT_FOUND).err.lower()
    told = standing.run("adopt", "--local").out
    assert f"Adopted {before['deployment']} from its stack: CREATE_COMPLETE, r" in told
    assert "hivemind apply" in told
    last = standing.run("events", "--json").out.splitlines()[-1]
    assert "record made anew from the stack by" in last
    state.write_bytes(content)
    state.unlink()
    adopted = standing.run("adopt", "-d", before["deployment"], "--json").last
    assert (adopted["from"], adopted["stack"]) == ("the stack", "CREATE_COMPLETE")


def test_what_is_not_deployed_leaves_nothing_behind(local_project: Callable[..., Project]) -> None:
    nowhere = local_project({"hivemind.yaml": "hivemind: 1\nname: absent\nservices: {web: {}}\n"})
    told = nowhere.run("adopt", "--local").out
    assert "has no stack: nothing is deployed. Deploy it: hivemind apply" in " ".join(told.split())
    assert [entry for entry in nowhere.run("list", "--json").last["deployments"] if entry["name"] == "absent"] == []
    assert "is not the id" in nowhere.run("adopt", "-d", "absent", code=ExitCode.NOT_FOUND).err
