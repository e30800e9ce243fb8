# ruff: noqa: E501 - samples read best as they are

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from compiler_builds import lay

from hivemind.agents.compiler.python import requirements
from hivemind.agents.compiler.python.locks.resolution import environment
from hivemind.blueprint.model import Service
from hivemind.builds.sources import gather
from hivemind.builds.workspaces import Workspace, find
from hivemind.repositories.repository import Repository, read

pytestmark = pytest.mark.fast


def package(name: str, *needs: str, **more: object) -> str:
    return json.dumps({"name": name, "dependencies": dict.fromkeys(needs, "*"), **more})


FILES = {
    "package.json": json.dumps({"private": True, "workspaces": ["apps/*", "packages/*", "!packages/old"]}),
    "package-lock.json": "{}",
    "tsconfig.json": "{}",
    ".env": "SECRET=1",
    "docs/index.md": "",
    "apps/web/package.json": package("web", "lib", devDependencies={"config": "*"}),
    "apps/web/index.js": "",
    "apps/admin/package.json": package("admin", "lib"),
    "apps/admin/index.js": "",
    "packages/lib/package.json": package("lib", "core", scripts={"build": "tsc"}),
    "packages/lib/index.ts": "",
    "packages/core/package.json": package("core"),
    "packages/core/index.ts": "",
    "packages/config/package.json": package("config"),
    "packages/config/index.js": "",
    "packages/old/package.json": package("old"),
}


def found(root: Path, files: dict[str, str], path: str = "apps/web", kind: str = "node") -> Workspace | None:
    return find(path, read(lay(root, files)), kind)


def test_what_a_member_needs_of_its_workspace(tmp_path: Path) -> None:
    around = found(tmp_path, FILES)
    assert around is not None
    assert (around.above, around.folder, around.lock) == (".", "apps/web", "package-lock.json")
    assert [member.name for member in around.needed] == ["core", "lib", "config"]
    assert around.kept == ("packages/core", "packages/lib")
    assert "apps/admin/package.json" in around.files
    assert "apps/admin/index.js" not in around.files
    assert "docs/index.md" not in around.files
    assert "tsconfig.json" in around.files


def test_secrets_of_the_workspace_are_left_out_and_listed(tmp_path: Path) -> None:
    files = {**FILES, "packages/lib/server.key": "", "packages/lib/.npmrc": "save=true", "apps/web/.env.local": ""}
    packed = gather(Service("web", path="apps/web", runtime="node 20"), read(lay(tmp_path, files)))
    assert packed.workspace is not None
    assert not {".env", "packages/lib/server.key"} & set(packed.workspace.files)
    assert "packages/lib/.npmrc" in packed.workspace.files
    assert packed.left_out == (".env.local", "../../.env", "../../packages/lib/server.key")
    assert packed.files == ("index.js", "package.json")
    assert {"apps/web/index.js", "packages/lib/index.ts", "package-lock.json"} <= set(packed.whole.files)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"apps/web/package-lock.json": "{}"}, "apps/web"),  # a lock of its own
        ({"package.json": "{}"}, "apps/web"),  # no workspace
        ({}, "packages/old"),  # left out of it
        ({}, "."),
    ],
)
def test_what_is_on_its_own(tmp_path: Path, changes: dict[str, str], path: str) -> None:
    assert found(tmp_path, {**FILES, **changes}, path) is None


def test_pnpm_and_a_workspace_below_the_top(tmp_path: Path) -> None:
    files = {f"js/{name}": text for name, text in FILES.items() if name not in {"package.json", "package-lock.json"}}
    files |= {"js/package.json": "{}", "js/pnpm-lock.yaml": "", "js/pnpm-workspace.yaml": "packages:\n  - '**'\n"}
    around = found(tmp_path, files, "js/apps/web")
    assert around is not None
    assert (around.above, around.folder, around.lock) == ("js", "apps/web", "pnpm-lock.yaml")


def test_members_that_need_each_other(tmp_path: Path) -> None:
    files = {**FILES, "packages/core/package.json": package("core", "lib")}
    around = found(tmp_path, files)
    assert around is not None
    assert {member.name for member in around.needed} == {"core", "lib", "config"}


def test_members_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    files = {**FILES, "apps/web/package.json": package("app", "lib"), "apps/admin/package.json": package("app", "core")}
    for path, needed in (("apps/web", ["core", "lib"]), ("apps/admin", ["core"])):
        around = found(tmp_path, files, path)
        assert around is not None
        assert (around.folder, [member.name for member in around.needed]) == (path, needed)
        assert {"apps/web", "apps/admin"} <= set(around.members)


