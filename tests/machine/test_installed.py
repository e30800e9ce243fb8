"""Plugins that are installed are found, remembered, and found anew once anything is installed or removed."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
from pathlib import Path

import pytest

from hivemind.machine import home, installed

pytestmark = pytest.mark.fast
LONG_AGO = 1_000_000_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "site"
    path.mkdir()
    monkeypatch.setattr("sys.path", [str(path)])
    return path


def install(folder: Path, name: str, *, when: int) -> Path:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[hivemind]\n{name} = {name}_plugin\n[other]\nx = y\n")
    os.utime(folder, (when, when))
    return info


def names() -> list[str]:
    return [point.name for point in installed.entry_points()]


def test_a_folder_that_changed_is_read_again(folder: Path) -> None:
    first = install(folder, "one", when=LONG_AGO)
    assert names() == ["one"]
    install(folder, "two", when=LONG_AGO + 1)
    assert names() == ["one", "two"]
    shutil.rmtree(first)
    os.utime(folder, (LONG_AGO + 2, LONG_AGO + 2))
    assert names() == ["two"]


def test_one_that_did_not_is_remembered_by_the_next_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(folder, "one", when=LONG_AGO)
    (point,) = installed.entry_points()
    assert (point.value, point.distribution, point.version) == ("one_plugin", "one", "1.0")
    monkeypatch.setattr(installed, "_seen", {})
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: pytest.fail("read again"))
    assert installed.entry_points() == (point,)


def test_what_an_installer_is_still_writing_is_not_remembered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = install(folder, "one", when=LONG_AGO)
    os.utime(folder)
    before = folder.stat().st_mtime_ns
    points = info / "entry_points.txt"
    text = points.read_text()
    points.unlink()
    assert names() == []
    points.write_text(text)
    assert folder.stat().st_mtime_ns == before
    monkeypatch.setattr(installed, "_seen", {})  # the next run
    assert names() == ["one"]
    assert not (home.caches() / "installed").exists()


def test_versions_of_those_whose_word_is_remembered(folder: Path) -> None:
    assert installed.judges("jsonschema") == ["jsonschema none"]
    info = install(folder, "jsonschema", when=LONG_AGO)
    assert info.exists()
    assert installed.judges("jsonschema") == ["jsonschema 1.0"]
