"""What was found good is known again, to the same judge only, and never too much of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hivemind.machine import memory

pytestmark = pytest.mark.fast


def _package(folder: Path, text: str = "x = 1\n") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "judge.py").write_text(text)
    return folder


def test_kept_contents_are_known_in_the_next_run(tmp_path: Path) -> None:
    package = _package(tmp_path / "package")
    memory.of("schema", package=package, needs=["jsonschema"]).keep("good")
    again = memory.of("schema", package=package, needs=["jsonschema"])
    assert again.knows("good")
    assert not again.knows("other")


def test_a_changed_judge_remembers_nothing(tmp_path: Path) -> None:
    package = _package(tmp_path / "package")
    memory.of("schema", package=package, needs=[]).keep("good")
    _package(package, "x = 22\n")
    assert not memory.of("schema", package=package, needs=[]).knows("good")
    assert not memory.of("schema", package=package, needs=["jsonschema"]).knows("good")


def test_what_was_not_asked_for_longest_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST", 2)
    kept = memory.Memory(tmp_path / "kept", "judge")
    for number, content in enumerate("ab"):
        kept.keep(content)
        for file in kept.folder.iterdir():
            os.utime(file, (number, number))
    assert kept.knows("a")
    (old,) = [file for file in kept.folder.iterdir() if file.stat().st_mtime < 10]
    kept.keep("c")
    assert not old.exists()
    assert [kept.knows(content) for content in "abc"] == [True, False, True]


def test_without_a_place_to_write_nothing_is_remembered_and_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = memory.Memory(tmp_path / "file" / "inside", "judge")
    kept.keep("good")
    assert not kept.knows("good")
