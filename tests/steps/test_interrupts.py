"""Signals in the midst of a run: real ones, sent to this process by a step of it."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from hivemind.deploy.journal import Journal, read_journal
from hivemind.deploy.state import StateStore
from hivemind.steps.deployment import Deployment
from hivemind.steps.graph import StepGraph
from hivemind.steps.interrupts import Interrupt
from hivemind.steps.step import Context, End, Step
from hivemind.values.errors import Canceled, Refused, Stage, StepCancelled
from hivemind.values.interrupts import Offer, OnInterrupt

pytestmark = pytest.mark.fast
NOTHING: Any = None
OFFER = Offer("the update of the stack shop-production", "takes the update back")


class Cloud:
    """Something that goes on until it is done or canceled. sends: the signal that comes while it does."""

    def __init__(self, sends: int = signal.SIGINT, *, refuses: bool = False) -> None:
        self.canceled, self.done, self.sent = threading.Event(), threading.Event(), threading.Event()
        self._sends, self._refuses = sends, refuses

    def run(self, context: Context) -> str:
        with context.cancellable(OFFER.what, OFFER.then, lambda: not self.canceled.is_set(), self.cancel):
            os.kill(os.getpid(), self._sends)
            self.sent.set()
            while not self.canceled.is_set() and not self.done.wait(0.01):
                context.check()
        if self.canceled.is_set():
            raise Canceled(Stage.PROVISION, "canceled; the stack is in UPDATE_ROLLBACK_COMPLETE")
        return "updated"

    def cancel(self) -> str:
        if self._refuses:
            raise Refused("it is in UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        self.canceled.set()
        return "Canceling the update."


class Somebody:
    """Gives an answer, and keeps what was asked."""

    def __init__(self, answer: OnInterrupt, cloud: Cloud) -> None:
        self.answer, self.cloud = answer, cloud
        self.asked: list[tuple[tuple[Offer, ...], bool]] = []

    def __call__(self, offers: tuple[Offer, ...], interrupt: Interrupt) -> OnInterrupt:
        self.asked.append((offers, interrupt.somebody))
        if self.answer is OnInterrupt.WAIT:
            self.cloud.done.set()
        return self.answer


def deployment(folder: Path) -> Deployment:
    """One that no step of these tests looks into."""
    return Deployment(id="shop", cloud=NOTHING, store=StateStore(folder), hooks=NOTHING, held=lambda: None)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, "shop-production", "1")


def graph(journal: Journal, tmp_path: Path, cloud: Cloud, decide: Somebody, *more: Step) -> StepGraph:
    stack = Step("stack", Stage.PROVISION, cloud.run)
    return StepGraph([stack, *more], journal, deployment(tmp_path), decide=decide)


@pytest.mark.parametrize(("sent", "somebody"), [(signal.SIGINT, True), (signal.SIGTERM, False)])
def test_detached_the_run_ends_and_the_cloud_goes_on(
    journal: Journal, tmp_path: Path, sent: int, somebody: bool
) -> None:
    cloud = Cloud(sent)
    decide = Somebody(OnInterrupt.DETACH, cloud)
    run = graph(journal, tmp_path, cloud, decide)
    with pytest.raises(KeyboardInterrupt):
        run.run()
    assert decide.asked == [((OFFER,), somebody)]
    assert not cloud.canceled.is_set()
    assert isinstance(run.outcomes["stack"].error, StepCancelled)


def test_waited_for_the_run_goes_on_to_its_end(journal: Journal, tmp_path: Path) -> None:
    cloud = Cloud()
    after = Step("release", Stage.DEPLOY, lambda _: "released", needs=("stack",))
    results = graph(journal, tmp_path, cloud, Somebody(OnInterrupt.WAIT, cloud), after).run()
    assert dict(results) == {"stack": "updated", "release": "released"}


def test_canceled_other_steps_end_early_and_the_run_has_failed(journal: Journal, tmp_path: Path) -> None:
    cloud = Cloud()
    ends: list[End] = []

    def build(context: Context) -> None:
        while True:
            threading.Event().wait(0.01)
            context.check()

    steps = (
        Step("build", Stage.BUILD, build, at_end=lambda _, end: ends.append(end)),
        Step("release", Stage.DEPLOY, lambda _: "released", needs=("stack",)),
    )
    run = graph(journal, tmp_path, cloud, Somebody(OnInterrupt.CANCEL, cloud), *steps)
    with pytest.raises(Canceled, match="UPDATE_ROLLBACK_COMPLETE"):
        run.run()
    assert isinstance(run.outcomes["build"].error, StepCancelled)
    assert "release" not in run.outcomes
    assert ends == [End.FAILED]
    assert "Canceling the update." in [event.message for event in read_journal(tmp_path)]


def test_what_cannot_be_canceled_is_told_and_goes_on(journal: Journal, tmp_path: Path) -> None:
    cloud = Cloud(refuses=True)

    class Impatient(Somebody):
        def __call__(self, offers: tuple[Offer, ...], interrupt: Interrupt) -> OnInterrupt:
            cloud.done.set()
            return super().__call__(offers, interrupt)

    assert graph(journal, tmp_path, cloud, Impatient(OnInterrupt.CANCEL, cloud)).run()["stack"] == "updated"
    told = [event.message for event in read_journal(tmp_path)]
    assert "cannot be canceled: it is in UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" in told


def test_a_second_ctrl_c_at_the_question_detaches(journal: Journal, tmp_path: Path) -> None:
    cloud = Cloud()

    class Pressing(Somebody):
        def __call__(self, offers: tuple[Offer, ...], interrupt: Interrupt) -> OnInterrupt:
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(20)
            return OnInterrupt.WAIT

    with pytest.raises(KeyboardInterrupt):
        graph(journal, tmp_path, cloud, Pressing(OnInterrupt.WAIT, cloud)).run()
    assert not cloud.canceled.is_set()


def test_where_nothing_can_be_taken_back_nobody_is_asked(journal: Journal, tmp_path: Path) -> None:
    cloud = Cloud()

    def plain(context: Context) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            threading.Event().wait(0.01)
            context.check()

    decide = Somebody(OnInterrupt.WAIT, cloud)
    run = StepGraph([Step("build", Stage.BUILD, plain)], journal, deployment(tmp_path), decide=decide)
    with pytest.raises(KeyboardInterrupt):
        run.run()
    assert decide.asked == []


def test_a_step_that_does_not_end_is_not_waited_for_a_second_time(journal: Journal, tmp_path: Path) -> None:
    over = threading.Event()

    def deaf(context: Context) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        while not context.cancelled:
            over.wait(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        over.wait(60)

    with pytest.raises(KeyboardInterrupt):
        StepGraph([Step("build", Stage.BUILD, deaf)], journal, deployment(tmp_path)).run()
    assert not over.is_set()
    over.set()


def test_after_the_run_signals_are_what_they_were(journal: Journal, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    StepGraph([Step("a", Stage.BUILD, lambda _: None)], journal, deployment(tmp_path)).run()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
