"""Applications below the top of a repository, what files above them say, and files that say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import lay, seen

from hivemind.agents.recon import hivemind_detect
from hivemind.detections.answer import answer
from hivemind.detections.detection import LIKELY
from hivemind.detections.services import applications, meant
from hivemind.repositories.repository import read

pytestmark = pytest.mark.fast

_FLASK = {"requirements.txt": "flask\n", "web.py": "from flask import Flask\napp = Flask(__name__)\n"}


def _meant(root: Path, files: dict[str, str]) -> tuple[str, str | int | None]:
    repository = read(lay(root, files))

    def detect(path: str) -> tuple[object, ...]:
        return hivemind_detect(repository=repository, path=path)

    folder, found = meant(answer(detect(".")), applications(repository, detect))  # type: ignore[arg-type]
    return folder, found.value("language")


def test_the_only_application_below_a_top_that_says_nothing_is_meant(tmp_path: Path) -> None:
    nested = {"README.md": "shop\n", **{f"nested/{name}": text for name, text in _FLASK.items()}}
    assert _meant(tmp_path / "one", nested) == ("nested", "python")
    two = {**nested, **{f"other/{name}": text for name, text in _FLASK.items()}}
    assert _meant(tmp_path / "two", two) == (".", None)
    assert _meant(tmp_path / "top", {**nested, **_FLASK}) == (".", "python")


_COMPOSE = """services:
  shop:
    build: {build}
    command: gunicorn web:app --bind 0.0.0.0:9400
    ports: ["80:9400"]
    depends_on: [store]
  store:
    image: postgres:16
