"""The machine room that the rehearsal's tests share, and projects whose commands are about its account."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from room import MachineRoom

FOLDER = "HIVEMIND_REHEARSAL_FOLDER"


@pytest.fixture(scope="session")
def room() -> Iterator[MachineRoom]:
    """Opened once. Only within `make rehearse`, which gives it namespaces of its own."""
    if FOLDER not in os.environ:
        pytest.fail("these tests run within `make rehearse` alone")
    from room import MachineRoom

    made = MachineRoom(
        Path(os.environ[FOLDER]),
        Path(os.environ["HIVEMIND_REHEARSAL_TREE"]),
        Path(os.environ["HIVEMIND_REHEARSAL_CGROUPS"]),
    )
    made.open()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def account(room: MachineRoom, monkeypatch: pytest.MonkeyPatch, isolation: Any) -> Iterator[MachineRoom]:
    """The room, with its account's credentials in the environment, and no fault left from the test before."""
    for name, value in room.environment.items():
        monkeypatch.setenv(name, value)
    room.faults.clear()
    room.console_delay = 0.0
    yield room
    room.faults.clear()
