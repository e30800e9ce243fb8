"""A service in a workspace of each package manager: the lock above decides, and what it needs is shipped."""

# ruff: noqa: E501 - samples read best as they are

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from compiler_builds import build, lay, names, unpacked

pytestmark = pytest.mark.slow
TOOLS = {"npm": "", "pnpm": "pnpm@9", "yarn": "yarn@1.22.22", "berry": "@yarnpkg/cli-dist@4", "bun": "bun@1"}
MAKE = "const t = require('config'); require('fs').writeFileSync('out.js', `console.log(require('lib')('${t}'))\\n`)\n"
BUILD = "const fs = require('fs'); fs.mkdirSync('dist', {recursive: true}); fs.writeFileSync('dist/index.js', \"module.exports = require('ms')\\n\")\n"


def files(manager: str) -> dict[str, str]:
    ours = "workspace:*" if manager in {"pnpm", "berry", "bun"} else "*"
    top: dict[str, object] = {"name": "shop", "version": "1.0.0", "private": True}
    globs = {"pnpm-workspace.yaml": "packages: ['apps/*', 'packages/*']\n"} if manager == "pnpm" else {}
    if manager != "pnpm":
        top["workspaces"] = ["apps/*", "packages/*"]
    web = {
        "name": "web", "version": "1.0.0", "scripts": {"build": "node make.js", "start": "node out.js"},
        "dependencies": {"lib": ours}, "devDependencies": {"config": ours, "is-odd": "3.0.1"},
    }  # fmt: skip
    lib = {
        "name": "lib", "version": "1.0.0", "main": "dist/index.js", "scripts": {"build": "node build.js"},
        "dependencies": {"ms": "2.1.2"},
    }  # fmt: skip
    return {
        **globs,
        "package.json": json.dumps(top),
        "apps/web/package.json": json.dumps(web),
        "apps/web/make.js": MAKE,
        "apps/admin/package.json": json.dumps(
            {"name": "admin", "version": "1.0.0", "dependencies": {"kleur": "4.1.5"}}
        ),
        "packages/lib/package.json": json.dumps(lib),
        "packages/lib/build.js": BUILD,
        "packages/config/package.json": json.dumps({"name": "config", "version": "1.0.0"}),
        "packages/config/index.js": "module.exports = '2h'\n",
    }


def locked(root: Path, manager: str) -> Path:
    """The workspace with the lock that its own manager writes."""
    lay(root, files(manager))
    if manager == "berry":
        (root / "yarn.lock").touch()
    command = {
        "npm": ["npm", "install", "--package-lock-only"],
        "pnpm": ["pnpm", "install", "--lockfile-only"],
        "yarn": ["yarn", "install", "--ignore-scripts"],
        "berry": ["yarn", "install", "--mode=update-lockfile"],
        "bun": ["bun", "install", "--lockfile-only"],
    }[manager]
    if TOOLS[manager]:
        command = ["npm", "exec", "--yes", "--package", TOOLS[manager], "--", *command]
    environment = {**os.environ, "CI": "", "YARN_ENABLE_TELEMETRY": "0", "YARN_NODE_LINKER": "node-modules"}
    subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, timeout=200)
    for left in [*root.rglob("node_modules")]:
        shutil.rmtree(left, ignore_errors=True)
    return root


@pytest.mark.stress
@pytest.mark.parametrize("manager", TOOLS)
def test_a_member_is_built_with_the_lock_above(manager: str, tmp_path: Path) -> None:
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("needs Node.js with npm")
    if subprocess.run(["npm", "view", "ms", "version"], capture_output=True, timeout=120, check=False).returncode:
        pytest.skip("needs a package registry")
    root = locked(tmp_path / "in", manager)
    artifact = build(
        root, tmp_path / "store", runtime="node", path="apps/web", build="npm run build", start="npm start"
    )
    assert artifact.start == "sh -c 'cd apps/web && exec node out.js'"
    unpacked(artifact, tmp_path / "there")
    done = subprocess.run(
        ["/bin/sh", "-c", artifact.start], cwd=tmp_path / "there/app", capture_output=True, text=True, check=True
    )
    assert done.stdout == "7200000\n"
    shipped = names(artifact)
    assert not any(part in name for name in shipped for part in ("is-odd", "kleur", "packages/config", "apps/admin"))


@pytest.mark.skipif(not (shutil.which("npm") and shutil.which("node")), reason="needs Node.js with npm")
def test_what_a_build_leaves_empty_stays_and_members_that_are_not_needed_go_with_their_folders(tmp_path: Path) -> None:
    root = lay(
        tmp_path / "in",
        {
            "package.json": json.dumps({"name": "shop", "workspaces": ["apps/*", "packages/*", "tools/deep/*"]}),
            "apps/web/package.json": json.dumps({"name": "web", "version": "1.0.0", "dependencies": {"lib": "*"}}),
            "packages/lib/package.json": json.dumps({"name": "lib", "version": "1.0.0"}),
            "tools/deep/make/package.json": json.dumps({"name": "make", "version": "1.0.0"}),
        },
    )
    artifact = build(
        root,
        tmp_path / "store",
        runtime="node",
        path="apps/web",
        build="mkdir -p uploads ../../cache/x",
        start="node .",
    )
    unpacked(artifact, tmp_path / "there")
    app = tmp_path / "there/app"
    assert (app / "apps/web/uploads").is_dir()
    assert (app / "cache/x").is_dir()
    assert (app / "packages/lib/package.json").is_file()
    assert not (app / "tools").exists()
