from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from compiler_builds import HOST, build, lay, names, unpacked

from hivemind.values.errors import StageError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (shutil.which("npm") and shutil.which("node")), reason="needs Node.js with npm"),
]


def package(**content: object) -> str:
    return json.dumps({"name": "shop", "version": "1.0.0", **content})


FILES = {
    "package.json": package(dependencies={"greet": "file:greet"}, scripts={"build": "node make.js"}),
    "greet/package.json": json.dumps({"name": "greet", "version": "1.0.0", "main": "index.js"}),
    "greet/index.js": "module.exports = 'hello';\n",
    "make.js": "require('fs').writeFileSync('out.js', `console.log('${require('greet')}')`);\n",
}


def test_installs_builds_and_runs_and_gives_the_same_digest_twice(tmp_path: Path) -> None:
    roots = [lay(tmp_path / "a", FILES), lay(tmp_path / "b/c", FILES)]
    os.utime(roots[1] / "make.js", (1, 1))
    artifact, same = (
        build(root, tmp_path / f"s{n}", runtime="node", start="node out.js", build="npm run build")
        for n, root in enumerate(roots)
    )
    assert artifact.digest == same.digest
    manifest = unpacked(artifact, tmp_path / "there")
    done = subprocess.run(["node", "out.js"], cwd=tmp_path / "there/app", capture_output=True, text=True, check=True)
    assert done.stdout == "hello\n"
    assert manifest["env"] == {"NODE_ENV": "production"}
    assert manifest["runtime"] == "node 20.0.0"
    assert any("no package-lock.json" in notice for notice in artifact.notices)
    assert not (roots[0] / "node_modules").exists()
    assert "app/node_modules/.package-lock.json" not in names(artifact)


def test_without_npm_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StageError, match="needs node and npm on this machine") as caught:
        build(lay(tmp_path / "in", FILES), tmp_path / "store", runtime="node", start="node out.js")
    assert "apt install nodejs npm" in str(caught.value.hint)


def test_a_wanted_version_that_the_local_machine_lacks_is_replaced_with_a_notice(tmp_path: Path) -> None:
    artifact = build(lay(tmp_path / "in", {"a.js": ""}), tmp_path / "store", HOST, runtime="node 99", start="node a.js")
    assert artifact.runtime == "node 20.0.0"
    assert artifact.notices == ("Node 99 is not available: Node 20.0.0 of this machine runs it",)


HOOKED = {
    "package.json": package(
        dependencies={"greet": "file:greet"},
        devDependencies={"maker": "file:maker"},
        scripts={"prepare": "maker", "postinstall": "maker >> log.txt"},
    ),
    "greet/package.json": FILES["greet/package.json"],
    "greet/index.js": FILES["greet/index.js"],
    "maker/package.json": json.dumps({"name": "maker", "version": "1.0.0", "bin": "make.js"}),
    "maker/make.js": "#!/usr/bin/env node\nrequire('fs').writeFileSync('made.js', 'console.log(2)')\n",
    "app.js": "require('./made.js')\n",
}


def test_scripts_on_installing_find_development_dependencies(tmp_path: Path) -> None:
    root = lay(tmp_path / "in", HOOKED)
    (root / "maker/make.js").chmod(0o755)
    artifact = build(root, tmp_path / "store", runtime="node", start="node app.js")
    unpacked(artifact, tmp_path / "there")
    done = subprocess.run(["node", "app.js"], cwd=tmp_path / "there/app", capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"
    assert not any(name.startswith("app/node_modules/maker") for name in names(artifact))
    assert json.loads((tmp_path / "there/app/package.json").read_text())["scripts"]["prepare"] == "maker"


@pytest.mark.stress
def test_a_changed_source_reuses_dependencies_although_scripts_run_on_installing(tmp_path: Path) -> None:
    files = {
        "package.json": package(scripts={"postinstall": "node mark.js"}),
        "mark.js": "require('fs').writeFileSync('made.js', require('fs').readFileSync('value.txt'))\n",
        "value.txt": "module.exports = 1\n",
        "app.js": "console.log(require('./made.js'))\n",
    }
    root = lay(tmp_path / "in", files)
    build(root, tmp_path / "store", runtime="node", start="node app.js")
    (root / "value.txt").write_text("module.exports = 2\n")
    artifact = build(root, tmp_path / "store", runtime="node", start="node app.js")
    assert artifact.dependencies_reused
    unpacked(artifact, tmp_path / "there")
    assert (tmp_path / "there/app/made.js").read_text() == "module.exports = 2\n"


TOOLS = {"prisma": "prisma", "@babel/node": "babel-node"}
"""A development dependency -> its program."""


@pytest.mark.parametrize(
    ("tool", "start", "release", "command"),
    [
        ("prisma", "node make.js", "prisma migrate deploy", "release"),
        ("prisma", "node make.js", None, None),
        ("@babel/node", "npm start", None, "start"),
        ("@babel/node", "node -r @babel/node/register make.js", None, "start"),
        ("@babel/node", "node make.js", None, None),
    ],
)
def test_what_instances_run_stays_although_it_is_for_development(
    tmp_path: Path, tool: str, start: str, release: str | None, command: str | None
) -> None:
    program = TOOLS[tool]
    manifest = package(
        dependencies={"greet": "file:greet"}, devDependencies={tool: "file:tool"},
        scripts={"start": "watcher --exec babel-node make.js"},
    )  # fmt: skip
    files = {
        **FILES,
        "package.json": manifest,
        "tool/package.json": json.dumps({"name": tool, "version": "1.0.0", "bin": {program: "run.js"}}),
        "tool/run.js": "#!/usr/bin/env node\nconsole.log('migrated');\n",
    }
    root = lay(tmp_path / "in", files)
    artifact = build(root, tmp_path / "store", runtime="node", start=start, release=release)
    assert (f"app/node_modules/.bin/{program}" in names(artifact)) is (command is not None)
    stay = [notice for notice in artifact.notices if notice.startswith("kept development dependencies")]
    said = f"kept development dependencies: the {command} command needs {tool}, which is one of them"
    assert stay == ([said] if command else [])


def test_a_file_of_variables_that_is_not_packed_is_left_out_of_the_start_command(tmp_path: Path) -> None:
    start = "node --env-file=.env --env-file=settings.txt --enable-source-maps app.js"
    files = {"package.json": package(scripts={"start": start}), "app.js": "", ".env": "A=1\n", "settings.txt": "B=2\n"}
    artifact = build(lay(tmp_path / "in", files), tmp_path / "store", runtime="node", start="npm start")
    assert artifact.start == "node --env-file=settings.txt --enable-source-maps app.js"
    assert any(notice.startswith("removed --env-file from the start command") for notice in artifact.notices)
