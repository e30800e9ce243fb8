"""What an application relies on that is not there without its containers, its runserver or its own machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from recon_trees import seen

from hivemind.detections.answer import Answer
from hivemind.detections.detection import settings

pytestmark = pytest.mark.fast
COMPOSE = """\
services:
  site:
    build: .
    ports: ["8000:8000"]
    environment:
      STORE: {store}
      STORE_USER: baker
      STORE_PASS: flour
      FLAVOUR: sour
      OVEN: http://oven:9000/v1
  pantry:
    image: postgres:16
    environment: [POSTGRES_USER=baker, POSTGRES_PASSWORD=flour]
  shelf:
    image: valkey/valkey:8
  oven:
    build: ./oven
"""
SITE = "from flask import Flask\napp = Flask(__name__)\n"


def doubts(found: Answer) -> list[tuple[str, int | None]]:
    return [(str(each.value), each.line) for each in found.several["doubts"]]


@pytest.mark.parametrize(
    ("store", "given"),
    [
        ("postgres://baker:flour@pantry:5432/bread", "$DATABASE_URL"),
        ("postgresql+asyncpg://pantry/bread", "postgresql+asyncpg://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/$PGDATABASE"),
        ("jdbc:postgresql://pantry:5432/bread", "jdbc:postgresql://$PGHOST:$PGPORT/$PGDATABASE"),
        ("pantry", "$PGHOST"),
        ("pantry:5432", "$PGHOST:$PGPORT"),
        ("redis://shelf/1", "$REDIS_URL"),
        ("shelf", "$REDIS_HOST"),
    ],
)
def test_addresses_of_a_compose_file_are_those_of_the_resources(tmp_path: Path, store: str, given: str) -> None:
    files = {"compose.yaml": COMPOSE.format(store=store), "app.py": SITE, "requirements.txt": "flask\n"}
    found = seen(tmp_path, files)
    parts = {"STORE_USER": "$PGUSER", "STORE_PASS": "$PGPASSWORD"} if "PG" in given or "DATABASE" in given else {}
    said = {name: value for name, (value, _) in settings(found.several["env"]).items()}
    assert said == {"STORE": given, **parts}
    assert ("OVEN is http://oven:9000/v1, where only compose.yaml resolves the name oven", 10) in doubts(found)


def test_user_and_database_that_the_image_takes_by_itself(tmp_path: Path) -> None:
    compose = COMPOSE.format(store="pantry").replace(
        "    environment: [POSTGRES_USER=baker, POSTGRES_PASSWORD=flour]\n", ""
    )
    compose = compose.replace("STORE_USER: baker", "STORE_USER: postgres")
    found = seen(tmp_path, {"compose.yaml": compose, "app.py": SITE, "requirements.txt": "flask\n"})
    assert {name: value for name, (value, _) in settings(found.several["env"]).items()} == {
        "STORE": "$PGHOST", "STORE_USER": "$PGUSER",
    }  # fmt: skip


def test_of_two_databases_neither_is_taken_for_the_resource(tmp_path: Path) -> None:
    compose = COMPOSE.format(store="postgres://pantry/bread") + "  maps:\n    image: postgis/postgis:16\n"
    found = seen(tmp_path, {"compose.yaml": compose, "app.py": SITE, "requirements.txt": "flask\n"})
    assert settings(found.several["env"]) == {}


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("stock.py", "cache = Redis(host='shelf')"),
        ("stock.py", "url = 'redis://shelf:6379/0'"),
        ("stock.py", 'BROKER = "shelf:6379"'),
        ("config/stock.yml", "  hostname: 'shelf'"),
        ("stock.js", 'new Client({ host: "shelf" })'),
        ("stock.ini", "url = redis://:secret@shelf/2"),
    ],
)
def test_a_name_that_only_compose_resolves_is_named_with_its_line(tmp_path: Path, file: str, line: str) -> None:
    files = {"compose.yaml": COMPOSE.format(store="x"), "app.py": SITE, "requirements.txt": "flask\n"}
    found = seen(tmp_path, {**files, file: f"x = 1\n{line}\n"})
    (doubt,) = (each for each in found.several["doubts"] if "looks for" in str(each.value))
    assert (
        doubt.value
        == 'the code looks for the host "shelf", a name that only compose.yaml gives; nothing resolves it here'
    )
    assert (doubt.file, doubt.line) == (file, 2)
    assert "REDIS_URL" in (doubt.note or "")


@pytest.mark.parametrize(
    "line",
    [
        "host = os.environ.get('REDIS_HOST', 'shelf')", "# redis://shelf:6379", "shelf = 'shelf'",
        "url = 'https://shelf.example.com/'", "path = '/shelf/1'",
    ],
)  # fmt: skip
def test_a_name_that_is_a_default_or_a_word_is_none(tmp_path: Path, line: str) -> None:
    files = {"compose.yaml": COMPOSE.format(store="x"), "requirements.txt": "flask\n"}
    found = seen(tmp_path, {**files, "app.py": SITE + line + "\n"})
    assert [each for each, _ in doubts(found) if "looks for" in each] == []


SETTINGS = """\
INSTALLED_APPS = ["django.contrib.admin", "django.contrib.staticfiles"]
ALLOWED_HOSTS = ["*"]
STATIC_URL = "assets/"
"""
MANAGE = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'bakery.settings')\n"
PROJECT = {"requirements.txt": "django\ngunicorn\n", "manage.py": MANAGE, "bakery/settings.py": SETTINGS,
           "bakery/urls.py": "urlpatterns = []\n"}  # fmt: skip


def test_static_files_that_nothing_serves_are_doubted(tmp_path: Path) -> None:
    found = seen(tmp_path, PROJECT)
    said = "nothing serves /assets/: Django does so with runserver alone, so pages have neither styles nor scripts"
    assert doubts(found) == [(said, 3)]
    note = found.several["doubts"][0].note or ""
    assert "WhiteNoiseMiddleware" in note
    assert "STATIC_ROOT" in note


@pytest.mark.parametrize(
    "more",
    [
        {"requirements.txt": "django\nwhitenoise\n"},
        {"bakery/settings.py": SETTINGS.replace("assets/", "https://cdn.example.com/assets/")},
        {
            "bakery/settings.py": SETTINGS
            + "STORAGES = {'staticfiles': {'BACKEND': 'storages.backends.s3.S3Storage'}}\n"
        },
        {"bakery/settings.py": SETTINGS.replace('"django.contrib.admin", ', "")},
        {"bakery/urls.py": "from django.views.static import serve\nurlpatterns = []\n"},
    ],
)
def test_static_files_that_are_served_or_not_there_are_not(tmp_path: Path, more: dict[str, str]) -> None:
    assert doubts(seen(tmp_path, {**PROJECT, **more})) == []


COLLECTED = {
    **PROJECT,
    "bakery/settings.py": SETTINGS + 'STATIC_ROOT = "gathered"\n',
    "bakery/wsgi.py": MANAGE
    + "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
}


def test_static_files_that_are_collected_are_served_by_whitenoise(tmp_path: Path) -> None:
    """What the build command writes is a WSGI application around the project's own."""
    found = seen(tmp_path / "read", COLLECTED)
    assert doubts(found) == []
    assert found.value("start") == "gunicorn hivemind_wsgi:application --bind 0.0.0.0:$PORT"
    assert found.value("install") == "pip install -r requirements.txt whitenoise"
    assert found.one["install"].note == "WhiteNoise serves the static files"
    collects, _, writes = str(found.value("build")).partition(" && ")
    assert collects == "python manage.py collectstatic --noinput"
    subprocess.run(["sh", "-c", writes], cwd=tmp_path, check=True)
    assert (tmp_path / "hivemind_wsgi.py").read_text().splitlines() == [
        "from django.conf import settings",
        "from whitenoise import WhiteNoise",
        "from bakery.wsgi import application as wrapped",
        "application = WhiteNoise(wrapped, root=settings.STATIC_ROOT, prefix=settings.STATIC_URL)",
    ]


