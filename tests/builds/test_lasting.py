"""Folders of `data` are there while a service is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.builds.lasting import there

pytestmark = pytest.mark.fast


def test_they_are_there_and_go_if_they_stay_empty(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    with there(["data/shop.db", "kept", "up/loads", "seen/", "top.db", "a.d/"], tmp_path):
        assert sorted(str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*")) == [
            "a.d", "data", "kept", "seen", "up", "up/loads",
        ]  # fmt: skip
        (tmp_path / "up/loads/first.txt").write_text("x")
    assert sorted(str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*")) == [
        "kept", "up", "up/loads", "up/loads/first.txt",
    ]  # fmt: skip


def test_nothing_is_made_through_a_link_or_outside(tmp_path: Path) -> None:
    app, outside = tmp_path / "app", tmp_path / "outside"
    app.mkdir()
    outside.mkdir()
    (app / "link").symlink_to(outside)
    (app / "file").write_text("")
    with there(["link/data", "../outside/data", "file/data"], app):
        assert list(outside.iterdir()) == []
