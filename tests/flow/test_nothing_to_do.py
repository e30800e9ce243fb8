"""A project that has not changed is not gone through again; everything that could make a difference is seen."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hivemind.flow.nothing_to_do import Fingerprint, fingerprint
from hivemind.repositories import unchanged
from hivemind.testing.project import hello

pytestmark = pytest.mark.fast


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(unchanged, "_TICK", 0.0)
    monkeypatch.setattr(unchanged, "_COARSE_TICK", 0.0)
    for name, text in hello("still").items():
        (tmp_path / name).write_text(text)
    return tmp_path


def seen(folder: Path, *options: str) -> str:
    found = fingerprint(folder / "hivemind.yaml", options)
    assert isinstance(found, Fingerprint)
    return found.seen


def same_length(folder: Path) -> None:
    """Another content of the same length at the same time of change."""
    path = folder / "app.py"
    before = path.stat()
    path.write_text(path.read_text().replace("1", "2"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file's content": lambda folder: (folder / "app.py").write_text("pass\n"),
    "a content of the same length and time": same_length,
    "a new file": lambda folder: (folder / "new.py").write_text(""),
    "a file less": lambda folder: (folder / "app.py").unlink(),
    "a file that may be run": lambda folder: (folder / "app.py").chmod(0o755),
    "a file that is ignored now": lambda folder: (folder / ".hivemindignore").write_text("app.py\n"),
    "the blueprint": lambda folder: (folder / "hivemind.yaml").write_text("hivemind: 1\n"),
    "a file of the same name": lambda folder: (
        (folder / "x").write_text(""),
        (folder / "x").replace(folder / "app.py"),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_seen(folder: Path, change: str) -> None:
    before = seen(folder)
    assert seen(folder) == before
    CHANGES[change](folder)
    assert seen(folder) != before


def test_options_and_the_place_are_part_of_it(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert len({seen(folder), seen(folder, "staging"), seen(folder, "", "staging")}) == 3
    other = tmp_path_factory.mktemp("other") / "same"
    folder.rename(other)
    assert seen(other) != seen(other, "x")


def test_what_has_just_changed_may_change_again_unseen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unchanged, "_TICK", 3600.0)
    monkeypatch.setattr(unchanged, "_COARSE_TICK", 3600.0)
    assert fingerprint(folder / "hivemind.yaml", ()) is None


def test_a_plugin_of_the_project_can_do_anything(folder: Path) -> None:
    (folder / "hivemind_plugin.py").write_text("")
    assert fingerprint(folder / "hivemind.yaml", ()) is None
