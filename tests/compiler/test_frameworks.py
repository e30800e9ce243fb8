"""One framework with packages of a registry; `python -m benchmarks.frameworks` tries the others."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from compiler_builds import build, lay, names, unpacked

from hivemind.blueprint.model import ServiceKind

FILES = {
    "package.json": json.dumps(
        {
            "name": "shop", "version": "1.0.0", "private": True, "type": "module",
            "scripts": {"build": "vite build"}, "devDependencies": {"vite": "^5"},
        }
    ),
    "index.html": '<title>shop</title><script type="module" src="/main.js"></script>\n',
    "main.js": "import { word } from './word.js'\ndocument.title += word\n",
    "word.js": "export const word = '!'\n",
}  # fmt: skip


@pytest.mark.stress
@pytest.mark.skipif(not (shutil.which("npm") and shutil.which("node")), reason="needs Node.js with npm")
def test_vite_pages_are_built_and_served_without_what_built_them(tmp_path: Path) -> None:
    if subprocess.run(["npm", "view", "vite", "version"], capture_output=True, timeout=120, check=False).returncode:
        pytest.skip("needs a package registry")
    service = {"kind": ServiceKind.STATIC, "runtime": "node", "build": "npm run build", "static_dir": "dist"}
    root = lay(tmp_path / "in", FILES)
    artifact = build(root, tmp_path / "store", **service)
    unpacked(artifact, tmp_path / "there")
    page = (tmp_path / "there/app/dist/index.html").read_text()
    assert "/assets/index-" in page
    assert not any("node_modules" in name for name in names(artifact))
    (root / "word.js").write_text("export const word = '?'\n")
    again = build(root, tmp_path / "store", **service)
    assert again.dependencies_reused
    assert again.digest != artifact.digest
