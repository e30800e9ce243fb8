"""Files of platforms, kinds of things, applications of a repository, doubts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from recon_trees import lay, seen

from hivemind.agents.recon import hivemind_detect
from hivemind.cli.recon import command
from hivemind.detections.answer import Answer
from hivemind.detections.services import applications, clashes
from hivemind.repositories.repository import read

NODE = """{
"name": "a",
"scripts": {
"start": "node a.js"
},
"dependencies": {"express": "4"}
}
"""


@pytest.mark.parametrize(
    ("file", "text", "field", "value"),
    [
        ("railway.json", '{"deploy": {"startCommand": "python x.py"}}', "start", "python x.py"),
        ("railway.toml", '[deploy]\nhealthcheckPath = "/up"', "health_path", "/up"),
        ("fly.toml", '[http_service]\ninternal_port = 8080\n[deploy]\nrelease_command = "x"', "port", 8080),
        ("fly.toml", '[deploy]\nrelease_command = "node migrate.js"', "release", "node migrate.js"),
        ("nixpacks.toml", '[start]\ncmd = "node other.js"', "start", "node other.js"),
        ("heroku.yml", "run:\n  web: node other.js\n", "start", "node other.js"),
        ("app.yaml", "runtime: nodejs20\nentrypoint: node other.js\n", "start", "node other.js"),
        ("render.yaml", "services:\n- type: web\n  runtime: node\n  healthCheckPath: /h\n", "health_path", "/h"),
        ("render.yaml", "services:\n- type: worker\n  startCommand: node w.js\n", "kind", "worker"),
        (".do/app.yaml", "services:\n- http_port: 9999\n  run_command: node z.js\n", "port", 9999),
        (".do/app.yaml", "static_sites:\n- build_command: make site\n  output_dir: public\n", "static_dir", "public"),
        ("apprunner.yaml", "run:\n  command: node z.js\n  network:\n    port: 7000\n", "port", 7000),
        ("netlify.toml", '[build]\npublish = "public/"', "static_dir", "public"),
        ("Dockerfile", "FROM node:20\nEXPOSE 4321\nCMD node x.js", "port", 4321),
    ],
)
def test_what_platforms_are_told(tmp_path: Path, file: str, text: str, field: str, value: str | int) -> None:
    found = seen(tmp_path, {"package.json": NODE, "a.js": "", file: text})
    assert found.value(field) == value
    assert found.one[field].file == file


@pytest.mark.parametrize(
    ("files", "needs"),
    [
        ({"app.json": '{"addons": ["heroku-postgresql:mini", {"plan": "heroku-redis"}]}'}, ["postgres", "redis"]),
        ({"render.yaml": "databases: [{name: a}]\nservices: [{type: redis}]"}, ["postgres", "redis"]),
        ({"compose.yaml": "services: {db: {image: 'postgres:16'}}"}, []),
        ({"config/deploy.yml": "image: a/b\naccessories: {db: {image: 'mysql:8'}}"}, ["mysql"]),
    ],
)
def test_databases_that_platforms_provide(tmp_path: Path, files: dict[str, str], needs: list[str]) -> None:
    found = seen(tmp_path, {"package.json": NODE, "a.js": "x", **files})
    assert [each.value for each in found.several["needs"]] == needs


def test_a_driver_and_a_database_for_developers_make_a_need(tmp_path: Path) -> None:
    package = '{"scripts": {"start": "node a.js"}, "dependencies": {"pg": "8"}}'
    files = {"package.json": package, "a.js": "x", "compose.yaml": "services: {db: {image: 'postgres:16'}}"}
    found = seen(tmp_path, files)
    assert [each.value for each in found.several["needs"]] == ["postgres"]
    assert seen(tmp_path / "alone", {"package.json": package, "a.js": "x"}).unlikely[0].value == "postgres"


def test_variables_that_have_to_be_set(tmp_path: Path) -> None:
    declared = {"env": {"A": {"value": "1"}, "B": {}, "C": {"required": False}, "D": {"generator": "secret"}}}
    files = {"package.json": NODE, "a.js": "", "app.json": json.dumps(declared), ".env.example": "SECRET_KEY=\nX=\n"}
    found = seen(tmp_path, files)
    assert [each.value for each in found.several["env_required"]] == ["B", "D", "SECRET_KEY"]
    assert found.as_json()["secrets"] == ["SECRET_KEY"]


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"requirements.txt": "discord.py\n", "bot.py": "import discord\n"}, "worker"),
        ({"package.json": '{"scripts": {"start": "node b.js"}, "dependencies": {"discord.js": "1"}}', "b.js": "x"},
         "worker"),
        ({"package.json": '{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "6"}}'}, "static"),
        ({"package.json": '{"scripts": {"start": "serve -s build"}, "dependencies": {"react-scripts": "5"}}'},
         "static"),
        ({"package.json": '{"scripts": {"start": "next start"}, "dependencies": {"next": "15"}}',
          "next.config.js": "module.exports = {\n  output: 'export',\n}\n"}, "static"),
        ({"package.json": '{"scripts": {"start": "next start"}, "dependencies": {"next": "15"}}'}, "web"),
        ({"pyproject.toml": '[project]\nname="a"\nclassifiers=["Topic :: Software Development :: Libraries"]\n'
          '[project.scripts]\na="a:main"\n[build-system]\nrequires=[]'}, "library"),
        ({"setup.py": "setup(entry_points={'console_scripts': ['a=a:b']})"}, "cli"),
        ({"mkdocs.yml": "site_name: a", "requirements.txt": "mkdocs\n"}, "static"),
    ],
)  # fmt: skip
def test_kinds(tmp_path: Path, files: dict[str, str], kind: str) -> None:
    assert seen(tmp_path, files).value("kind") == kind


def doubts(found: Answer) -> list[tuple[str, int | None]]:
    return [(each.file, each.line) for each in found.several["doubts"]]


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({"package.json": NODE}, [("package.json", 4)]),
        ({"Procfile": "web: gunicorn shop.wsgi:app\n", "requirements.txt": "flask"}, [("Procfile", 1)]),
        ({"package.json": NODE, "a.js": "", ".nvmrc": "99\n"}, [(".nvmrc", 1)]),
        ({"requirements.txt": "flask", "app.py": "", ".python-version": "3.99\n"}, [(".python-version", 1)]),
        ({"package.json": NODE, "a.js": "", "package-lock.json": '{"packages": {"": {"dependencies": {}}}}'},
         [("package-lock.json", 1)]),
        ({"package.json": NODE, "a.js": "", "yarn.lock": "", "package-lock.json": "{}"}, [("package-lock.json", 1)]),
        ({"Dockerfile": "FROM alpine\nCMD x\n"}, [("Dockerfile", 1)]),
        ({"package.json": NODE, "a.js": ""}, []),
        ({"package.json": '{"scripts": {"start": "node dist/main.js", "build": "tsc"}}'}, []),
    ],
)  # fmt: skip
def test_doubts_name_file_and_line(tmp_path: Path, files: dict[str, str], where: list[tuple[str, int | None]]) -> None:
    found = seen(tmp_path, files)
    assert doubts(found) == where
    assert all(each.note for each in found.several["doubts"])


def test_applications_of_a_repository_and_ports_that_clash(tmp_path: Path) -> None:
    listening = "require('express')().listen(4000)"
    files = {
        "package.json": '{"private": true, "workspaces": ["apps/*"]}', "pnpm-lock.yaml": "",
        "apps/api/package.json": NODE, "apps/api/a.js": listening,
        "apps/web/package.json": NODE, "apps/web/a.js": listening,
        "examples/x/package.json": NODE, "packages/lib/package.json": '{"name": "lib", "main": "index.js"}',
    }  # fmt: skip
    repository = read(lay(tmp_path, files))
    found = applications(repository, lambda folder: hivemind_detect(repository=repository, path=folder))
    assert {folder: seen.value("package_manager") for folder, seen in found.items()} == {
        "apps/api": "pnpm",
        "apps/web": "pnpm",
    }
    assert len(list(clashes(found))) == 1


def test_the_command_prints_evidence_and_one_object(tmp_path: Path) -> None:
    lay(tmp_path, {"package.json": NODE, "a.js": "require('express')().listen(4000)\n"})
    printed = CliRunner().invoke(command, [str(tmp_path)])
    assert printed.exit_code == 0
    assert "a.js:1" in printed.output
    parsed = json.loads(CliRunner().invoke(command, [str(tmp_path), "--json"]).output)
    assert (parsed["start"], parsed["port"], parsed["kind"]) == ("node a.js", 4000, "web")
    assert parsed["evidence"]["port"] == "a.js:1"
    assert parsed["confidence"]["port"] == 0.9
    assert [each["path"] for each in parsed["applications"]] == ["."]


@pytest.mark.parametrize(
    ("compose", "needs"),
    [
        ("", ["postgres"]),
        ("services: {web: {build: ., depends_on: [db]}, db: {image: 'mysql:8'}}", ["mysql"]),
        ("services: {web: {build: ., depends_on: [a, b]}, a: {image: mysql}, b: {image: postgres}}",
         ["mysql", "postgres"]),
    ],
)  # fmt: skip
def test_of_several_sql_databases_one_is_needed_unless_both_are_provided(
    tmp_path: Path, compose: str, needs: list[str]
) -> None:
    files = {"package.json": '{"scripts": {"start": "node a.js"}, "dependencies": {"express": "4", "pg": "8", '
             '"mysql2": "3"}}', "a.js": "process.env.DATABASE_URL; process.env.MYSQL_URL"}  # fmt: skip
    found = seen(tmp_path, {**files, **({"compose.yaml": compose} if compose else {})})
    assert [each.value for each in found.several["needs"]] == needs


def test_programs_without_a_manifest_in_folders_of_their_own(tmp_path: Path) -> None:
    go = 'package main\nimport "net/http"\nfunc main() {\n\thttp.ListenAndServe(":9000", nil)\n}\n'
    repository = read(lay(tmp_path, {"README.md": "", "api/main.go": go, "pages/index.php": "<?php"}))
    found = applications(repository, lambda folder: hivemind_detect(repository=repository, path=folder))
    assert {folder: seen.value("language") for folder, seen in found.items()} == {"api": "go", "pages": "php"}


_RAILS = {
    "Gemfile": "gem 'rails'\ngem 'puma'\n", "config/application.rb": "module Shop\nend\n",
    "config.ru": "run Rails.application\n", "config/environment.rb": "Rails.application.initialize!\n",
}  # fmt: skip
_EXPRESS = {
    "package.json": '{"scripts": {"start": "node web.js"}, "dependencies": {"express": "4"}}',
    "web.js": "const app = require('express')();\napp.listen(process.env.PORT);\n",
}
_DJANGO = {
    "requirements.txt": "django\ngunicorn\n", "manage.py": "import os\n",
    "shop/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
}  # fmt: skip


@pytest.mark.parametrize(
    ("files", "web", "port"),
    [
        (_RAILS, "bundle exec rails server -p $PORT", 3000),
        (_RAILS, "bundle exec puma -C config/puma.rb", 3000),
        (_EXPRESS, "npm start", 3000),
        (_DJANGO, "gunicorn --config deploy/gunicorn.py shop.wsgi", 8000),
    ],
)
def test_a_procfile_and_an_app_json_leave_a_framework_its_own_port(
    tmp_path: Path, files: dict[str, str], web: str, port: int
) -> None:
    found = seen(tmp_path, {**files, "Procfile": f"web: {web}\n", "app.json": '{"name": "shop"}'})
    assert (found.value("start"), found.value("port")) == (web, port)


def test_what_runs_after_the_first_deployment_is_the_release_command(tmp_path: Path) -> None:
    scripts = {"scripts": {"postdeploy": "node tables.js", "test": "node check.js"}}
    found = seen(tmp_path, {"package.json": NODE, "a.js": "x", "app.json": json.dumps(scripts)})
    release = found.one["release"]
    assert (release.value, release.file, release.line) == ("node tables.js", "app.json", 1)
    stated = {"package.json": NODE, "a.js": "x", "app.json": json.dumps(scripts), "Procfile": "release: node up.js\n"}
    assert seen(tmp_path / "stated", stated).value("release") == "node up.js"
