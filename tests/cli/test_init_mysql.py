"""init and MySQL: the database, the scheme that its driver wants, the application's own names for its parts."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hivemind.blueprint.references import absent
from hivemind.cli.main import main
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.fast

FLASK = "import os\nfrom flask import Flask\napp = Flask('a')\n"
COMPOSE = """\
services:
  web: {build: ., depends_on: [db]}
  db: {image: "%s"}
"""
LOGIN = "$MYSQL_USER:$MYSQL_PASSWORD@$MYSQL_HOST:$MYSQL_PORT/$MYSQL_DATABASE"


def written(root: Path, files: dict[str, str], *words: str) -> dict[str, dict[str, object]]:
    for name, text in files.items():
        (root / name).write_text(text)
    assert main(["init", "--yes", "--name", "shop", str(root), *words]) == ExitCode.OK
    return dict(yaml.safe_load((root / "hivemind.yaml").read_text()))


@pytest.mark.parametrize(
    ("driver", "scheme"),
    [
        ("pymysql", "mysql+pymysql"),
        ("mysqlclient", None),
        ("mysql-connector-python", "mysql+mysqlconnector"),
        ("asyncmy", "mysql+asyncmy"),
    ],
)
def test_an_address_has_the_scheme_of_its_driver(
    tmp_path: Path, driver: str, scheme: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "requirements.txt": f"flask\nsqlalchemy\n{driver}\n",
        "app.py": FLASK + "engine = create_engine(os.environ['DATABASE_URL'])\n",
    }
    env = written(tmp_path, files)["services"]["web"].get("env", {})  # type: ignore[attr-defined]
    assert env.get("DATABASE_URL") == (f"{scheme}://{LOGIN}" if scheme else None)
    assert main(["show", str(tmp_path)]) == ExitCode.OK
    assert ["resources.db", "mysql"] in [line.split()[:2] for line in capsys.readouterr().out.splitlines()]


def test_parts_of_an_address_under_names_of_its_own(tmp_path: Path) -> None:
    reads = ("DB_HOST", "DB_USER", "DB_PASSWORD", "DB_NAME", "MYSQL_PORT")
    code = "connection = pymysql.connect(" + ", ".join(f"os.environ['{name}']" for name in reads) + ")\n"
    files = {"requirements.txt": "flask\npymysql\n", "app.py": FLASK + "import pymysql\n" + code}
    assert written(tmp_path, files)["services"]["web"]["env"] == {  # type: ignore[index]
        "DB_HOST": "$MYSQL_HOST", "DB_USER": "$MYSQL_USER", "DB_PASSWORD": "$MYSQL_PASSWORD",
        "DB_NAME": "$MYSQL_DATABASE",
    }  # fmt: skip


@pytest.mark.parametrize(("image", "kind"), [("mariadb:11.4", "mariadb"), ("mysql:8.4", "mysql")])
def test_the_server_that_a_compose_file_runs(
    tmp_path: Path, image: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "package.json": '{"name": "a", "scripts": {"start": "node a.js"}, "dependencies": {"mysql2": "3"}}',
        "a.js": "require('mysql2').createPool(process.env.DATABASE_URL)\nrequire('http').createServer().listen(80)\n",
        "compose.yaml": COMPOSE % image,
    }
    written(tmp_path, files)
    assert main(["show", str(tmp_path)]) == ExitCode.OK
    assert ["resources.db", kind] in [line.split()[:2] for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("kind", ["mysql", "mariadb"])
def test_a_build_finds_an_address_of_the_kind_that_there_will_be(kind: str) -> None:
    assert absent(["db"], {"db": kind})["DATABASE_URL"].startswith("mysql://")
    assert absent(["db"], {"db": kind})["DB_URL"].startswith("mysql://")
    assert absent(["db"])["DATABASE_URL"].startswith("postgresql://")
    both = absent(["cache", "main", "old"], {"cache": "redis", "main": "postgres", "old": kind})
    assert (both["DATABASE_URL"][:5], both["MAIN_URL"][:5], both["OLD_URL"][:5]) == ("postg", "postg", "mysql")
