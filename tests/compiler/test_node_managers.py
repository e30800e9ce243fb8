"""pnpm, yarn and bun for real: the lock decides, only production dependencies stay."""

# ruff: noqa: E501 - samples read best as they are

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from compiler_builds import build, lay, names, unpacked

from hivemind.agents.compiler.node.tools import manager_of
from hivemind.blueprint.model import Service
from hivemind.builds.sources import gather
from hivemind.repositories.repository import read

PACKAGE = {
    "name": "shop",
    "version": "1.0.0",
    "private": True,
    "dependencies": {"ms": "^2.0.0"},
    "devDependencies": {"is-odd": "3.0.1"},
    "scripts": {"build": "node make.js", "start": "npm run serve -- now", "serve": "node out.js"},
}
MAKE = "require('is-odd'); require('fs').writeFileSync('out.js', \"console.log(require('ms')('2h'))\\n\");\n"
PNPM = """\
lockfileVersion: '9.0'

importers:
  .:
    dependencies:
      ms:
        specifier: ^2.0.0
        version: 2.1.2
    devDependencies:
      is-odd:
        specifier: 3.0.1
        version: 3.0.1

packages:
  is-number@6.0.0:
    resolution: {integrity: sha512-Wu1VHeILBK8KAWJUAiSZQX94GmOE45Rg6/538fKwiloUu21KncEkYGPqob2oSZ5mUT73vLGrHQjKw3KMPwfDzg==}
    engines: {node: '>=0.10.0'}
  is-odd@3.0.1:
    resolution: {integrity: sha512-CQpnWPrDwmP1+SMHXZhtLtJv90yiyVfluGsX5iNCVkrhQtU3TQHsUWPG9wkdk9Lgd5yNpAg9jQEo90CBaXgWMA==}
    engines: {node: '>=4'}
  ms@2.1.2:
    resolution: {integrity: sha512-sGkPx+VjMtmA6MX27oA4FBFELFCZZ4S4XqeGOXCv68tT+jb3vk/RyaKWP0PTKyWtmLSM0b+adUTEvbs1PEaH2w==}

snapshots:
  is-number@6.0.0: {}
  is-odd@3.0.1:
    dependencies:
      is-number: 6.0.0
  ms@2.1.2: {}
"""
BUN = """\
{
  "lockfileVersion": 1,
  "workspaces": {
    "": { "name": "shop", "dependencies": { "ms": "^2.0.0" }, "devDependencies": { "is-odd": "3.0.1" } },
  },
  "packages": {
    "is-number": ["is-number@6.0.0", "", {}, "sha512-Wu1VHeILBK8KAWJUAiSZQX94GmOE45Rg6/538fKwiloUu21KncEkYGPqob2oSZ5mUT73vLGrHQjKw3KMPwfDzg=="],
    "is-odd": ["is-odd@3.0.1", "", { "dependencies": { "is-number": "^6.0.0" } }, "sha512-CQpnWPrDwmP1+SMHXZhtLtJv90yiyVfluGsX5iNCVkrhQtU3TQHsUWPG9wkdk9Lgd5yNpAg9jQEo90CBaXgWMA=="],
    "ms": ["ms@2.1.2", "", {}, "sha512-sGkPx+VjMtmA6MX27oA4FBFELFCZZ4S4XqeGOXCv68tT+jb3vk/RyaKWP0PTKyWtmLSM0b+adUTEvbs1PEaH2w=="],
  }
}
"""
LOCKS = {"pnpm": ("pnpm-lock.yaml", PNPM), "bun": ("bun.lock", BUN)}
YARNS = {"yarn": "yarn@1.22.22", "berry": "@yarnpkg/cli-dist@4"}


@pytest.fixture(scope="session")
def registry() -> None:
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("needs Node.js with npm")
    asked = subprocess.run(["npm", "view", "ms", "version"], capture_output=True, timeout=120, check=False)
    if asked.returncode != 0:
        pytest.skip("needs a package registry")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