"""


@pytest.mark.parametrize("build", ["./shop", "{context: ./shop}", "{context: ., dockerfile: shop/Dockerfile}"])
def test_a_compose_file_above_speaks_of_the_folder_that_it_builds(tmp_path: Path, build: str) -> None:
    files = {"compose.yaml": _COMPOSE.format(build=build), **{f"shop/{name}": text for name, text in _FLASK.items()}}
    found = seen(tmp_path, files, path="shop")
    assert (found.value("start"), found.value("port")) == ("gunicorn web:app --bind 0.0.0.0:9400", 9400)
    assert found.one["port"].file == "compose.yaml"
    assert [each.value for each in found.several["needs"]] == ["postgres"]


def test_a_compose_file_above_says_nothing_of_other_folders(tmp_path: Path) -> None:
    files = {"compose.yaml": _COMPOSE.format(build="./other"), **{f"shop/{n}": text for n, text in _FLASK.items()}}
    found = seen(tmp_path, files, path="shop")
    assert (found.value("port"), found.several["needs"]) == (5000, ())


@pytest.mark.parametrize(
    ("command", "started"),
    [
        ("cargo watch --exec run", "./target/release/shop"),
        ("air", "./target/release/shop"),
        ("cargo sqlx migrate run", "cargo sqlx migrate run"),
    ],
)
def test_a_command_that_watches_is_for_developers(tmp_path: Path, command: str, started: str) -> None:
    files = {
        "Cargo.toml": '[package]\nname = "shop"\n[dependencies]\naxum = "0.7"\n', "src/main.rs": "fn main() {}\n",
        "compose.yaml": f"services:\n  shop:\n    build: .\n    command: {command}\n    ports: ['9000:9000']\n",
    }  # fmt: skip
    assert seen(tmp_path, files).value("start") == started


@pytest.mark.parametrize("last", ["exec air", "exec npm run dev"])
def test_an_image_that_ends_in_a_development_server_starts_nothing_for_production(tmp_path: Path, last: str) -> None:
    files = {
        "go.mod": "module example.com/shop\n", "main.go": "package main\n\nfunc main() {\n}\n",
        "up.sh": f"#!/bin/bash\ngo run ./tables\n{last}\n",
        "Dockerfile": 'FROM golang:1.22\nCOPY . /app\nWORKDIR /app\nENTRYPOINT ["/app/up.sh"]\n',
    }  # fmt: skip
    assert seen(tmp_path, files).value("start") == "./bin/shop"


@pytest.mark.parametrize(
    ("places", "port"),
    [
        (("Dockerfile", "deploy/Dockerfile"), 9001),
        (("packages/docker/Dockerfile", "Dockerfile.alpine"), 9001),
        (("docker/Dockerfile.debian", "docker/Dockerfile.test"), 9001),
        (("dockerfiles/web/Dockerfile-prod", "dockerfiles/web/Dockerfile-dev", "other/Dockerfile"), 9001),
        (("Dockerfile.worker",), 5000),
    ],
)
def test_which_dockerfile_is_the_applications(tmp_path: Path, places: tuple[str, ...], port: int) -> None:
    images = {place: f"FROM python:3.12\nEXPOSE {9001 + number}\n" for number, place in enumerate(places)}
    assert seen(tmp_path, {**_FLASK, **images}).value("port") == port


def test_settings_name_the_database_that_a_driver_is_for(tmp_path: Path) -> None:
    package = {"package.json": '{"scripts": {"start": "node a.js"}, "dependencies": {"pg": "8", "mysql2": "3"}}'}
    settings = {"config.example.yml": "port: 9000\ndb:\n  type: mysql\n  host: db\n", "a.js": "start()\n"}
    found = seen(tmp_path, {**package, **settings})
    assert [each.value for each in found.several["needs"]] == ["mysql"]


@pytest.mark.parametrize(("value", "port"), [(":9500", 9500), ("0.0.0.0:9501", 9501), ("tcp", 8080)])
def test_an_example_names_the_address_that_it_listens_on(tmp_path: Path, value: str, port: int) -> None:
    code = "package main\n\nfunc main() {\n\thttp.ListenAndServe(settings.Address, nil)\n}\n"
    files = {"go.mod": "module example.com/shop\n", "main.go": code, ".env.example": f"HTTP_ADDR={value}\n"}
    assert seen(tmp_path, files).value("port") == port


def test_a_browser_of_databases_is_no_application(tmp_path: Path) -> None:
    compose = "services:\n  look:\n    image: sosedoff/pgweb\n    ports: ['8089:8089']\n"
    assert seen(tmp_path, {**_FLASK, "compose.yaml": compose}).value("port") == 5000


_MODULE = "module example.com/shop\nrequire (\n\tgithub.com/gin-gonic/gin v1.9.0\n\tgithub.com/lib/pq v1.10.9\n)\n"


@pytest.mark.parametrize(
    "files",
    [
        {"mix.exs": "", "lib/shop/application.ex": "", "lib/shop_web/endpoint.ex": "", "config/runtime.exs": "",
         "priv/repo/migrations/1_a.exs": ""},
        {"project.clj": "", "src/shop/core.clj": "", "env/prod/clj/shop/env.clj": ""},
        {"gleam.toml": 'name = "shop"\n[dependencies]\nwisp = "1"\n', "src/shop.gleam": ""},
        {"go.mod": _MODULE, "main.go": "", "server.go": "", "Dockerfile": ""},
        {"requirements.txt": "fastapi\npsycopg\n", "main.py": "", "shop/app.py": ""},
        {"requirements.txt": "django\npsycopg\n", "manage.py": "", "shop/wsgi.py": ""},
        {"pom.xml": "", "src/main/java/ShopApplication.java": "", "src/main/resources/application.properties": ""},
        {"build.gradle": "", "src/main/java/ShopApplication.java": "", "micronaut-cli.yml": ""},
        {"index.js": "", "server.js": ""},
        {"payroll.cbl": "", "start.hs": ""},
    ],
)  # fmt: skip
def test_empty_files_start_nothing_that_is_acted_upon_and_need_nothing(tmp_path: Path, files: dict[str, str]) -> None:
    found = seen(tmp_path, files)
    start = found.one.get("start")
    assert start is None or start.confidence < LIKELY
    assert (found.several["needs"], found.several["env_required"]) == ((), ())


def _below(folder: str) -> dict[str, str]:
    return {f"{folder}/{name}": text for name, text in _FLASK.items()}


def test_a_folder_that_is_the_whole_of_an_image_is_the_application_whatever_it_is_called(tmp_path: Path) -> None:
    image = 'FROM python\nWORKDIR /a/website\nCOPY ./website /a/website\nRUN pip install .\nCMD ["flask", "run"]\n'
    assert _meant(tmp_path, {"README.md": "", "Dockerfile": image} | _below("website")) == ("website", "python")


@pytest.mark.parametrize("folder", ["one/two/three", "a/b/c/d/e"])
def test_an_application_deep_below_where_nothing_is_nearer(tmp_path: Path, folder: str) -> None:
    assert _meant(tmp_path, _below(folder)) == (folder, "python")


def test_what_is_nearer_counts_alone(tmp_path: Path) -> None:
    assert _meant(tmp_path, _below("shop") | _below("one/two/three")) == ("shop", "python")


def test_what_is_very_deep_is_not_looked_at(tmp_path: Path) -> None:
    assert _meant(tmp_path, _below("a/b/c/d/e/f/g")) == (".", None)
