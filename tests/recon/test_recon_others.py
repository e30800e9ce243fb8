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
        ("dart", {"pubspec.yaml": "name: shop\n", "bin/shop.dart": "void main() {}"}, "./bin/shop.exe"),
        ("dart", {"pubspec.yaml": "name: shop\n", "bin/server.dart": "void main() {}"}, "./bin/server.exe"),
        ("crystal", {"shard.yml": "name: shop\n"}, "./bin/shop"),
        ("zig", {"build.zig": 'b.addExecutable(.{ .name = "shop",'}, "./zig-out/bin/shop"),
        ("perl", {"cpanfile": "requires 'Mojolicious';", "shop.pl": "use Mojolicious::Lite -signatures;\n"},
         "perl shop.pl daemon -m production -l http://*:${PORT:-3000}"),
        ("perl", {"cpanfile": "requires 'Plack';", "app.psgi": "sub {}"}, "plackup -p ${PORT:-5000} app.psgi"),
        ("julia", {"Project.toml": "[deps]\nHTTP = 'x'\n", "shop.jl": 'HTTP.serve("0.0.0.0", 9000)\n',
                   "shapes.jl": "area(a) = a\n"}, "julia --project shop.jl"),
    ],
)  # fmt: skip
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


@pytest.mark.parametrize(
    ("files", "framework", "port"),
    [
        ({"Package.swift": '.package(url: "x/vapor/vapor.git")\n.executableTarget(\n name: "App"'}, "vapor", 8080),
        ({"shard.yml": "name: shop\ndependencies:\n  kemal:\n    github: kemalcr/kemal\n"}, "kemal", 3000),
        ({"Package.swift": '.executableTarget(name: "App"'}, None, None),
    ],
)
def test_frameworks_that_a_manifest_names(
    tmp_path: Path, files: dict[str, str], framework: str | None, port: int | None
) -> None:
    found = seen(tmp_path, files)
    assert (found.value("framework"), found.value("port")) == (framework, port)


_COBOL = "       IDENTIFICATION DIVISION.\n       PROGRAM-ID. {0}.\n       PROCEDURE DIVISION{1}.\n"


@pytest.mark.parametrize("file", ["payroll.cob", "src/PAYROLL.CBL"])
def test_a_single_source_is_cobol(tmp_path: Path, file: str) -> None:
    found = seen(tmp_path, {file: _COBOL.format("PAYROLL", "")})
    name = file.rpartition("/")[2].partition(".")[0]
    assert (found.value("language"), found.value("start")) == ("cobol", f"./{name}")
    assert found.value("build") == f"cobc -x -o {name} {file}"


def test_cobol_compiles_what_is_called_with_what_calls_it(tmp_path: Path) -> None:
    called = _COBOL.format("TAX", " USING AMOUNT")
    found = seen(tmp_path, {"a-tax.cbl": called, "payroll.cbl": _COBOL.format("PAYROLL", "")})
    assert found.value("build") == "cobc -x -o payroll payroll.cbl a-tax.cbl"
    several = {name: _COBOL.format(name, "") for name in ("one.cbl", "two.cbl")}
    found = seen(tmp_path / "several", several)
    assert (found.value("language"), found.value("start")) == ("cobol", None)
    assert seen(tmp_path / "none", {"notes.cbl": "shopping list\n"}).value("language") is None
