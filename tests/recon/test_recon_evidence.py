from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import lay, seen

from hivemind.agents.recon import hivemind_detect
from hivemind.detections.services import services
from hivemind.repositories.repository import read

pytestmark = pytest.mark.fast


def test_pages_without_a_server_are_static(tmp_path: Path) -> None:
    found = seen(tmp_path, {"public/index.html": "<h1>", "README.md": ""})
    assert (found.value("kind"), found.value("static_dir"), found.value("language")) == ("static", "public", "static")


def test_a_servers_own_pages_do_not_make_it_static(tmp_path: Path) -> None:
    files = {"index.html": "", "app.py": "from flask import Flask\napp = Flask('a')\n", "requirements.txt": "flask"}
    found = seen(tmp_path, files)
    assert (found.value("language"), found.value("kind")) == ("python", "web")


def test_a_procfile_without_web_is_a_worker(tmp_path: Path) -> None:
    found = seen(tmp_path, {"Procfile": "worker: python bot.py\n", "requirements.txt": "discord.py", "bot.py": ""})
    assert (found.value("kind"), found.value("start")) == ("worker", "python bot.py")


@pytest.mark.parametrize(
    ("dockerfile", "port", "start"),
    [
        ('FROM node\nEXPOSE 8080/tcp\nCMD ["node", "a.js"]\n', 8080, "node a.js"),
        ("FROM a AS b\nEXPOSE 1111\nFROM c\nCMD python \\\n  app.py\n", None, "python app.py"),
        ("FROM a\nCMD /app/run.sh\n", None, None),
        ("FROM a\nCMD python manage.py runserver\n", None, None),
        ('FROM a\nENTRYPOINT ["tini"]\nCMD ["python", "x.py"]\n', None, "python x.py"),
        ("FROM a\nEXPOSE $PORT 99999\nCMD [broken\n", None, None),
    ],
)
def test_dockerfile(tmp_path: Path, dockerfile: str, port: int | None, start: str | None) -> None:
    repository = read(lay(tmp_path, {"Dockerfile": dockerfile}))
    found = {each.field: each.value for each in hivemind_detect(repository=repository, path=".")}
    assert (found.get("port"), found.get("start")) == (port, start)


def test_compose_databases_of_what_is_built_here(tmp_path: Path) -> None:
    compose = """
services:
  web:
    build: .
    environment:
      CACHE: redis://cache:6379
    depends_on: [db]
  db:
    image: postgres:16
  cache:
    image: redis
  other:
    image: mongo
"""
    found = seen(tmp_path, {"compose.yaml": compose})
    assert [(each.value, each.evidence) for each in found.several["needs"]] == [
        ("postgres", "compose.yaml:9"),
        ("redis", "compose.yaml:11"),
    ]


@pytest.mark.parametrize(
    "text", ["services: 3", "- a", "services: {web: null}", "a: &a [*a]", "\t:", "services:\n  w: {build: 3}"]
)
def test_wrong_compose_files_are_no_crash(tmp_path: Path, text: str) -> None:
    assert seen(tmp_path, {"compose.yaml": text}).several["needs"] == ()


def test_an_alias_bomb_is_not_read(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert seen(tmp_path, {"compose.yaml": "\n".join(lines)}).several["needs"] == ()


def test_services_below_the_root(tmp_path: Path) -> None:
    files = {
        "web/index.html": "",
        "web/nested/index.html": "",
        "services/api/requirements.txt": "flask",
        "services/api/app.py": "from flask import Flask\napp = Flask('a')\n",
        "docs/index.html": "",
        "README.md": "",
    }
    repository = read(lay(tmp_path, files))
    found = services(repository, lambda folder: hivemind_detect(repository=repository, path=folder))
    assert {folder: answer.value("language") for folder, answer in found.items()} == {
        "web": "static",
        "services/api": "python",
    }
