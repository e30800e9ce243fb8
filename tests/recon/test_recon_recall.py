"""Recon looks again when anything changed, and only then."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hivemind.agents.recon import hooks as recon
from hivemind.repositories import unchanged
from hivemind.repositories.repository import read

pytestmark = pytest.mark.fast


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was just written is old enough to be remembered."""
    monkeypatch.setattr(unchanged, "_TICK", 0)


def languages(root: Path) -> set[object]:
    return {found.value for found in recon.hivemind_detect(read(root), ".") if found.field == "language"}


def test_a_changed_file_is_seen_although_it_has_the_same_name_and_size(tmp_path: Path) -> None:
    manifest = tmp_path / "package.json"
    manifest.write_text('{"dependencies": {"express": "1"}}')
    before = recon.hivemind_detect(read(tmp_path), ".")
    manifest.write_text('{"dependencies": {"fastify": "1"}}')
    os.utime(manifest, ns=(1, 1))
    after = recon.hivemind_detect(read(tmp_path), ".")
    frameworks = [{found.value for found in one if found.field == "framework"} for one in (before, after)]
    assert frameworks == [{"express"}, {"fastify"}]


def test_a_new_file_is_seen(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing yet")
    assert languages(tmp_path) == set()
    (tmp_path / "requirements.txt").write_text("flask\n")
    assert "python" in languages(tmp_path)


@pytest.mark.usefixtures("_at_once")
def test_what_is_remembered_is_what_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements.txt").write_text("flask\n")
    first = recon.hivemind_detect(read(tmp_path), ".")
    monkeypatch.setattr(recon, "_look", lambda *_: pytest.fail("looked again at what has not changed"))
    assert recon.hivemind_detect(read(tmp_path), ".") == first


@pytest.mark.usefixtures("_at_once")
def test_a_memory_that_can_not_be_read_is_no_memory(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("flask\n")
    first = recon.hivemind_detect(read(tmp_path), ".")
    caches = Path(os.environ["HIVEMIND_HOME"]) / "cache" / "recon"
    kept = list(caches.iterdir())
    assert kept
    for file in kept:
        file.write_text("{torn")
    assert recon.hivemind_detect(read(tmp_path), ".") == first