def yarn_lock(folder: Path, manager: str) -> str:
    """A lock that holds an older version than the manifest allows: made for that one, then for the range."""
    lay(folder, {"package.json": json.dumps({**PACKAGE, "dependencies": {"ms": "2.1.2"}}), "yarn.lock": ""})
    environment = {**os.environ, "YARN_ENABLE_TELEMETRY": "0", "YARN_NODE_LINKER": "node-modules", "CI": ""}
    command = ["npm", "exec", "--yes", "--package", YARNS[manager], "--", "yarn", "install"]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, timeout=200)
    text = (folder / "yarn.lock").read_text()
    return (
        text.replace("ms@2.1.2:", "ms@^2.0.0:")
        .replace('ms@npm:2.1.2":', 'ms@npm:^2.0.0":')
        .replace('    ms: "npm:2.1.2"', '    ms: "npm:^2.0.0"')
    )


@pytest.mark.slow
@pytest.mark.stress
@pytest.mark.parametrize("manager", [*LOCKS, *YARNS])
def test_the_lock_decides_and_only_production_stays(manager: str, tmp_path: Path, registry: None, store: Path) -> None:
    lock, text = LOCKS[manager] if manager in LOCKS else ("yarn.lock", yarn_lock(tmp_path / "lock", manager))
    root = lay(tmp_path / "in", {"package.json": json.dumps(PACKAGE), lock: text, "make.js": MAKE})
    artifact = build(root, store, runtime="node", build="npm run build", start="npm start")
    assert artifact.start == "node out.js now"
    unpacked(artifact, tmp_path / "there")
    done = subprocess.run(["node", "out.js"], cwd=tmp_path / "there/app", capture_output=True, text=True, check=True)
    assert done.stdout == "7200000\n"
    installed = json.loads((tmp_path / "there/app/node_modules/ms/package.json").read_text())
    assert installed["version"] == "2.1.2"
    assert not any("is-odd/package.json" in name for name in names(artifact))


@pytest.mark.slow
@pytest.mark.stress
def test_a_lock_that_does_not_fit_stops_the_build(tmp_path: Path, registry: None, store: Path) -> None:
    from hivemind.values.errors import StageError

    package = {**PACKAGE, "dependencies": {"ms": "^2.0.0", "is-even": "1.0.0"}}
    root = lay(tmp_path / "in", {"package.json": json.dumps(package), "pnpm-lock.yaml": PNPM, "make.js": MAKE})
    with pytest.raises(StageError, match="pnpm install --frozen-lockfile"):
        build(root, store, runtime="node", start="node out.js")


@pytest.mark.fast
@pytest.mark.parametrize(
    ("files", "name", "version"),
    [
        ({"package.json": '{"packageManager": "pnpm@9.1.0+sha512.abc"}'}, "pnpm", "9.1.0"),
        ({"package.json": "{}", "pnpm-lock.yaml": "lockfileVersion: '6.0'\n"}, "pnpm", "8"),
        ({"package.json": "{}", "yarn.lock": "# yarn lockfile v1\n"}, "yarn", "1.22.22"),
        ({"package.json": "{}", "yarn.lock": "__metadata:\n  version: 6\n"}, "berry", "3"),
        ({"package.json": '{"packageManager": "yarn@4.5.0"}'}, "berry", "4.5.0"),
        ({"package.json": "{}", "bun.lockb": ""}, "bun", ""),
        ({"package.json": "{}", "package-lock.json": "{}", "yarn.lock": ""}, "npm", ""),
        ({"package.json": "[]"}, "npm", ""),
    ],
)
def test_which_manager(tmp_path: Path, files: dict[str, str], name: str, version: str) -> None:
    found = manager_of(gather(Service("web"), read(lay(tmp_path, files))))
    assert (found.name, found.version) == (name, version)
