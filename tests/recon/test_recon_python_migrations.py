"""Which command brings a Python application's tables up to date."""

from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
FLASK = "from flask import Flask\nfrom flask_migrate import Migrate\n"
ENV = "import os\nfrom alembic import context\ncontext.config.set_main_option('sqlalchemy.url', os.environ['X'])\n"
KEPT = {
    "requirements.txt": "fastapi\nuvicorn\nsqlalchemy\nalembic\n",
    "main.py": FASTAPI,
    "alembic.ini": "[alembic]\nscript_location = alembic\nprepend_sys_path = .\nsqlalchemy.url = driver://u:p@h/n\n",
    "alembic/env.py": ENV,
    "alembic/versions/1a2b_first.py": "",
}


def test_alembic(tmp_path: Path) -> None:
    found = seen(tmp_path, KEPT)
    assert found.value("release") == "alembic upgrade head"
    assert found.one["release"].evidence == "alembic in requirements.txt:4"


def test_alembic_of_before_it_looked_in_the_folder_itself(tmp_path: Path) -> None:
    found = seen(tmp_path, KEPT | {"alembic.ini": "[alembic]\nscript_location = alembic\n"})
    assert found.value("release") == "PYTHONPATH=. alembic upgrade head"


def test_alembic_below_the_application(tmp_path: Path) -> None:
    files = {file.replace("alembic/", "db/alembic/"): text for file, text in KEPT.items()}
    files["db/alembic.ini"] = files.pop("alembic.ini")
    assert seen(tmp_path, files).value("release") == "cd db && alembic upgrade head"


@pytest.mark.parametrize(
    "more",
    [
        {"alembic/versions/1a2b_first.py": None},
        {"main.py": FASTAPI + "from alembic import command\ncommand.upgrade(None, 'head')\n"},
        {"alembic/env.py": None},
    ],
    ids=["no version yet", "the application does it", "no folder of Alembic's"],
)
def test_none_where_there_is_nothing_to_run(tmp_path: Path, more: dict[str, str | None]) -> None:
    files = {file: text for file, text in (KEPT | more).items() if text is not None}
    found = seen(tmp_path, files)
    assert "release" not in found.one
    assert not found.several["doubts"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {
                "alembic.ini": "[alembic]\nsqlalchemy.url = postgresql://me@localhost/own\n",
                "alembic/env.py": "pass  # in this environment\n",
            },
            "the migrations in alembic run on the database that alembic.ini names",
        ),
        (
            {"requirements.txt": "fastapi\nuvicorn\nsqlalchemy\n"},
            "nothing runs the migrations in alembic: alembic is not among the dependencies",
        ),
    ],
)
def test_what_keeps_them_from_being_run_is_said(tmp_path: Path, more: dict[str, str], said: str) -> None:
    found = seen(tmp_path, KEPT | more)
    assert "release" not in found.one
    assert [doubt.value for doubt in found.several["doubts"]] == [said]
    assert "alembic upgrade head" in (found.several["doubts"][0].note or "")


@pytest.mark.parametrize(
    ("file", "code", "release"),
    [
        ("app.py", "app = Flask(__name__)\n", "flask db upgrade"),
        ("shop.py", "app = Flask(__name__)\n", "FLASK_APP=shop flask db upgrade"),
        ("shop/web.py", "site = Flask(__name__)\n", "FLASK_APP=shop.web:site flask db upgrade"),
        (
            "shop/__init__.py",
            "def create_app():\n    app = Flask(__name__)\n    return app\n",
            "FLASK_APP=shop flask db upgrade",
        ),
    ],
)
def test_flask_migrate(tmp_path: Path, file: str, code: str, release: str) -> None:
    migrations = {"migrations/env.py": "", "migrations/alembic.ini": "", "migrations/versions/1_first.py": ""}
    found = seen(tmp_path, {"requirements.txt": "Flask\nFlask-Migrate\n", file: FLASK + code, **migrations})
    assert found.value("release") == release


