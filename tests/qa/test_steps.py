"""QA's step of an apply."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from hivemind.agents.qa.steps import steps
from hivemind.plugins.calling import PluginSource
from hivemind.releases.release import Probe
from hivemind.testing import FakeContext, ManualClock, apply_of, checked, hello, plugins_of, release
from hivemind.values.errors import StepCancelled

pytestmark = pytest.mark.fast
QA = PluginSource("qa", "builtin", "hivemind.agents.qa")


@dataclass
class Counting:
    name: str
    done: list[str] = field(default_factory=list)

    def run(self, probe: Probe) -> str:
        self.done.append(self.name)
        return "good"


def test_who_ends_a_run_waits_for_one_check_and_not_for_all(tmp_path: Any) -> None:
    files = hello("shop")
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    done: list[str] = []
    checks = (Counting("a", done), Counting("b", done))
    deployed = SimpleNamespace(
        release=release,
        outputs={},
        blueprint=SimpleNamespace(services={}),
        hooks=SimpleNamespace(gather=lambda *_, **__: ((SimpleNamespace(source=QA, result=checks),), ())),
        address=lambda: None,
        connections=lambda: nullcontext(None),
        bound=None,
        clock=ManualClock(),
    )
    (step,) = steps(apply_of(checked(tmp_path, files["hivemind.yaml"], plugins_of(), lint=False)))
    assert step.run(FakeContext({"record": deployed})).good
    assert done == ["a", "b"]
    context = FakeContext({"record": deployed})
    context.cancel()
    with pytest.raises(StepCancelled):
        step.run(context)
    assert done == ["a", "b", "a"]