@pytest.mark.parametrize(
    ("more", "start"),
    [
        ({"Procfile": "web: gunicorn bakery.wsgi --workers 3\n"}, "gunicorn bakery.wsgi --workers 3"),
        ({"requirements.txt": "django\nwaitress\n"}, "waitress-serve --listen=0.0.0.0:$PORT bakery.wsgi:application"),
    ],
    ids=["as the repository starts it", "by another server"],
)
def test_a_start_that_is_not_changed_keeps_the_doubt(tmp_path: Path, more: dict[str, str], start: str) -> None:
    found = seen(tmp_path, COLLECTED | more)
    assert found.value("start") == start
    assert len(doubts(found)) == 1


@pytest.mark.parametrize("said", ['"/" + PREFIX + "assets/"', 'f"{PREFIX}assets/"'])
def test_an_address_of_static_files_that_is_put_together_is_not_made_up(tmp_path: Path, said: str) -> None:
    settings = SETTINGS.replace('"assets/"', said)
    ((text, _),) = doubts(seen(tmp_path, PROJECT | {"bakery/settings.py": settings}))
    assert text.startswith("nothing serves /static/: ")


GO = {"go.mod": "module m\n"}
NODE = '{"scripts": {"start": "node a.js"}}'
ALONE = "the application listens on localhost alone, where the load balancer cannot reach it"


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({**GO, "main.go": 'package main\nfunc main() {\n\thttp.ListenAndServe("localhost:8080", h)\n}\n'}, 3),
        ({**GO, "main.go": 'package main\nfunc main() {\n\tgo http.ListenAndServe("localhost:6060", nil)\n'
          '\thttp.ListenAndServe(":8080", h)\n}\n'}, None),
        ({"package.json": NODE, "a.js": "server.listen(3000, '127.0.0.1')\n"}, 1),
        ({"package.json": NODE, "a.js": "server.listen(process.env.PORT)\n"}, None),
        ({"package.json": NODE, "a.js": "s.listen(3000, () => { const at = 'localhost'; say(at) })\n"}, None),
        ({**GO, "main.go": 'package main\nfunc main() {\n\to := redis.Options{Addr: "localhost:6379"}\n}\n'}, None),
        ({"package.json": NODE.replace("a.js", "a.js --host 0.0.0.0"), "a.js": "s.listen(1234, 'localhost')\n"}, None),
        ({"Cargo.toml": '[package]\nname = "m"\n[dependencies]\nactix-web = "4"\n',
          "src/main.rs": 'fn main() {\n    HttpServer::new(a).bind(("127.0.0.1", 8080))\n}\n'}, 2),
    ],
)  # fmt: skip
def test_a_program_that_listens_on_its_own_machine_alone(
    tmp_path: Path, files: dict[str, str], line: int | None
) -> None:
    found = [(said, number) for said, number in doubts(seen(tmp_path, files)) if said == ALONE]
    assert found == ([(ALONE, line)] if line else [])


