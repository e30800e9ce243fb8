"""Steps of plugins while they run: whatever goes wrong has the plugin's name, and is a failure of the step's stage."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hivemind import Context, ExitCode, Failure, HiveMindError, Stage, StageError, Step
from hivemind.deploy.journal import Journal, read_journal
from hivemind.deploy.state import StateStore
from hivemind.flow.collecting import linked
from hivemind.plugins.calling import PluginError, PluginSource
from hivemind.steps.deployment import Deployment
from hivemind.steps.graph import StepGraph
from hivemind.steps.run import Destroy, Goal
from hivemind.values.events import EventKind

pytestmark = pytest.mark.fast
CDN = PluginSource("cdn", "entry point", "tests", "hivemind-cdn", "1.2")
DESTROY = Destroy("shop", "local", "us-east-1", Goal.DESTROY, None, ())


def run(folder: Path, *steps: Step) -> StepGraph:
    """Runs steps of the plugin, and returns the graph."""
    nothing: Any = SimpleNamespace()
    deployment = Deployment(id="shop", cloud=nothing, store=StateStore(folder), hooks=nothing, held=lambda: None)
    owned = linked(DESTROY, [(CDN, step) for step in steps])
    with Journal(folder, "shop", "a1") as journal:
        graph = StepGraph(owned.steps, journal, deployment)
        graph.run()
    return graph


def step(work: Callable[[Context], Any], **more: Any) -> Step:
    return Step("purge", Stage.OBSERVE, work, **more)


def test_what_it_raises_names_the_plugin_and_its_line(tmp_path: Path) -> None:
    def purge(_: Context) -> None:
        raise KeyError("zone")

    with pytest.raises(StageError) as caught:
        run(tmp_path, step(purge))
    assert caught.value.message.startswith(
        "plugin \"cdn\" (hivemind-cdn 1.2) in hivemind_steps: KeyError: 'zone' (tests/flow/test_guarded_steps.py:"
    )
    assert (caught.value.stage, caught.value.exit_code) == (Stage.OBSERVE, ExitCode.OBSERVE)
    assert caught.value.subject == "purge"


def test_its_own_word_keeps_its_stage_and_evidence(tmp_path: Path) -> None:
    def purge(_: Context) -> None:
        raise StageError(Stage.REGISTER, "no zone", subject="zone", lines=["404"])

    with pytest.raises(StageError) as caught:
        run(tmp_path, step(purge))
    assert isinstance(caught.value, PluginError)
    assert (caught.value.stage, caught.value.subject, caught.value.lines) == (Stage.REGISTER, "zone", ("404",))
    assert "cdn" in caught.value.message


def test_one_that_hangs_ends_at_its_deadline(tmp_path: Path) -> None:
    over = threading.Event()
    try:
        with pytest.raises(StageError, match=r'plugin "cdn" .* it did not return within 0\.2 s'):
            run(tmp_path, step(lambda _: over.wait(60), deadline=0.2))
    finally:
        over.set()


def test_words_that_can_not_be_made_are_the_plugins_mistake(tmp_path: Path) -> None:
    def words(result: Any) -> str:
        return result["pages"]  # type: ignore[no-any-return]

    with pytest.raises(StageError, match=r'plugin "cdn" .* TypeError'):
        run(tmp_path, step(lambda _: 3, outcome=words))


def test_an_end_that_raises_is_named_and_hides_nothing(tmp_path: Path) -> None:
    def end(*_: Any) -> None:
        raise RuntimeError("no end")

    closed: list[int] = []
    with pytest.raises(HiveMindError, match=r'plugin "cdn" .* no end'):
        run(tmp_path, step(lambda context: context.closing(lambda: closed.append(1)), at_end=end))
    assert closed == [1]


def test_a_warning_names_the_plugin(tmp_path: Path) -> None:
    def purge(_: Context) -> None:
        raise ValueError("no zone")

    graph = run(tmp_path, step(purge, failure=Failure.WARN))
    assert "hivemind-cdn 1.2" in str(graph.warnings["purge"])
    events = [event for event in read_journal(tmp_path) if event.step == "purge"]
    assert [event.kind for event in events] == [EventKind.STARTED, EventKind.FAILED]
    assert {event.data["owner"] for event in events} == {"hivemind-cdn 1.2"}


def test_what_it_prints_is_no_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, step(lambda _: print("here")))
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "here\n")
