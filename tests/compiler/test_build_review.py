# ruff: noqa: E501 - samples read best as they are

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from compiler_builds import HOST, lay

from hivemind.agents.compiler.review import review
from hivemind.artifact import Platform
from hivemind.blueprint.model import Blueprint, Origin, Service
from hivemind.findings import Finding
from hivemind.repository import read

pytestmark = pytest.mark.fast
DEBIAN = Platform("debian-12", "x86_64", (2, 36), (("3.11", "/usr/bin/python3"),), None)
UV = '[[package]]\nname = "shop"\nversion = "1"\nsource = { virtual = "." }\n\n[[package]]\nname = "flask"\nversion = "2.3"\n'
PROJECT = '[project]\nname = "shop"\ndependencies = [\n  "Flask>=3",\n]\n'


def found(root: Path, files: dict[str, str], platform: Platform = HOST, **service: str) -> tuple[Finding, ...]:
    blueprint = Blueprint(
        "shop",
        services={"web": Service("web", **service)},  # type: ignore[arg-type]
        origins={"services.web.runtime": Origin("recon", ".python-version:1")},
    )
    return review(blueprint, read(lay(root, files)), lambda _os, _size: platform)


def test_all_is_well(tmp_path: Path) -> None:
    assert found(tmp_path, {"requirements.txt": "flask\n"}, runtime="python") == ()


def test_a_python_that_no_system_has(tmp_path: Path) -> None:
    (one,) = found(tmp_path, {"app.py": ""}, DEBIAN, runtime="python 3.99")
    assert (one.id, one.is_error, str(one.place)) == ("H501", True, ".python-version:1")
    assert one.message == "web asks for Python 3.99; debian-12 has 3.11"
    (one,) = found(tmp_path, {}, HOST, runtime="python 3.99")
    assert (one.id, one.is_error) == ("H501", False)


def test_a_python_lock_and_its_manifest_with_both_lines(tmp_path: Path) -> None:
    (one,) = found(tmp_path, {"api/pyproject.toml": PROJECT, "api/uv.lock": UV}, runtime="python", path="api")
    assert (one.id, str(one.place)) == ("H502", "api/pyproject.toml:4")
    assert one.message == "api/pyproject.toml:4 asks for flask>=3, api/uv.lock:7 holds Flask 2.3".replace(
        "flask", "Flask", 1
    )
    assert one.hint == "make the lock again and commit it:  uv lock"


def test_a_project_that_does_not_run_on_the_python_asked_for(tmp_path: Path) -> None:
    project = '[project]\nname = "shop"\nrequires-python = ">=3.12"\ndependencies = ["flask"]\n'
    (one,) = found(tmp_path, {"pyproject.toml": project, "uv.lock": UV}, DEBIAN, runtime="python 3.11")
    assert (one.id, one.is_error) == ("H501", True)
    assert one.message == "pyproject.toml:3 requires Python >=3.12, web runs on 3.11"


def test_a_lock_with_conflict_markers(tmp_path: Path) -> None:
    (one,) = found(tmp_path, {"pyproject.toml": PROJECT, "poetry.lock": "<<<<<<< HEAD\n"}, runtime="python")
    assert (one.id, str(one.place)) == ("H505", "poetry.lock")


PACKAGE = '{\n  "dependencies": {\n    "ms": "^2.1.0"\n  }\n}\n'
NPM = json.dumps({"lockfileVersion": 3, "packages": {"": {"dependencies": {"ms": "^1.0.0"}}}}, indent=1)


@pytest.mark.skipif(not (shutil.which("npm") and shutil.which("node")), reason="needs Node.js with npm")
@pytest.mark.parametrize(
    ("lock", "text", "said"),
    [
        ("package-lock.json", NPM, "package-lock.json:6 was made for ^1.0.0"),
        ("package-lock.json", NPM.replace("ms", "xs"), "package-lock.json does not hold it"),
        (
            "pnpm-lock.yaml",
            "importers:\n  .:\n    dependencies:\n      ms:\n        specifier: ^1.0.0\n",
            "pnpm-lock.yaml:4 was made for ^1.0.0",
        ),
        ("yarn.lock", '# yarn lockfile v1\n\nms@^1.0.0:\n  version "1.0.1"\n', "yarn.lock:3 was made for ^1.0.0"),
        (
            "yarn.lock",
            '__metadata:\n  version: 8\n"ms@npm:^1.0.0, ms@npm:^1.1.0":\n  version: 1.0.1\n',
            "yarn.lock:3 was made for",
        ),
        (
            "bun.lock",
            '{\n "workspaces": {\n  "": {"dependencies": {\n   "ms": "^1.0.0",\n}},\n}}',
            "bun.lock:4 was made for ^1.0.0",
        ),
    ],
)
def test_a_node_lock_and_its_manifest(tmp_path: Path, lock: str, text: str, said: str) -> None:
    (one,) = found(tmp_path, {"package.json": PACKAGE, lock: text}, runtime="node")
    assert one.id == "H502"
    assert f"package.json:3 asks for ms ^2.1.0, {said}" in one.message


@pytest.mark.parametrize(
    ("lock", "text"),
    [
        ("yarn.lock", '"ms@^2.0.0, ms@^2.1.0":\n  version "2.1.2"\n'),
        ("yarn.lock", '__metadata:\n  version: 8\n"ms@npm:^2.1.0":\n  version: 2.1.2\n'),
        ("package-lock.json", NPM.replace("^1.0.0", "^2.1.0")),
        ("package-lock.json", '{"lockfileVersion": 1, "dependencies": {}}'),
    ],
)
@pytest.mark.skipif(not (shutil.which("npm") and shutil.which("node")), reason="needs Node.js with npm")
def test_node_locks_that_fit(tmp_path: Path, lock: str, text: str) -> None:
    assert found(tmp_path, {"package.json": PACKAGE, lock: text}, runtime="node") == ()


def test_what_this_machine_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (one,) = found(tmp_path, {"go.mod": ""}, runtime="go 1.22")
    assert (one.id, one.message) == ("H503", "building web needs go on this machine")
    assert "apt install golang-go" in str(one.hint)


def test_what_an_instance_lacks(tmp_path: Path) -> None:
    said = [one.message for one in found(tmp_path, {}, DEBIAN, runtime="ruby 3.3") if one.id == "H504"]
    assert said == ["web needs ruby 3.3; debian-12 has none, and none can be brought along"]