KEPT_BY_FLASK = {
    "requirements.txt": "Flask\nFlask-Migrate\n",
    "shop/__init__.py": "",
    "shop/web.py": FLASK + "app = Flask(__name__)\nMigrate(app, db)\n",
    "shop/tables/env.py": "",
    "shop/tables/versions/1_first.py": "",
}


def test_flask_migrate_with_a_folder_that_it_does_not_look_in(tmp_path: Path) -> None:
    assert seen(tmp_path, KEPT_BY_FLASK).value("release") == "FLASK_APP=shop.web flask db upgrade -d shop/tables"


def test_flask_migrate_whose_application_knows_the_folder(tmp_path: Path) -> None:
    told = FLASK + "app = Flask(__name__)\nMigrate(app, db, directory='shop/tables')\n"
    found = seen(tmp_path, KEPT_BY_FLASK | {"shop/web.py": told})
    assert found.value("release") == "FLASK_APP=shop.web flask db upgrade"


OWN = (
    "from flask_migrate import upgrade\nfrom models import Role\napp = Flask(__name__)\n"
    "@app.cli.command()\ndef ship():\n    upgrade()\n    {then}\n"
)
ROLES = "class Role:\n    def write():\n        if not Role.known():\n            session.add(Role())\n"


@pytest.mark.parametrize(
    ("then", "release"),
    [("Role.write()", "flask ship"), ("print(1)", "flask db upgrade"), ("db.drop_all()", "flask db upgrade")],
)
def test_a_command_that_upgrades_and_writes_what_the_tables_must_hold(tmp_path: Path, then: str, release: str) -> None:
    files = {"requirements.txt": "flask\nflask-migrate\n", "app.py": FLASK + OWN.format(then=then), "models.py": ROLES}
    found = seen(tmp_path, files | {"migrations/env.py": "", "migrations/versions/1a_x.py": ""})
    assert found.value("release") == release


@pytest.mark.parametrize(
    ("code", "runs"),
    [
        ("def ready(app, tables):\n    with app.app_context():\n        upgrade(tables)\n", True),
        ("def ready(app):\n    upgrade()\n", True),
        ("@app.cli.command()\ndef deploy():\n    upgrade()\n", False),
        ("@app.cli.command('up')\ndef deploy():\n    upgrade('shop/tables')\n", False),
        ("def ready(:\n    upgrade()\n", False),
    ],
)
def test_an_application_that_upgrades_itself_has_no_release_command(tmp_path: Path, code: str, runs: bool) -> None:
    files = KEPT_BY_FLASK | {"shop/start.py": "from flask_migrate import Migrate, upgrade\n" + code}
    assert ("release" not in seen(tmp_path, files).one) is runs


YOYO = {"requirements.txt": "fastapi\nyoyo-migrations\n", "main.py": FASTAPI, "db/steps/0001.first.sql": "select 1;\n"}
READS = "from yoyo import read_migrations\n"


@pytest.mark.parametrize(
    ("more", "release"),
    [
        ({"yoyo.ini": "[DEFAULT]\nsources = %(here)s/db/steps\n"}, 'yoyo apply --batch --database "$DATABASE_URL"'),
        ({"yoyo.ini": "[DEFAULT]\nsources = db/steps\ndatabase = %(DATABASE_URL)s\n"}, "yoyo apply --batch"),
        (
            {"up.py": READS + 'read_migrations("./db/steps/")\n'},
            'yoyo apply --batch --database "$DATABASE_URL" db/steps',
        ),
        ({"up.py": READS + 'read_migrations("elsewhere")\n'}, None),
        ({"yoyo.ini": "[DEFAULT]\n", "shop/db.py": READS + "backend.apply_migrations(read_migrations('db'))\n"}, None),
        ({}, None),
    ],
)
def test_yoyo(tmp_path: Path, more: dict[str, str], release: str | None) -> None:
    assert seen(tmp_path, YOYO | more).value("release") == release