CLI = (
    "import argparse\nfrom aiohttp import web\ndef main():\n    p = argparse.ArgumentParser()\n"
    '    p.add_argument("-H", "--host", default="localhost", help="where (to listen)")\n'
    '    p.add_argument("--port", type=int, default=8171)\n    web.run_app(app)\n'
    'if __name__ == "__main__":\n    main()\n'
)


@pytest.mark.parametrize(
    ("manifest", "start"),
    [
        ('[project.scripts]\nbread = "loaf.cli:main"\n', "bread --host 0.0.0.0 --port $PORT"),
        ('[tool.poetry.scripts]\nbake = "loaf.cli:main"\n', "bake --host 0.0.0.0 --port $PORT"),
        ('[project.scripts]\nother = "loaf.tools:main"\n', "python -m loaf.cli --host 0.0.0.0 --port $PORT"),
        ("", "python -m loaf.cli --host 0.0.0.0 --port $PORT"),
    ],
)
def test_a_program_inside_a_package_is_never_run_by_its_path(tmp_path: Path, manifest: str, start: str) -> None:
    project = '[project]\nname = "loaf"\nversion = "1"\ndependencies = ["aiohttp"]\n'
    found = seen(tmp_path, {"pyproject.toml": project + manifest, "loaf/__init__.py": "", "loaf/cli.py": CLI})
    assert found.value("start") == start
    assert found.value("port") == 8171


COMMAND = (
    "import click\nfrom flask import Flask\napp = Flask(__name__)\ndef tables():\n    {body}\n"
    '@app.cli.command("lay-table")\ndef lay():\n    tables()\n'
)


UNNAMED = (
    "import click\nfrom flask import Flask\napp = Flask(__name__)\n"
    "@app.cli.command()\n@click.option('--afresh', is_flag=True)\ndef lay_table(afresh):\n"
    "    if {asked}:\n        db.drop_all()\n    db.create_all()\n"
    "@app.cli.command()\ndef fill():\n    db.drop_all()\n    db.create_all()\n"
)


