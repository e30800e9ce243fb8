"""What this machine lacks for the local cloud is told by the plan, before anything is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.blueprint.model import Blueprint, Resource
from hivemind.flow.clouds import not_here
from hivemind.local import mariadb

pytestmark = pytest.mark.fast
SHOP = Blueprint("shop", resources={"db": Resource("db", "mysql"), "cache": Resource("cache", "redis")})


def test_a_database_without_its_server_names_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(mariadb, "_PLACES", ())
    (finding,) = not_here(SHOP)
    assert (finding.id, finding.path, finding.is_error) == ("H462", "resources.db", True)
    assert "apt install mariadb-server-core" in (finding.hint or "")
    for name in (mariadb.PROGRAM, mariadb.MAKER):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert list(not_here(SHOP)) == []
