"""The command line as a face: what it says where, and how it asks in the midst of a run."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable

import pytest

from hivemind import Event, EventKind, Finding, Place, Severity
from hivemind.cli.screen import Screen
from hivemind.pipeline import ProposedStep
from hivemind.values.interrupts import Offer, OnInterrupt

pytestmark = pytest.mark.fast
STEP = ProposedStep("shop", "confirm traffic", "Send traffic to r2?")


def event(message: str) -> Event:
    return Event("2026-01-01T00:00:00Z", "shop", "a1", "release", "web", EventKind.PROGRESS, message)


class Keyboard(io.StringIO):
    """A terminal's keyboard. before: done when somebody is about to answer."""

    def __init__(self, typed: str, before: Callable[[], None] = lambda: None) -> None:
        super().__init__(typed)
        self.before = before

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:
        self.before()
        return super().readline(-1 if size is None else size)


def test_what_happens_while_it_asks_is_shown_after_the_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Screen(as_json=True) as screen:
        shown: list[str] = []

        def meanwhile() -> None:
            screen.progress(event("second"))
            shown.append(capsys.readouterr().out)

        monkeypatch.setattr(sys, "stdin", Keyboard("y\n", meanwhile))
        screen.progress(event("first"))
        assert screen.approve(STEP).agreed
        screen.progress(event("third"))
    assert [json.loads(line)["message"] for line in shown[0].splitlines()] == ["first"]
    after = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["message"] for line in after] == ["second", "third"]


@pytest.mark.parametrize(("typed", "agreed"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_the_answer_counts(monkeypatch: pytest.MonkeyPatch, typed: str, agreed: bool) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard(typed))
    with Screen(as_json=False) as screen:
        assert screen.approve(STEP).agreed is agreed


def test_ctrl_c_at_the_question_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def press() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Keyboard("", press))
    with Screen(as_json=False) as screen, pytest.raises(KeyboardInterrupt):
        screen.approve(STEP)


def test_yes_was_said_before_and_nobody_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert Screen(as_json=False, yes=True).approve(STEP).agreed
    assert capsys.readouterr().err == ""
    refused = Screen(as_json=False).approve(STEP)
    assert not refused.agreed
    assert refused.reason == "Cannot ask for approval: no terminal."
    assert refused.hint is not None
    assert "Send traffic to r2?" in refused.hint
    assert "--yes" in refused.hint


def test_programs_get_no_asides_and_no_text_of_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    found = (
        Finding("H999", Severity.WARNING, "this is odd", Place("hivemind.yaml", 3, 1)),
        Finding("H998", Severity.INFO, "this is so", Place("hivemind.yaml", 4, 1)),
    )
    for as_json in (True, False):
        screen = Screen(as_json=as_json)
        screen.note("where it runs", aside=True)
        screen.note("waiting for another run")
        screen.findings(found)
        said = capsys.readouterr()
        assert said.out == ""
        assert "waiting for another run" in said.err
        assert ("where it runs" in said.err) is not as_json
        assert ("this is odd" in said.err) is not as_json
        assert "this is so" not in said.err


OFFERS = (Offer("the update of the stack shop-production", "takes the update back"),)


@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("c\n", OnInterrupt.CANCEL),
        ("d\n", OnInterrupt.DETACH),
        ("w\n", OnInterrupt.WAIT),
        ("\n", OnInterrupt.WAIT),
        ("x\nc\n", OnInterrupt.CANCEL),
    ],
)
def test_an_interrupt_offers_what_can_be_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, choice: OnInterrupt
) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard(typed))
    assert Screen(as_json=False).interrupted(OFFERS) is choice
    asked = " ".join(capsys.readouterr().err.split())
    assert "CloudFormation is at work on the update of the stack shop-production; HiveMind only watches." in asked
    assert "c cancel: CloudFormation takes the update back d detach: CloudFormation continues w keep watching" in asked


def test_a_second_ctrl_c_at_that_question_detaches(monkeypatch: pytest.MonkeyPatch) -> None:
    def press() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Keyboard("", press))
    assert Screen(as_json=False).interrupted(OFFERS) is OnInterrupt.DETACH


def test_where_nobody_can_be_asked_the_blueprint_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("c\n"))
    assert Screen(as_json=False).interrupted(OFFERS) is None
    monkeypatch.setattr(sys, "stdin", Keyboard("c\n"))
    assert Screen(as_json=True).interrupted(OFFERS) is None


@pytest.mark.parametrize(("typed", "agreed"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_question_with_yes_or_no(monkeypatch: pytest.MonkeyPatch, typed: str, agreed: bool) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard(typed))
    decision = Screen(as_json=False).confirmed("Cancel that?", "hivemind abort --yes", "Not canceled.")
    assert (decision.agreed, agreed or decision.reason) == (agreed, agreed or "Not canceled.")
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    nobody = Screen(as_json=False).confirmed("Cancel that?", "hivemind abort --yes", "Not canceled.")
    assert (nobody.agreed, nobody.hint) == (False, "Pass --yes: hivemind abort --yes")
    assert Screen(as_json=False, yes=True).confirmed("Cancel that?", "", "").agreed