def test_a_folder_is_called_as_it_likes_and_those_of_packages_hold_no_member(tmp_path: Path) -> None:
    files = {**FILES, "apps/node_modules_viewer/package.json": package("viewer", "core")}
    around = found(tmp_path, files, "apps/node_modules_viewer")
    assert around is not None
    assert [member.name for member in around.needed] == ["core"]
    files = {**FILES, "package.json": '{"workspaces": ["**"]}', "apps/node_modules/x/package.json": package("x")}
    assert found(tmp_path, files, "apps/node_modules/x") is None


@pytest.mark.parametrize(
    ("globs", "member"),
    [
        (["apps/*"], True),
        (["**"], True),
        (["**/web"], True),
        (["apps/**"], True),
        (["apps/web/**"], True),
        (["./apps/*/"], True),
        (["{apps,packages}/*"], True),
        (["{packages/lib,apps/{web,admin}}"], True),
        (["apps/w?b"], True),
        (["apps/*b*"], True),
        (["*"], False),
        (["*/*/*"], False),
        (["apps/w"], False),
        (["apps/*x*"], False),
        (["apps/*", "!apps/w*"], False),
        (["!apps/w*", "apps/*"], True),
    ],
)
def test_globs_of_members(tmp_path: Path, globs: list[str], member: bool) -> None:
    files = {**FILES, "package.json": json.dumps({"workspaces": globs})}
    assert (found(tmp_path, files) is not None) is member


@pytest.mark.parametrize(
    "glob", ["**/" * 60 + "x", "*a" * 120, "{a,b}" * 60, "{" * 250, "{a," * 80 + "}" * 50, "apps/" + "*" * 200 + "x"]
)
def test_globs_that_mean_harm_end_soon(tmp_path: Path, glob: str) -> None:
    deep = "/".join("a" * 12 for _ in range(60))
    files = {"package.json": json.dumps({"workspaces": [glob]}), f"{deep}/package.json": package("deep")}
    assert found(tmp_path, files, deep) is None


@dataclass(frozen=True)
class InMemory(Repository):
    """A tree of many files, which would take a second to write."""

    contents: Mapping[str, str] = field(default_factory=dict)

    def text(self, path: str, *, limit: int = 1_000_000) -> str | None:
        return self.contents.get(path)


def test_a_long_chain_of_members(tmp_path: Path) -> None:
    count = 1500
    files = {"package.json": '{"workspaces": ["p/*"]}'}
    files |= {f"p/m{number}/package.json": package(f"m{number}", f"m{number + 1}") for number in range(count)}
    around = find("p/m0", InMemory(tmp_path, tuple(sorted(files)), contents=files), "node")
    assert around is not None
    assert [member.name for member in around.needed] == [f"m{number}" for number in range(count - 1, 0, -1)]


@pytest.mark.parametrize(
    "text",
    ['[tool]\nuv = "x"\n', "[tool.uv]\nworkspace = 1\n", "[tool.uv.workspace]\nmembers = 7\n", "a = " + "[" * 9000],
)
def test_manifests_of_python_that_say_something_else(tmp_path: Path, text: str) -> None:
    files = {"pyproject.toml": text, "uv.lock": "version = 1\n", "apps/api/pyproject.toml": text}
    assert found(tmp_path, files, "apps/api", "python") is None


@pytest.mark.parametrize(
    "text", ['{"workspaces": 7}', '{"workspaces": {"packages": "apps/*"}}', '{"workspaces": [7]}', "[" * 9000, "[]"]
)
def test_manifests_of_node_that_say_something_else(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, {**FILES, "package.json": text}) is None


BESIDE = {
    "apps/api/requirements.txt": "flask\n-e ../../libs/parts\n",
    "apps/api/app.py": "",
    "libs/parts/pyproject.toml": '[project]\nname = "parts"\ndependencies = ["six"]\n[tool.uv.sources]\ncore = { path = "../core" }\n',
    "libs/core/setup.py": "",
    "libs/other/setup.py": "",
}


def test_python_projects_outside_of_the_folder_by_path(tmp_path: Path) -> None:
    around = found(tmp_path, BESIDE, "apps/api", "python")
    assert around is not None
    assert (around.folder, around.lock) == ("apps/api", None)
    assert set(around.files) == {"libs/parts/pyproject.toml", "libs/core/setup.py"}


def test_they_are_installed_by_their_place_in_the_repository(tmp_path: Path) -> None:
    service = Service("web", runtime="python", path="apps/api", install="pip install -r requirements.txt")
    packed = gather(service, read(lay(tmp_path, BESIDE)))
    asked = requirements.plan(service, packed, environment("3.12.1", "x86_64"))
    assert asked.locals == ["libs/parts"]
    assert asked.lines == ["flask", "six"]


@pytest.mark.parametrize("outside", ["-e ../../../elsewhere\n", "# ../../libs/parts\n", "-e ../../libs/nothing\n"])
def test_what_is_not_in_the_repository_is_no_neighbour(tmp_path: Path, outside: str) -> None:
    assert found(tmp_path, {**BESIDE, "apps/api/requirements.txt": outside}, "apps/api", "python") is None
