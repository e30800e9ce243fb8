"""What becomes of build instances of a run that ends before everything is built, against scripted answers."""

from __future__ import annotations

import contextlib
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from hivemind.agents.compiler.remote.instances import BuildInstances
from hivemind.steps.step import End
from hivemind.testing import FakeContext

pytestmark = pytest.mark.fast

NAME = "shop-production-build"


class Records:
    """Takes what is recorded of the build stack. asked, going: the first record waits between them."""

    def __init__(self) -> None:
        self.names: list[str | None] = []
        self.asked, self.going = threading.Event(), threading.Event()

    def update(self, _: str, *, build_stack: str | None) -> None:
        self.names.append(build_stack)
        if build_stack is not None:
            self.asked.set()
            assert self.going.wait(20)


def context_of(script: Any, store: Records) -> FakeContext:
    deployment = SimpleNamespace(id="shop", cloud=script, clock=script.clock, store=store, held=lambda: None)
    return FakeContext(deployment=deployment)


def making() -> Any:
    run: Any = SimpleNamespace(blueprint=SimpleNamespace(stack_name="shop-production"))
    made, _ = BuildInstances(run, ()).steps()
    return made


def test_after_a_failure_it_says_that_it_deletes_them(script: Any) -> None:
    script.absent()
    store = Records()
    context = context_of(script, store)
    making().at_end(context, End.FAILED)
    assert context.said == (f"deleting the build stack {NAME}",)
    assert store.names == [None]


def test_a_stack_that_may_still_come_to_be_is_not_forgotten(script: Any) -> None:
    for _ in range(3):
        script.absent()
    store, step = Records(), making()
    context = context_of(script, store)

    def make() -> None:
        with contextlib.suppress(AttributeError):  # of this blueprint no template can be made
            step.run(context)

    maker = threading.Thread(target=make)
    maker.start()
    assert store.asked.wait(20)
    ender = threading.Thread(target=step.at_end, args=(context, End.INTERRUPTED))
    ender.start()
    ender.join(0.3)
    assert store.names == [NAME]
    store.going.set()
    maker.join(20)
    ender.join(20)
    assert store.names == [NAME, None]