@pytest.mark.parametrize(("asked", "runs"), [("afresh", True), ("not afresh", False)])
def test_a_command_called_like_its_function_that_drops_only_what_it_is_told_to(
    tmp_path: Path, asked: str, runs: bool
) -> None:
    found = seen(tmp_path, {"requirements.txt": "flask\n", "shop.py": UNNAMED.format(asked=asked)})
    assert found.value("release") == ("FLASK_APP=shop flask lay-table" if runs else None)


@pytest.mark.parametrize(
    ("body", "sql", "runs"),
    [
        ("db.create_all()", "", True),
        ("db.drop_all(); db.create_all()", "", False),
        ("db.executescript(app.open_resource('t.sql').read())", "create table if not exists a (b int);", True),
        (
            "db.executescript(app.open_resource('t.sql').read())",
            "drop table if exists a; create table a (b int);",
            False,
        ),
        ("db.execute('CREATE TABLE a (b int)')", "", False),
        ("print('hello')", "", None),
    ],
)
def test_a_command_that_makes_the_tables(tmp_path: Path, body: str, sql: str, runs: bool | None) -> None:
    files = {"requirements.txt": "flask\n", "shop.py": COMMAND.format(body=body), "t.sql": sql}
    found = seen(tmp_path, files)
    command = "FLASK_APP=shop flask lay-table"
    assert found.value("release") == (command if runs else None)
    said = [each for each, _ in doubts(found)]
    assert said == (
        [f"only `{command}` makes the tables, and it drops or repeats those that are there: nothing runs it"]
        if runs is False
        else []
    )


@pytest.mark.parametrize(
    ("gulpfile", "more", "build"),
    [
        ("module.exports = {\n  build,\n  watch,\n};\n", {}, "npx gulp build"),
        ("exports.build = series(a, b)\n", {}, "npx gulp build"),
        ("gulp.task('dist', () => 1)\n", {}, "npx gulp dist"),
        ("exports.build = 1\n", {"Dockerfile": "FROM x\nRUN pip install x\nRUN gulp local\n"}, "npx gulp local"),
        ("exports.watch = 1\n", {}, None),
    ],
)
def test_pages_that_gulp_builds(tmp_path: Path, gulpfile: str, more: dict[str, str], build: str | None) -> None:
    files = {
        "requirements.txt": "flask\n",
        "app.py": "from flask import Flask\napp = Flask('a')\n",
        "package.json": '{"devDependencies": {"gulp": "4"}}',
        "gulpfile.js": gulpfile,
    }
    found = seen(tmp_path, files | more)
    assert found.value("build") == (f"npm install && {build}" if build else None)


FILLS = (
    "import click\nfrom flask import Flask\nfrom shop.models import Role, Sample\napp = Flask(__name__)\n"
    "@app.cli.command()\ndef tables():\n    db.create_all()\n"
    "@app.cli.command()\n{option}def begin({argument}):\n    db.create_all()\n    {call}()\n"
)
MODELS = (
    "class Role:\n    def write_all():\n        if Role.query.first() is None:\n            db.session.add(Role())\n"
    "class Sample:\n    def add_again():\n        db.session.add(Sample())\n"
)


@pytest.mark.parametrize(
    ("option", "argument", "call", "name"),
    [
        ("", "", "Role.write_all", "begin"),
        ("", "", "Sample.add_again", "tables"),
        ("", "", "print", "tables"),
        ("@click.argument('number')\n", "number", "Role.write_all", "tables"),
        ("@click.option('--password', prompt=True)\n", "password", "Role.write_all", "tables"),
    ],
    ids=["looks before it writes", "writes again", "nothing more", "wants an argument", "asks"],
)
def test_of_two_commands_the_one_that_also_writes_what_the_tables_must_hold(
    tmp_path: Path, option: str, argument: str, call: str, name: str
) -> None:
    code = FILLS.format(option=option, argument=argument, call=call)
    found = seen(tmp_path, {"requirements.txt": "flask\n", "shop/__init__.py": code, "shop/models.py": MODELS})
    assert found.value("release") == f"FLASK_APP=shop flask {name}"
