"""Runs the catalogue of faults, scenarios.toml: each ends in the state and with the words that it says."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from scenario_steps import STEPS, Scene

from hivemind.local import lifecycle
from hivemind.testing.orphans import orphans
from hivemind.testing.project import Project
from hivemind.testing.pytest_plugin import LocalCloudHome

CATALOGUE = tomllib.loads(Path(__file__).with_name("scenarios.toml").read_text(encoding="utf-8"))["scenario"]
_SETUP = ("name", "start", "change", "before", "faults", "run")
_EXPECTED = ("exit", "stack", "shows", "serves", "then", "sample", "by_hand")
KEYS = frozenset((*_SETUP, *_EXPECTED))
APPLY = ["apply", "--local", "--yes"]
THEN = {"apply": APPLY, "destroy": ["destroy", "--yes"], "adopt": ["adopt", "--local"]}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A project on a local cloud of its own, without added time; what one scenario leaves the next one settles."""
    pytest.importorskip("ministack", reason="needs the extra `local`")
    # Short, because Unix sockets go into it; open, because instances run as other users under root.
    home = Path(tempfile.mkdtemp(prefix="hml-"))
    home.chmod(0o711)
    local = LocalCloudHome(home)
    try:
        lifecycle.start(local.directory, pace="instant")
        made = Scene(Project(tmp_path_factory.mktemp("scene"), home), local)
        yield made
        made.settle("nothing")
        assert orphans(made.cloud) == ()
    finally:
        lifecycle.reset(local.directory)
        shutil.rmtree(home)


@pytest.fixture
def cleared(scene: Scene) -> Iterator[Scene]:
    yield scene
    while scene.held:
        scene.held.pop().__exit__(None, None, None)
    scene.local.clear_faults()


def marked(scenario: Mapping[str, Any]) -> Any:
    mark = pytest.mark.slow if scenario.get("sample") else pytest.mark.stress
    return pytest.param(scenario, marks=mark, id=scenario["name"].replace(" ", "-"))


@pytest.mark.fast
def test_the_catalogue_has_forty_scenarios_and_none_twice() -> None:
    names = [one["name"] for one in CATALOGUE]
    assert len(names) == len(set(names)) >= 40
    assert {key for one in CATALOGUE for key in one} <= KEYS
    assert {step for one in CATALOGUE for step in one.get("before", ())} == set(STEPS)


@pytest.mark.parametrize("scenario", [marked(one) for one in CATALOGUE])
def test_it_ends_as_the_catalogue_says(scenario: Mapping[str, Any], cleared: Scene) -> None:
    scene = cleared
    scene.settle(scenario.get("start", "nothing"))
    for step in scenario.get("before", ()):
        STEPS[step](scene)
    scene.write(scenario.get("change", ""))
    for fault in scenario.get("faults", ()):
        options = {key: value for key, value in fault.items() if key not in {"kind", "subject"}}
        scene.local.fault(fault["kind"], fault["subject"], **options)
    ran = scene.project.run(*scenario.get("run", APPLY), code=scenario["exit"])
    scene.local.clear_faults()
    said = " ".join((ran.out + ran.err).split())
    assert [words for words in scenario.get("shows", ()) if words not in said] == [], str(ran)
    if "stack" in scenario:
        assert scene.stack() == scenario["stack"], str(ran)
    if "serves" in scenario:
        assert scene.serves() is scenario["serves"], str(ran)
    left = orphans(scene.cloud)
    assert bool(left) is scenario.get("by_hand", False), f"{left}\n{ran}"
    if left:
        scene.start_over()
    while scene.held:
        scene.held.pop().__exit__(None, None, None)
    scene.write("")
    if then := scenario.get("then"):
        ended = scene.project.run(*THEN[then])
        # What was adopted is not known to serve until it is released again.
        assert then == "adopt" or scene.serves() is (then == "apply"), str(ended)
