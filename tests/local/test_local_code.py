"""A local cloud that was started before an upgrade says so."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hivemind import __version__
from hivemind.local import code

pytestmark = pytest.mark.fast


def test_what_runs_here_is_not_outdated() -> None:
    assert code.outdated(code.present()) is None


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        (None, "an earlier version"),
        (
            {"version": "0.0.1", "package": "/elsewhere", "files": "x"},
            f"HiveMind 0.0.1 started it, but this is {__version__}",
        ),
        ({**code.present(), "files": "x"}, "has changed since"),
        ({"version": __version__, "package": "/elsewhere", "files": "x"}, None),
    ],
)
def test_what_is_outdated(recorded: dict[str, str] | None, said: str | None) -> None:
    found = code.outdated(recorded)
    assert (found is None) == (said is None)
    assert (said or "") in (found or "")


def test_another_file_is_other_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "local"
    shutil.copytree(Path(code.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "__file__", str(package / "code.py"))
    before = code.present()
    assert code.present() == before
    file = package / "resource_kind.py"
    os.utime(file, ns=(1, file.stat().st_mtime_ns + 1_000_000))
    assert code.present()["files"] != before["files"]
    assert code.outdated(before)