def test_aerich(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "fastapi\naerich\ntortoise-orm\n",
        "main.py": FASTAPI,
        "migrations/models/0_1_init.py": "",
    }
    assert seen(tmp_path, files).value("release") == "aerich upgrade"


FIRST = "from alembic import op\nrevision = 'a1b2c3d4e5f6'\ndown_revision = None\n\n\ndef upgrade():\n"
GROWN = {
    "requirements.txt": "flask\nflask-migrate\npsycopg2-binary\n",
    "app.py": f"{FLASK}app = Flask(__name__)\nMigrate(app, None)\n",
    "migrations/env.py": "from alembic import context\n",
    "migrations/versions/a1b2_first.py": f"{FIRST}    op.add_column('stops', sa.Column('lamp'))\n",
}
MAKES = "import click\n@app.cli.command('make-tables')\ndef make():\n    db.create_all()\n"
ONCE = "if flask db current | grep -Eq '^[[:alnum:]_]+( [(]|$)'; then flask db upgrade; else {}flask db stamp head; fi"


@pytest.mark.parametrize(
    ("more", "made"),
    [
        ({"app.py": GROWN["app.py"] + MAKES}, "flask make-tables && "),
        ({"migrations/env.py": "from app import db\nwith app.app_context():\n    db.create_all()\n"}, ""),
    ],
    ids=["by a command of its own", "whenever Alembic runs"],
)
def test_migrations_of_tables_that_none_of_them_makes(tmp_path: Path, more: dict[str, str], made: str) -> None:
    found = seen(tmp_path, GROWN | more)
    assert found.value("release") == ONCE.format(made)
    assert found.one["release"].evidence == (
        "the first of its migrations expects stops to be there in migrations/versions/a1b2_first.py:7"
    )
    assert not found.several["doubts"]


def test_alembic_in_a_folder_whose_first_migration_expects_a_table(tmp_path: Path) -> None:
    files = {file.replace("alembic/", "db/alembic/"): text for file, text in KEPT.items()}
    files["db/alembic.ini"] = files.pop("alembic.ini")
    files["db/alembic/env.py"] += "Base.metadata.create_all(engine)\n"
    files["db/alembic/versions/1a2b_first.py"] = f"{FIRST}    op.drop_table('lamps')\n"
    release = str(seen(tmp_path, files).value("release"))
    assert release.startswith("if (cd db && alembic current) | grep ")
    assert release.endswith("; then cd db && alembic upgrade head; else cd db && alembic stamp head; fi")


def test_migrations_that_expect_a_table_which_nothing_makes_are_said(tmp_path: Path) -> None:
    found = seen(tmp_path, GROWN)
    (doubt,) = found.several["doubts"]
    assert "expects the table stops, which none makes" in str(doubt.value)
    assert doubt.evidence.endswith("migrations/versions/a1b2_first.py:7")
    assert "services.NAME.release: COMMAND && flask db stamp head" in doubt.evidence
    assert found.value("release") == "flask db upgrade"


@pytest.mark.parametrize(
    "body",
    [
        "    op.create_table('stops', sa.Column('id'))\n    op.add_column('stops', sa.Column('lamp'))\n",
        "    op.execute('CREATE TABLE stops (id int)')\n    op.add_column('stops', sa.Column('lamp'))\n",
        "    if has_table('stops'):\n        op.add_column('stops', sa.Column('lamp'))\n",
        "    op.drop_table('spatial_ref_sys')\n    op.create_table('stops')\n",
        "    pass\n",
        "    op.create_table('stops'\n",
    ],
    ids=["makes it", "by SQL", "asks first", "of an extension", "nothing", "no code"],
)
def test_migrations_that_begin_with_an_empty_database(tmp_path: Path, body: str) -> None:
    found = seen(tmp_path, GROWN | {"migrations/versions/a1b2_first.py": FIRST + body})
    assert found.value("release") == "flask db upgrade"
    assert not found.several["doubts"]
