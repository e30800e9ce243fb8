"""Two needs of a service that set one variable: said, with both places, before anything is deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.flow.checking import check
from hivemind.plugins.loading import load
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast
TWO = """\
hivemind: 1
name: shop
services:
  web:
    kind: web
    runtime: python
    start: python app.py
    needs: [db, reports]
{env}
resources:
  db: postgres
  reports: postgres
"""


def found(folder: Path, env: str = "") -> list[Finding]:
    (folder / "hivemind.yaml").write_text(TWO.format(env=env))
    (folder / "app.py").write_text("")
    checked = check(folder / "hivemind.yaml", load(project=folder, third_party=False), lint=False)
    return [one for one in checked.findings if one.id == "H408"]


def test_both_are_named_with_their_places(tmp_path: Path) -> None:
    (finding,) = found(tmp_path)
    assert "db (hivemind.yaml:11) and reports (hivemind.yaml:12) both set DATABASE_URL" in finding.message
    assert finding.message.endswith("the value is that of db")
    assert (finding.place.line if finding.place else None) == 8


def test_what_the_service_sets_itself_is_decided(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "    env: {DATABASE_URL: $DB_URL}")
    assert "DATABASE_URL" not in finding.message
