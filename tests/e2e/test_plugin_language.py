"""A language of a plugin on the local cloud: what a changed plugin builds gets to the instances."""

from __future__ import annotations

import pytest

from hivemind.testing.project import Project

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


def test_a_changed_plugin_is_released(deployed: Project) -> None:
    deployed.replace("hivemind.yaml", "runtime: python\n", "runtime: tiny 1\n")
    deployed.replace("hivemind.yaml", "start: python ", "start: python3 ")
    deployed.write({"hivemind_plugin.py": FIRST})
    first = deployed.apply().last
    assert (first["changed"], first["verdict"]) == (True, "good")
    assert deployed.get().text.startswith("hello|first|")
    assert deployed.apply().last["changed"] is False

    deployed.write({"hivemind_plugin.py": SECOND})
    assert "plugin hivemind_plugin changed" in deployed.run("plan", "--local").out
    second = deployed.apply().last
    assert (second["revision"], second["verdict"]) == (f"r{int(first['revision'][1:]) + 1}", "good")
    assert deployed.get().text.startswith("hello|second|")
