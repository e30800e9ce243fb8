"""What an apply shows while it works: a tree in a terminal, plain lines where nobody looks."""

from __future__ import annotations

import re

import pytest
from terminals import ESCAPES, in_terminal

from hivemind.testing.project import Project

pytestmark = pytest.mark.slow


def test_a_tree_within_the_window(deployed: Project) -> None:
    deployed.replace("hivemind.yaml", "health: /health", "health: /tree")  # a change of the stack
    deployed.replace("app.py", 'VERSION = "1"', 'VERSION = "tree"')
    code, written = in_terminal(deployed, "apply", "--local", "--yes")
    assert code == 0, written
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", ESCAPES.sub("", written))]
    assert any(re.match(r"✔ +provision", line) for line in lines)
    assert any(re.match(r"✔ +verify", line) for line in lines)
    assert [line for line in lines if len(line) > 80] == []
    assert any(re.match(r"r\d+ is live: http://", line) for line in lines)
    code, again = in_terminal(deployed, "apply", "--local", "--yes")
    assert code == 0
    assert "already up to date" in again


def test_plain_lines_where_nobody_looks_of_a_release_that_leaves_the_stack_as_it_was(deployed: Project) -> None:
    deployed.apply()
    deployed.replace("app.py", 'VERSION = "1"', 'VERSION = "alone"')
    applied = deployed.run("apply", *deployed.target, "--yes")
    assert "\x1b" not in applied.out + applied.err
    assert re.search(r"^\[00:\d\d\] provision +stack +done", applied.out, re.MULTILINE)
    assert re.search(r"^r\d+ is live: http://\S+$", applied.out, re.MULTILINE)
    assert "Next: hivemind" in applied.out
    assert "No resource changed." in applied.out
    assert "0 resources" not in applied.out
    assert "health path  done  web /health" in applied.out
    assert "release on 1 instance: sources changed" in applied.out
    deployed.replace("hivemind.yaml", "web:", "web:\n    env: {GREETING: hi}")
    planned = deployed.run("plan", *deployed.target).out
    assert "release on 1 instance: environment changed" in planned
