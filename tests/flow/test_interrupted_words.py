"""What an interrupted apply says of what goes on without it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hivemind.blueprint.model import Blueprint, Service
from hivemind.deploy.journal import Journal, new_attempt
from hivemind.flow.approval import interrupted
from hivemind.values.events import EventKind

pytestmark = pytest.mark.fast
GOES_ON = "A release command of web that has begun goes on on its instance"


def run(folder: Path, *kinds: EventKind, release: str | None = "python migrate.py") -> Any:
    service = Service("web", release=release)
    with Journal(folder, "shop", new_attempt()) as journal:
        journal.started("digest", "shop")
        for kind in kinds:
            journal.record("deploy", "release web", kind, "web on 1 instance")
    apply = SimpleNamespace(changes_stack=False, releasing=lambda: ((service, ()),))
    blueprint = Blueprint("shop", services={"web": service})
    return SimpleNamespace(folder=folder, apply=apply, checked=SimpleNamespace(blueprint=blueprint))


def test_a_release_command_that_has_begun_is_said_to_go_on(tmp_path: Path) -> None:
    assert GOES_ON in str(interrupted(run(tmp_path, EventKind.STARTED)))
    assert GOES_ON in str(interrupted(run(tmp_path, EventKind.STARTED, EventKind.FAILED)))


@pytest.mark.parametrize("kinds", [(), (EventKind.STARTED, EventKind.FINISHED)])
def test_one_that_has_not_begun_or_has_ended_is_not(tmp_path: Path, kinds: tuple[EventKind, ...]) -> None:
    assert "release command" not in str(interrupted(run(tmp_path, *kinds)))


def test_nor_is_one_where_there_is_none(tmp_path: Path) -> None:
    assert "release command" not in str(interrupted(run(tmp_path, EventKind.STARTED, release=None)))
