"""What is told of an installation, and how loudly."""

from __future__ import annotations

import pytest

from hivemind.agents.deployer.steps import _tell
from hivemind.hosts.remote import WAITING, InstallStep
from hivemind.testing.context import FakeContext

pytestmark = pytest.mark.fast


class Heard(FakeContext):
    """Keeps what was told at once, in any kind of output."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []

    def note(self, message: str, **_: object) -> None:
        self.notes.append(message)


def test_what_an_installation_waits_for_is_told_at_once() -> None:
    context = Heard()
    for step in (InstallStep(WAITING, "waiting for migrate.py", True), InstallStep("missing", "still", True)):
        _tell(context, "i-1", step)
    assert context.notes == ["i-1: waiting for migrate.py"]
    assert context.said == ("still",)
