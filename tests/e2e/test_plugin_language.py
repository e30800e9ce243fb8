"""A language of a plugin on the local cloud: what a changed plugin builds gets to the instances."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind.testing.project import Project, hello

pytestmark = pytest.mark.slow
PLUGIN = """
from hivemind import build_with_commands, hook

@hook
def hivemind_runtimes():
    return ("tiny",)

@hook
def hivemind_build(service, repository, place):
    if service.language == "tiny":
        return build_with_commands(service, repository, place, install="sed -i 's/^VERSION = .*/VERSION = 1/' app.py")
"""
FIRST = PLUGIN.replace("VERSION = 1", 'VERSION = \\"first\\"')
SECOND = FIRST.replace("first", "second")


def test_a_changed_plugin_is_released(local_project: Callable[..., Project]) -> None:
    files = hello("tinyapp", more="environments: {production: {stage: stage-1}}\n")
    files["hivemind.yaml"] = files["hivemind.yaml"].replace("runtime: python\n", "runtime: tiny 1\n")
    files["hivemind.yaml"] = files["hivemind.yaml"].replace("start: python ", "start: python3 ")
    project = local_project({**files, "hivemind_plugin.py": FIRST})
    assert project.apply().last["verdict"] == "good"
    assert project.get().text.startswith("hello|first|")
    assert project.apply().last["changed"] is False

    project.write({"hivemind_plugin.py": SECOND})
    assert "plugin hivemind_plugin changed" in project.run("plan", "--local").out
    ran = project.apply()
    assert (ran.last["revision"], ran.last["verdict"]) == ("r2", "good")
    assert project.get().text.startswith("hello|second|")
