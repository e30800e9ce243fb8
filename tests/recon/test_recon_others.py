from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("language", "files", "start"),
    [
        ("cpp", {"CMakeLists.txt": "add_executable(shop main.cc)"}, "./build/shop"),
        ("swift", {"Package.swift": 'name: "x"', "Sources/shop/main.swift": ""}, "./.build/release/shop"),
        ("dart", {"pubspec.yaml": "name: shop\n"}, "./bin/shop.exe"),
        ("crystal", {"shard.yml": "name: shop\n"}, "./bin/shop"),
        ("zig", {"build.zig": 'b.addExecutable(.{ .name = "shop",'}, "./zig-out/bin/shop"),
        ("cobol", {"index.cbl": "", "other.cbl": ""}, "./index"),
    ],
)
def test_one_convention_each(tmp_path: Path, language: str, files: dict[str, str], start: str) -> None:
    found = seen(tmp_path, files)
    assert (found.value("language"), found.value("start")) == (language, start)


def test_a_manifest_without_a_program_starts_nothing(tmp_path: Path) -> None:
    found = seen(tmp_path, {"CMakeLists.txt": "add_library(shapes shapes.cc)"})
    assert (found.value("start"), found.value("kind")) == (None, "library")


def test_a_python_project_with_native_parts_stays_python(tmp_path: Path) -> None:
    files = {"CMakeLists.txt": "add_library(a a.c)", "requirements.txt": "flask\n",
             "app.py": "from flask import Flask\napp = Flask(__name__)\n"}  # fmt: skip
    assert seen(tmp_path, files).value("language") == "python"
