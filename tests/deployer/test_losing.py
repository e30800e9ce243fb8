"""Data beside the code, which a release would lose, is said in the plan with the line to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.agents.deployer.losing import losing
from hivemind.blueprint.model import Blueprint, Resource, Service
from hivemind.repositories.repository import read
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast


def found(
    root: Path, files: dict[str, str], *, needs: str = "", data: tuple[str, ...] = (), path: str = "."
) -> list[Finding]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    service = Service("web", path=path, needs=(needs,) if needs else (), data=data)
    resources = {needs: Resource(needs, needs)} if needs else {}
    return list(losing(Blueprint("shop", services={"web": service}, resources=resources), read(root)))


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        ("app.py", "db = sqlite3.connect('notes.db')", "notes.db"),
        ("app.py", "import sqlite3; DB = os.path.join(here, 'data.db')", "data.db"),
        ("app.py", "SQLITE = os.path.join(app.instance_path, 'notes.sqlite')", "instance"),
        ("config.py", 'URI = "sqlite:///instance/app.sqlite"', "instance/app.sqlite"),
        ("s.py", "'ENGINE': 'django.db.backends.sqlite3',\n 'NAME': BASE_DIR / 'main.sqlite3'}", "main.sqlite3"),
        ("s.py", "'ENGINE': 'django.db.backends.sqlite3'", "db.sqlite3"),
        ("db.js", 'const db = new Database("./shop.db")', "shop.db"),
        ("db.ts", "new DatabaseSync('shop.db')", "shop.db"),
        ("env.js", 'DB_FILENAME: str({ default: "store/main" }),', "store"),
        ("env.js", 'const file = process.env.SQLITE_PATH ?? "./main.db"', "main.db"),
        ("orm.js", "{ dialect: 'sqlite', storage: './data/x.sqlite' }", "data/x.sqlite"),
        ("prisma/schema.prisma", 'url = "file:./dev.db"', "dev.db"),
        ("main.go", 'sql.Open("sqlite3", "./local.db")', "local.db"),
        ("config/database.yml", "  database: storage/production.sqlite3", "storage/production.sqlite3"),
        ("settings.py", "MEDIA_ROOT = BASE_DIR / 'media'", "media"),
        ("app.py", 'app.config["UPLOAD_FOLDER"] = "uploads"', "uploads"),
        ("shop/settings.py", "MEDIA_ROOT = os.path.join(os.path.dirname(__file__), 'media')", "shop/media"),
        ("shop/s.py", "MEDIA_ROOT = Path(__file__).parent.parent / 'media'", "media"),
        ("settings.py", "SHOP_UPLOAD_PATH = os.path.join(basedir, 'uploads')", "uploads"),
        ("app.js", "const up = multer({ dest: 'uploads/' })", "uploads"),
    ],
)
def test_places_for_data_are_found(tmp_path: Path, file: str, text: str, name: str) -> None:
    (finding,) = found(tmp_path, {file: f"\n{text}\n"})
    assert finding.message.startswith(f"the application keeps {name} beside its code")
    assert finding.hint is not None
    assert f"`data: [{name}]` in services.web" in finding.hint
    assert str(finding.place) == f"{file}:2"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("app.py", "sqlite3.connect(':memory:')"),
        ("app.py", "open('words.db')"),
        ("app.py", 'URI = "sqlite:///:memory:"'),
        ("app.py", 'URI = "sqlite:////var/lib/app.db"'),
        ("app.py", "sqlite3.connect('../outside.db')"),
        ("tests/test_app.py", "sqlite3.connect('test.db')"),
        ("README.md", "sqlite3.connect('notes.db')"),
    ],
)
def test_what_is_no_data_of_the_application_is_not(tmp_path: Path, file: str, text: str) -> None:
    assert found(tmp_path, {file: text}) == []


def test_what_lasts_or_has_a_database_is_fine(tmp_path: Path) -> None:
    files = {"api/app.py": "sqlite3.connect('var/notes.db'); app.config['UPLOAD_FOLDER'] = 'var/up'"}
    assert len(found(tmp_path, files, path="api")) == 2
    assert found(tmp_path, files, path="api", data=("var",)) == []
    (uploads,) = found(tmp_path, files, path="api", needs="postgres")
    assert "var/up" in uploads.message
    (uploads,) = found(tmp_path, files, path="api", data=("var/notes.db",))
    assert uploads.hint is not None
    assert "`data: [var/notes.db, var/up]`" in uploads.hint
    assert str(uploads.place) == "api/app.py:1"
    assert found(tmp_path, files, path="web") == []


@pytest.mark.parametrize(
    ("requirement", "name"), [("Flask-SQLAlchemy", "instance/a.db"), ("Flask-SQLAlchemy==2.5.1", "a.db"), ("x", "a.db")]
)
def test_flask_sqlalchemy_keeps_a_relative_file_in_the_instance_folder(
    tmp_path: Path, requirement: str, name: str
) -> None:
    files = {"requirements.txt": f"Flask\n{requirement}\n", "app.py": "URI = 'sqlite:///a.db'\n"}
    assert [finding.message.split()[3] for finding in found(tmp_path, files)] == [name]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('URI = "sqlite:////tmp/shop.db"\n', "/tmp/shop.db"),
        ('URI = "sqlite+aiosqlite:////var/tmp/in/shop.db"\n', "/var/tmp/in/shop.db"),
        ('URI = "sqlite:////srv/shop.db"\n', None),
    ],
)
def test_data_in_tmp_is_gone_at_the_next_start(tmp_path: Path, text: str, place: str | None) -> None:
    said = [
        finding for finding in found(tmp_path, {"app.py": text}) if "/tmp is empty at each start" in finding.message
    ]
    assert [place in finding.message for finding in said if place] == [True] * (place is not None)
    assert all("`data: [shop.db]`" in (finding.hint or "") for finding in said)
