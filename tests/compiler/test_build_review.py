# ruff: noqa: E501 - samples read best as they are

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from compiler_builds import HOST, lay

from hivemind.agents.compiler.review import review
from hivemind.blueprint.model import Blueprint, Origin, Service
from hivemind.repositories.repository import read
from hivemind.values.artifact import Platform
from hivemind.values.findings import Finding, Severity

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
    return review(blueprint, read(lay(root, files)), {"web": platform})


def test_all_is_well(tmp_path: Path) -> None:
    assert found(tmp_path, {"requirements.txt": "flask\n"}, runtime="python") == ()


def test_a_python_that_no_system_has(tmp_path: Path) -> None:
    (one,) = found(tmp_path, {"app.py": ""}, DEBIAN, runtime="python 3.99")
    assert (one.id, one.is_error, str(one.place)) == ("H501", True, ".python-version:1")
    assert one.message == "web asks for Python 3.99, but debian-12 has 3.11"
    (one,) = found(tmp_path, {}, HOST, runtime="python 3.99")
    assert (one.id, one.is_error) == ("H501", False)


def test_a_python_lock_and_its_manifest_with_both_lines(tmp_path: Path) -> None:
    (one,) = found(tmp_path, {"api/pyproject.toml": PROJECT, "api/uv.lock": UV}, runtime="python", path="api")
    assert (one.id, str(one.place)) == ("H502", "api/pyproject.toml:4")
    assert one.message == "api/pyproject.toml:4 asks for flask>=3, but api/uv.lock:7 has Flask 2.3".replace(
        "flask", "Flask", 1
    )
    assert one.hint == "Update the lock file with `uv lock`, and commit it."


def test_a_project_that_does_not_run_on_the_python_asked_for(tmp_path: Path) -> None:
    project = '[project]\nname = "shop"\nrequires-python = ">=3.12"\ndependencies = ["flask"]\n'
    (one,) = found(tmp_path, {"pyproject.toml": project, "uv.lock": UV}, DEBIAN, runtime="python 3.11")
    assert (one.id, one.is_error) == ("H501", True)
    assert one.message == "pyproject.toml:3 requires Python >=3.12, but web runs on 3.11"


def test_a_lock_with_conflict_markers(tmp_path: Path) -> None:
    (one,) = found(tmp_path, {"pyproject.toml": PROJECT, "poetry.lock": "<<<<<<< HEAD\n"}, runtime="python")
    assert (one.id, str(one.place)) == ("H505", "poetry.lock")


PACKAGE = '{\n  "dependencies": {\n    "ms": "^2.1.0"\n  }\n}\n'
NPM = json.dumps({"lockfileVersion": 3, "packages": {"": {"dependencies": {"ms": "^1.0.0"}}}}, indent=1)


@pytest.mark.skipif(not (shutil.which("npm") and shutil.which("node")), reason="needs Node.js with npm")
@pytest.mark.parametrize(
    ("lock", "text", "said"),
    [
        ("package-lock.json", NPM, "package-lock.json:6 has ^1.0.0"),
        ("package-lock.json", NPM.replace("ms", "xs"), "package-lock.json lacks it"),
        (
            "pnpm-lock.yaml",
            "importers:\n  .:\n    dependencies:\n      ms:\n        specifier: ^1.0.0\n",
            "pnpm-lock.yaml:4 has ^1.0.0",
        ),
        ("yarn.lock", '# yarn lockfile v1\n\nms@^1.0.0:\n  version "1.0.1"\n', "yarn.lock:3 has ^1.0.0"),
        (
            "yarn.lock",
            '__metadata:\n  version: 8\n"ms@npm:^1.0.0, ms@npm:^1.1.0":\n  version: 1.0.1\n',
            "yarn.lock:3 has",
        ),
        (
            "bun.lock",
            '{\n "workspaces": {\n  "": {"dependencies": {\n   "ms": "^1.0.0",\n}},\n}}',
            "bun.lock:4 has ^1.0.0",
        ),
    ],
)
def test_a_node_lock_and_its_manifest(tmp_path: Path, lock: str, text: str, said: str) -> None:
    (one,) = found(tmp_path, {"package.json": PACKAGE, lock: text}, runtime="node")
    assert one.id == "H502"
    assert f"package.json:3 asks for ms ^2.1.0, but {said}" in one.message


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


@pytest.mark.parametrize(
    ("service", "message", "hint"),
    [
        ({"runtime": "rust"}, "building web needs cargo", "rustup"),
        ({"runtime": "java 21", "build": "mvn package"}, "building web needs javac and mvn", "apt install maven"),
        ({"runtime": "java", "build": "gradle build"}, "building web needs javac and gradle", "gradlew"),
        ({"runtime": "ruby"}, "building web needs ruby and bundle", "gem install bundler"),
        ({"runtime": "php"}, "building web needs php and composer", "apt install composer"),
        ({"runtime": "node"}, "building web needs node and npm", "apt install nodejs npm"),
        ({"runtime": "bun"}, "building web needs node and npm", "apt install nodejs npm"),
        ({"runtime": "deno"}, "building web needs npm", "apt install nodejs npm"),
        ({"runtime": "elixir", "build": "mix release"}, "building web needs mix", "runtime: shell"),
        ({"runtime": "dotnet 8.0", "build": "dotnet publish -o out"}, "building web needs dotnet", "runtime: shell"),
        ({"runtime": "python", "install": "poetry install && make all"}, "building web needs make", "apt install make"),
        ({"runtime": "shell", "build": "cd x && cmake -B o"}, "building web needs cmake", "apt install cmake"),
        ({"runtime": "static", "build": "hugo --minify"}, "building web needs hugo", "apt install hugo"),
        ({"runtime": "python", "build": "npm run build"}, "building web needs npm", "apt install nodejs npm"),
    ],
)
def test_every_program_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: dict[str, str], message: str, hint: str
) -> None:
    manifests = {"Gemfile": "", "composer.json": "{}"} | ({} if "npm run" in str(service) else {"package.json": "{}"})
    if service["runtime"] not in {"node", "bun"}:
        manifests.pop("package.json", None)
    lay(tmp_path / "in", {**manifests, "app.py": ""})
    monkeypatch.setenv("PATH", str(tmp_path))
    said = [one for one in found(tmp_path / "in", {}, **service) if one.id == "H503"]
    assert [one.message for one in said] == [f"{message} on this machine"]
    assert hint in str(said[0].hint)
    assert str(said[0].place) == ".python-version:1"  # where Recon saw the language


