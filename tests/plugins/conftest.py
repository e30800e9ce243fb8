"""Installed plugins of a test."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_plugins import Install


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return Install(folder)
