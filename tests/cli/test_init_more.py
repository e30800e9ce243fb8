"""init: what stands is compared, what is not certain is asked, several services get routes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hivemind.cli import init
from hivemind.cli.main import main
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.fast

FLASK = {"requirements.txt": "flask\n", "app.py": "from flask import Flask\napp = Flask('a')\n"}


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_second_run_has_nothing_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lay(tmp_path, FLASK)
    assert main(["init", "--yes", "--name", "shop", str(root)]) == ExitCode.OK
    capsys.readouterr()
    assert main(["init", str(root)]) == ExitCode.OK
    assert "already up to date" in capsys.readouterr().out
    assert main(["init", "--json", str(root)]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["same"] is True


def test_a_second_run_shows_the_difference_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = lay(tmp_path, FLASK)
    assert main(["init", "--yes", "--name", "shop", str(root)]) == ExitCode.OK
    file = root / "hivemind.yaml"
    changed = file.read_text().replace("web: {}", "web: {instances: 2}")
    file.write_text(changed)
    capsys.readouterr()
    assert main(["init", "--yes", str(root)]) == ExitCode.REFUSED
    shown = capsys.readouterr()
    assert "-  web: {instances: 2}\n+  web: {}" in shown.out
    assert "name: " not in [line[1:7] for line in shown.out.splitlines() if line.startswith(("-", "+"))]
    assert "Nothing was written" in shown.err
    assert main(["init", "--json", str(root)]) == ExitCode.REFUSED
    assert json.loads(capsys.readouterr().out)["same"] is False
    assert file.read_text() == changed


def test_large_files_that_nothing_runs_on_are_ignored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lay(tmp_path, {**FLASK, "dump [1].sql": "", "static/intro.mp4": "", "small.sql": "x"})
    for name in ("dump [1].sql", "static/intro.mp4"):
        with (root / name).open("wb") as file:
            file.truncate(6 * 1024 * 1024)
    assert main(["init", "--yes", str(root)]) == ExitCode.OK
    ignored = (root / ".hivemindignore").read_text().splitlines()
    assert [line for line in ignored if not line.startswith("#")] == ["/dump\\ \\[1\\].sql"]
    assert "data dump" in capsys.readouterr().out

    from hivemind.repositories.repository import read

    assert "dump [1].sql" not in read(root).files


def test_an_ignore_file_of_the_users_own_is_left(tmp_path: Path) -> None:
    root = lay(tmp_path, {**FLASK, ".hivemindignore": "mine\n", ".gitignore": "x\n"})
    with (root / "dump.sql").open("wb") as file:
        file.truncate(6 * 1024 * 1024)
    assert main(["init", "--yes", str(root)]) == ExitCode.OK
    assert (root / ".hivemindignore").read_text() == "mine\n"
    assert (root / ".gitignore").read_text() == "x\n"


def test_several_services_get_routes_that_validate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {f"{folder}/{name}": text for folder in ("backend", "admin") for name, text in FLASK.items()}
    root = lay(tmp_path, {**files, "frontend/index.html": "<p>"})
    assert main(["init", "--yes", str(root)]) == ExitCode.OK
    text = (root / "hivemind.yaml").read_text()
    assert '  admin:\n    path: admin\n    routes: ["/admin/*"]  # proposed; frontend gets all other requests\n' in text
    assert '  backend:\n    path: backend\n    routes: ["/api/*"]' in text
    assert "  frontend:\n    path: frontend\n" in text
    capsys.readouterr()
    assert main(["validate", str(root / "hivemind.yaml")]) == ExitCode.OK


@pytest.mark.parametrize("name", ["x" * 29, "Shop", "-a"])
def test_names_are_at_most_28_letters(tmp_path: Path, name: str) -> None:
    assert main(["init", "--yes", f"--name={name}", str(lay(tmp_path, FLASK))]) == ExitCode.USAGE


def test_a_person_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"{folder}/{name}": text for folder in ("api", "admin") for name, text in FLASK.items()}
    root = lay(tmp_path / "My Shop", files)

    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(init, "sys", type("Sys", (), {"stdin": Terminal(), "stdout": sys.stdout}))
    run = CliRunner().invoke(init.command, [str(root)], input="store\nn\ny\n", standalone_mode=False)
    assert run.exception is None, run.output
    assert "Name of the application [my-shop]" in run.output
    text = (root / "hivemind.yaml").read_text()
    assert "name: store\n" in text
    assert "  api:\n    path: api\n" in text
    assert "admin" not in text
    assert "routes" not in text


def test_a_control_character_stays_in_its_comment(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    root = lay(folder, FLASK)
    (root / "app.py").write_text(FLASK["app.py"] + "import os\nos.environ['A_KEY']\n")
    assert main(["init", "--yes", str(root)]) == ExitCode.OK
    assert all(line.isprintable() for line in (root / "hivemind.yaml").read_text().splitlines())


def test_names_of_its_own_for_redis_get_its_address(tmp_path: Path) -> None:
    package = {"scripts": {"start": "node a.js"}, "dependencies": {"express": "4", "ioredis": "5"}}
    code = "new Redis(process.env.QUEUE_REDIS_URI || '');\napp.listen(process.env.PORT);\n"
    root = lay(tmp_path, {"package.json": json.dumps(package), "a.js": code})
    assert main(["init", "--yes", "--name", "shop", str(root)]) == ExitCode.OK
    assert 'env: {QUEUE_REDIS_URI: "$REDIS_URL"}  # read in a.js' in (root / "hivemind.yaml").read_text()
    assert main(["validate", "--no-lint", str(root / "hivemind.yaml")]) == ExitCode.OK


def test_names_of_its_own_for_the_database_get_their_values(tmp_path: Path) -> None:
    package = {"scripts": {"start": "node a.js"}, "dependencies": {"express": "4", "pg": "8"}}
    code = "new Pool({host: process.env.DB_HOST, password: process.env.DB_PASS});\napp.listen(process.env.PORT);\n"
    root = lay(tmp_path, {"package.json": json.dumps(package), "a.js": code})
    assert main(["init", "--yes", "--name", "shop", str(root)]) == ExitCode.OK
    text = (root / "hivemind.yaml").read_text()
    assert 'env: {DB_HOST: "$PGHOST", DB_PASS: "$PGPASSWORD"}  # read in a.js' in text
    assert main(["validate", "--no-lint", str(root / "hivemind.yaml")]) == ExitCode.OK


def test_hosts_that_a_variable_admits_are_all_until_they_are_named(tmp_path: Path) -> None:
    settings = "import os\nALLOWED_HOSTS = os.environ.get('HOSTS', 'localhost').split(',')\n"
    wsgi = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
    manage = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
    lay(
        tmp_path,
        {"requirements.txt": "django\n", "manage.py": manage, "shop/settings.py": settings, "shop/wsgi.py": wsgi},
    )
    assert main(["init", "--yes", str(tmp_path)]) == 0
    text = (tmp_path / "hivemind.yaml").read_text()
    assert 'env: {HOSTS: "*"}  # HOSTS: any host, until you name yours' in text


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (
            ["DATABASE_URL"],
            'env: {DATABASE_URL: "postgresql+asyncpg://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/$PGDATABASE"}',
        ),
        (
            ["DATABASE_URL", "DATABASE_ASYNC_URL"],
            'env: {DATABASE_ASYNC_URL: "postgresql+asyncpg://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/$PGDATABASE"}',
        ),
    ],
)
def test_an_address_has_the_scheme_that_its_driver_wants(tmp_path: Path, names: list[str], written: str) -> None:
    reads = "".join(f"os.environ['{name}']\n" for name in names)
    code = f"import os\nfrom fastapi import FastAPI\nfrom sa import create_async_engine\napp = FastAPI()\n{reads}"
    code += "create_async_engine(URL)\n"
    lay(tmp_path, {"requirements.txt": "fastapi\nuvicorn\nsqlalchemy\nasyncpg\npsycopg2\n", "main.py": code})
    assert main(["init", "--yes", "--name", "shop", str(tmp_path)]) == ExitCode.OK
    assert written in (tmp_path / "hivemind.yaml").read_text()
    assert main(["validate", "--no-lint", str(tmp_path / "hivemind.yaml")]) == ExitCode.OK


def test_applications_below_the_one_that_is_deployed_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    below = {f"parts/mail/{name}": text for name, text in FLASK.items()}
    root = lay(tmp_path, {**FLASK, **below})
    assert main(["init", "--yes", "--name", "shop", str(root)]) == ExitCode.OK
    line = 'mail: {path: parts/mail, routes: ["/mail/*"]}'
    assert line in capsys.readouterr().out
    text = (root / "hivemind.yaml").read_text()
    assert (
        f"  # The repository also has parts/mail/ (flask), which this file leaves out. A service for it:\n  #   {line}"
        in text
    )
    file = root / "hivemind.yaml"
    file.write_text(text.replace("  #   mail:", "  mail:"))
    assert main(["validate", str(file)]) == ExitCode.OK


def test_what_a_repository_sets_elsewhere_is_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = "FROM python:3.12\nENV TILL_MODE=live\nCMD gunicorn app:app\n"
    code = FLASK["app.py"] + "import os\nMODE = os.environ.get('TILL_MODE', 'toy')\n"
    root = lay(tmp_path, {**FLASK, "app.py": code, "Dockerfile": image})
    assert main(["init", "--yes", "--name", "shop", str(root)]) == ExitCode.OK
    file = root / "hivemind.yaml"
    assert "env: {TILL_MODE: live}  # TILL_MODE: set by ENV in Dockerfile:2" in file.read_text()
    file.write_text("hivemind: 1\nname: shop\nservices: {web: {}}\n")
    capsys.readouterr()
    assert main(["validate", "--json", str(file)]) == ExitCode.OK
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert (found["id"], found["hint"]) == ("H304", "Add to services.web: `env: {TILL_MODE: live}`.")


def test_a_secret_of_the_applications_own_is_made_with_the_stack(tmp_path: Path) -> None:
    code = FLASK["app.py"] + "import os\nKEYS = os.environ['SHOP_SECRET_KEY'], os.environ['STRIPE_SECRET_KEY']\n"
    root = lay(tmp_path, {**FLASK, "app.py": code})
    assert main(["init", "--yes", "--name", "shop", str(root)]) == ExitCode.OK
    text = (root / "hivemind.yaml").read_text()
    assert "    secrets: {SHOP_SECRET_KEY: generate}  # made once, with the stack (app.py:" in text
    assert "Add: secrets: {STRIPE_SECRET_KEY: ssm:/NAME}" in text
    assert main(["validate", str(root / "hivemind.yaml")]) == ExitCode.OK


def test_a_folder_that_is_gone_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert main(["init", "--yes"]) == ExitCode.NOT_FOUND
    assert "the current folder does not exist any more" in capsys.readouterr().err


def test_a_missing_start_command_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lay(tmp_path, {"requirements.txt": "flask\n", "notes.py": "x = 1\n"})
    assert main(["init", "--yes", "--name", "shop", str(root)]) == ExitCode.OK
    assert "No start command found. Write `services.web.start: COMMAND`." in capsys.readouterr().out
