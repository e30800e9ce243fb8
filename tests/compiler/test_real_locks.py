"""Locks as Poetry 2 wrote them for both of its manifests, PDM 2.20, Pipenv and uv: extras, groups, markers, projects in
folders beside. Two files of each package are kept, for shortness."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hivemind.agents.compiler.python import requirements
from hivemind.agents.compiler.python.asked import Asked
from hivemind.agents.compiler.python.locks.resolution import environment
from hivemind.blueprint.model import Service
from hivemind.builds.sources import gather
from hivemind.repositories.repository import read

pytestmark = pytest.mark.fast
LOCKS = Path(__file__).parent / "locks"
FLASK = {"blinker", "click", "flask", "itsdangerous", "jinja2", "markupsafe", "werkzeug"}
USUAL = {*FLASK, "asgiref", "hiredis", "redis"}


def asked(folder: Path, project: str, install: str | None, python: str = "3.12.1", path: str = ".") -> Asked:
    shutil.copytree(LOCKS / project, folder, dirs_exist_ok=True)
    service = Service("web", runtime="python", install=install, path=path)
    return requirements.plan(service, gather(service, read(folder)), environment(python, "x86_64"))


def names(found: Asked) -> set[str]:
    return {line.partition("==")[0] for line in found.pinned}


@pytest.mark.parametrize(
    ("project", "install", "more"),
    [
        ("poetry2", "poetry install --only main", set()),
        ("poetry2", "poetry sync --with jobs -E web", {"schedule", "gunicorn", "packaging"}),
        ("pdm", "pdm sync --prod", set()),
        ("pdm", "pdm install --prod -G web -G jobs", {"gunicorn", "schedule", "packaging"}),
        ("pipenv", "pipenv install --deploy", set()),
        ("pipenv", "pipenv sync --categories packages,jobs", {"schedule"}),
        ("poetry1", "poetry install --only main", {"numpy", "pyjwt"}),
        ("poetry1", "poetry install --without dev --extras web", {"numpy", "pyjwt", "gunicorn", "packaging"}),
    ],
)
def test_what_is_locked_for_production(tmp_path: Path, project: str, install: str, more: set[str]) -> None:
    found = asked(tmp_path, project, install)
    # Which of these redis asks for depends on the moment at which the lock was made.
    assert names(found) - {"pyjwt", "packaging"} == USUAL | (more - {"pyjwt", "packaging"})
    assert found.locals == ["libs/parts"]
    assert (found.contradictions, found.notices, found.lines) == ([], [], [])


def test_markers_choose_between_two_versions(tmp_path: Path) -> None:
    versions = {}
    for python in ("3.11.9", "3.12.1"):
        found = asked(tmp_path / python, "poetry1", "poetry install --only main", python)
        versions[python] = next(line.split(" ")[0] for line in found.pinned if line.startswith("numpy"))
    assert versions["3.11.9"].startswith("numpy==1.26.")
    assert versions["3.12.1"].startswith("numpy==2.")


def test_a_member_of_a_uv_workspace_gets_its_own_from_the_lock_above(tmp_path: Path) -> None:
    found = asked(tmp_path, "uvws", None, path="apps/api")
    assert names(found) == FLASK | {"redis"}
    assert found.locals == ["packages/parts"]


def test_a_project_beside_without_a_lock(tmp_path: Path) -> None:
    lib = {"pyproject.toml": '[project]\nname = "parts"\ndependencies = ["itsdangerous>=2"]\n'}
    (tmp_path / "libs/parts").mkdir(parents=True)
    (tmp_path / "libs/parts/pyproject.toml").write_text(lib["pyproject.toml"])
    (tmp_path / "pyproject.toml").write_text((LOCKS / "pdm/pyproject.toml").read_text())
    service = Service("web", runtime="python", install="pdm install --prod")
    found = requirements.plan(service, gather(service, read(tmp_path)), environment("3.12.1", "x86_64"))
    assert found.locals == ["libs/parts"]
    assert "itsdangerous>=2" in found.lines
    assert not any("PROJECT_ROOT" in line for line in found.lines)
