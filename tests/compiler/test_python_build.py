from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from compiler_builds import HOST, MINOR, build, lay, names, unpacked, wheel

from hivemind.agents.compiler import hivemind_build
from hivemind.blueprint.model import Service
from hivemind.builds.here import Here
from hivemind.hosts.onhost.layout import Release
from hivemind.hosts.onhost.runtime import complete_environment
from hivemind.repositories.repository import read
from hivemind.values.artifact import Platform
from hivemind.values.errors import StageError
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow

APP = {"app.py": "import greet\nprint(greet.hello())\n", "requirements.txt": "greet\n", ".env": "SECRET=1\n"}
PYTHON = {"runtime": "python", "start": "greet"}


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip finds its packages in, and nowhere else."""
    folder = tmp_path / "wheels"
    code = "def hello():\n    return 'hello'\ndef main():\n    print(hello())\n"
    wheel(folder, "greet", "1.0", {"greet.py": code}, scripts={"greet": "greet:main"})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def run(release: Path, *command: str) -> str:
    complete_environment(Release(release), None, [HOST.python[0][1]])
    path = f"{release / 'venv/bin'}:{os.defpath}"
    done = subprocess.run(command, cwd=release / "app", env={"PATH": path}, capture_output=True, text=True, check=True)
    return done.stdout


def test_an_artifact_runs_anywhere_is_the_same_from_anywhere_and_is_built_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = "import greet, os\nopen('out.txt', 'w').write(greet.hello() + os.environ['LEVEL'])\n"
    asked = {**PYTHON, "build": "python make.py", "env": {"LEVEL": "3"}}
    root, store = lay(tmp_path / "in", {**APP, "make.py": make}), tmp_path / "store"
    artifact = build(root, store, **asked)
    manifest = unpacked(artifact, tmp_path / "there")
    assert run(tmp_path / "there", "greet") == "hello\n"
    assert run(tmp_path / "there", "python", "app.py") == "hello\n"
    assert manifest["runtime"] == artifact.runtime == f"python {MINOR}"
    assert (manifest["start"], manifest["interpreter"]["version"]) == ("greet", MINOR)
    found = names(artifact)
    assert "app/.env" not in found
    assert not any("pyvenv.cfg" in name or "__pycache__" in name or name.endswith("/python") for name in found)
    assert any(".env" in notice for notice in artifact.notices)
    assert (tmp_path / "there/app/out.txt").read_text() == "hello3", "made in a copy, with the environment"
    assert not (root / "out.txt").exists()

    elsewhere = lay(tmp_path / "deeper/and/elsewhere", {**APP, "make.py": make})
    os.utime(elsewhere / "app.py", (1, 1))
    same = build(elsewhere, tmp_path / "another", **asked)
    assert same.digest == artifact.digest
    assert same.path.read_bytes() == artifact.path.read_bytes()

    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    again = build(root, store, **asked)
    assert (artifact.reused, again.reused, again.digest) == (False, True, artifact.digest)
    lay(root, {"app.py": "import greet\nprint('other')\n"})
    changed = build(root, store, **asked)
    assert (changed.reused, changed.dependencies_reused) == (False, True)
    assert changed.digest != artifact.digest
    assert list((store / "work").iterdir()) == []


@pytest.mark.stress
def test_a_local_project_is_installed_with_its_build_backend(tmp_path: Path) -> None:
    backend = (
        "import zipfile\n"
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        "    name = 'shop-2-py3-none-any.whl'\n"
        "    with zipfile.ZipFile(folder + '/' + name, 'w') as w:\n"
        "        w.writestr('shop/__init__.py', open('src/shop/__init__.py').read())\n"
        "        w.writestr('shop-2.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: shop\\nVersion: 2\\n')\n"
        "        w.writestr('shop-2.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n'\n"
        "                   'Tag: py3-none-any\\n')\n"
        "        w.writestr('shop-2.dist-info/RECORD', '')\n"
        "    return name\n"
    )
    project = (
        '[build-system]\nrequires=[]\nbuild-backend="backend"\nbackend-path=["."]\n'
        '[project]\nname="shop"\nversion="2"\ndependencies=["greet"]\n'
    )
    files = {
        "pyproject.toml": project,
        "backend.py": backend,
        "src/shop/__init__.py": "import greet\nNAME = greet.hello()\n",
    }
    artifact = build(
        lay(tmp_path / "in", files), tmp_path / "store", runtime="python", start="x", install="pip install ."
    )
    unpacked(artifact, tmp_path / "there")
    assert run(tmp_path / "there", "python", "-c", "import shop; print(shop.NAME)") == "hello\n"
    assert {name for name in names(artifact) if name.startswith("app/")} == {
        "app/backend.py",
        "app/pyproject.toml",
        "app/src",
        "app/src/shop",
        "app/src/shop/__init__.py",
    }


def test_a_failing_command_is_named_with_its_first_error(tmp_path: Path) -> None:
    root = lay(tmp_path / "in", {"requirements.txt": "", "x.py": ""})
    with pytest.raises(StageError) as caught:
        build(root, tmp_path / "store", **PYTHON, build="echo before; echo 'Error: no colour' >&2; exit 3")
    error = caught.value
    assert error.exit_code is ExitCode.BUILD
    assert "ended with exit code 3: Error: no colour" in error.message
    assert "before" in error.lines
    assert (tmp_path / "store/logs/web.log").read_text().count("no colour") == 2


def test_a_package_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="No matching distribution found for nowhere==1"):
        build(lay(tmp_path / "in", {"requirements.txt": "nowhere==1\n"}), tmp_path / "store", **PYTHON)


def test_variables_in_requirements_are_filled_in_by_pip_and_never_on_its_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"requirements.txt": "--find-links ${WHEELS_TOKEN}/wheels\n--timeout 60\ngreet\n"}
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.delenv("WHEELS_TOKEN", raising=False)
    root = lay(tmp_path / "in", files)
    with pytest.raises(StageError, match=r"the requirements name \$\{WHEELS_TOKEN\}, which is not set") as caught:
        build(root, tmp_path / "store", **PYTHON)
    assert "WHEELS_TOKEN=... hivemind apply" in str(caught.value.hint)
    monkeypatch.setenv("WHEELS_TOKEN", str(tmp_path))
    build(root, tmp_path / "store", **PYTHON)
    said = (tmp_path / "store/logs/web.log").read_text()
    assert "-r options.txt" in said
    assert "--find-links" not in said


def test_a_failure_with_a_stand_in_for_the_wanted_python_says_so(tmp_path: Path) -> None:
    root = lay(tmp_path / "in", {"requirements.txt": "nowhere\n"})
    with pytest.raises(StageError) as caught:
        build(root, tmp_path / "store", runtime="python 3.99", start="x")
    assert f"this machine does not have Python 3.99, only {MINOR}" in str(caught.value.hint)


def test_wheels_for_another_platform(tmp_path: Path) -> None:
    other = Platform("debian-12", "aarch64", (2, 36), (("3.11", "python3.11"),), None)
    artifact = build(lay(tmp_path / "in", APP), tmp_path / "store", other, **PYTHON)
    assert "venv/lib/python3.11/site-packages/greet.py" in names(artifact)


def test_other_runtimes_are_left_to_others(tmp_path: Path) -> None:
    root = lay(tmp_path, {"a.cob": ""})
    assert hivemind_build(Service("web", runtime="fortran 2018"), read(root), Here(HOST, tmp_path / "s")) is None