@pytest.mark.parametrize(
    "build",
    ["yarn build || npm run build", "if [ -f Makefile ]; then make; fi", "[ -f Makefile ] && make", "hugo || true"],
)
def test_a_program_that_the_build_can_do_without_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert found(tmp_path, {}, runtime="shell", build=build, start="./app") == ()


def test_languages_of_others_are_left_to_them(tmp_path: Path) -> None:
    assert found(tmp_path, {"go.mod": "module x\n\ngo 99.0\n"}, runtime="fortran 2018", build="make") == ()


def test_a_start_command_of_a_program_that_no_artifact_carries(tmp_path: Path) -> None:
    said = [one for one in found(tmp_path, {}, DEBIAN, runtime="elixir", start="mix phx.server") if one.id == "H504"]
    assert [one.message for one in said] == ["the start command of web runs mix, which debian-12 does not have"]
    assert "mix release" in str(said[0].hint)


def test_a_gradle_wrapper_without_its_jar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    said = found(tmp_path, {"gradlew": "", "build.gradle": ""}, runtime="java", build="./gradlew build")
    assert any("gradlew needs gradle/wrapper/gradle-wrapper.jar" in one.message for one in said)


GO = """#!/bin/sh
[ "$GOTOOLCHAIN" = local ] || { echo "go version go9.9.9 linux/amd64"; exit; }
[ -f go.mod ] && { echo "go version go9.9.9 linux/amd64"; exit; }
case "$1" in
version) echo "go version go%s linux/amd64" ;;
mod) grep -qE "^go [0-9]+[.][0-9]+$" "$4" || { echo "invalid go version" >&2; exit 1; } ;;
esac
"""
"""A Go that says another version where the project may decide which one is meant."""


@pytest.mark.parametrize(
    ("has", "asked", "severity"),
    [
        ("1.19.8", "1.22", Severity.WARNING),  # it tries, and mostly succeeds
        ("1.19.8", "1.22.3", Severity.ERROR),  # it can't read the line
        ("1.21.0", "1.22", Severity.ERROR),
        ("1.22.1", "1.22.3", Severity.ERROR),
        ("1.22.3", "1.22.3", None),
        ("1.23.0", "1.22", None),
    ],
)
def test_a_go_that_is_older_than_the_one_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has: str, asked: str, severity: Severity | None
) -> None:
    program = tmp_path / "bin/go"
    lay(tmp_path, {"bin/go": GO % has})
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    lay(tmp_path / "in", {"go.mod": f"module a\n\ngo {asked}\n"})
    monkeypatch.chdir(tmp_path / "in")
    said = found(tmp_path / "in", {}, runtime=f"go {asked}")
    assert [(one.id, one.severity, str(one.place)) for one in said] == (
        [("H503", severity, "go.mod:3")] if severity else []
    )
    assert all(one.message == f"go.mod:3 asks for Go {asked}, but this machine has {has}" for one in said)


@pytest.mark.skipif(not shutil.which("go"), reason="needs Go")
def test_a_go_that_is_too_old(tmp_path: Path) -> None:
    (one,) = found(tmp_path, {"go.mod": "module a\n\ngo 1.99\n"}, runtime="go 1.99")
    assert (one.id, str(one.place)) == ("H503", "go.mod:3")
    assert one.message.startswith("go.mod:3 asks for Go 1.99, but this machine has 1.")


def test_a_node_that_can_not_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hivemind.agents.compiler.node.versions.published", lambda _: ("22.23.3",))
    said = found(tmp_path, {}, DEBIAN, runtime="node 99")
    assert [(one.id, one.is_error, str(one.place)) for one in said] == [("H501", True, ".python-version:1")]
    assert said[0].message == "web asks for Node 99, which is not available; the nearest is 22.23.3"
    assert said[0].hint == "Write `runtime: node 22`."
    (local,) = found(tmp_path, {}, HOST, runtime="node 99")
    assert not local.is_error
    assert local.message.endswith("In the local cloud, version 20.0.0 of this machine runs it")


def test_a_lock_above_the_service(tmp_path: Path) -> None:
    lock = {"packages": {"": {}, "apps/web": {"dependencies": {"ms": "^1.0.0"}}}}
    files = {
        "package.json": '{"workspaces": ["apps/*"]}',
        "package-lock.json": json.dumps(lock, indent=1),
        "apps/web/package.json": PACKAGE,
    }
    said = [one for one in found(tmp_path, files, runtime="node", path="apps/web") if one.id == "H502"]
    assert [str(one.place) for one in said] == ["apps/web/package.json:3"]
    assert "apps/web/package.json:3 asks for ms ^2.1.0, but package-lock.json:6 has ^1.0.0" in said[0].message


def test_what_an_instance_lacks(tmp_path: Path) -> None:
    said = [one.message for one in found(tmp_path, {}, DEBIAN, runtime="ruby 3.3") if one.id == "H504"]
    assert said == ["web needs ruby 3.3, but debian-12 has none, and HiveMind cannot ship it"]
