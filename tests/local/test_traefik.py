"""The load balancers' program is found wherever its wheel put it; a local cloud without it says so at its start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import hivemind
from hivemind.local import traefik

pytestmark = pytest.mark.fast


def test_it_is_found_away_from_interpreter_and_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("ministack", reason="needs the extra `local`")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = Path(traefik.program())
    assert found.name == "traefik"
    assert found.is_file()


def test_without_it_the_start_says_what_is_missing(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.executable = sys.prefix = '/nowhere'\n"
        "from pathlib import Path\n"
        "from hivemind.local import lifecycle\n"
        "from hivemind.values.errors import CloudUnreachable\n"
        "try: lifecycle.start(Path(sys.argv[2]))\n"
        "except CloudUnreachable as error: print(error.message)\n"
    )
    place = str(Path(hivemind.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, place, str(tmp_path / "local")],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "needs packages that are not installed" in done.stdout
    assert traefik.WHEEL in done.stdout
    assert not (tmp_path / "local").exists()
