from __future__ import annotations

import json
from pathlib import Path

import pytest

from hivemind.cli.main import main
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.fast

FLASK = {"requirements.txt": "flask\n", "app.py": "from flask import Flask\napp = Flask('a')\n"}


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_init_writes_a_file_that_show_completes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lay(tmp_path / "My Shop_1", FLASK)
    assert main(["init", "--yes", str(root)]) == ExitCode.OK
    text = (root / "hivemind.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=.hivemind/schema.json\n")
    assert "name: my-shop-1\nservices:\n  web: {}\n" in text
    assert json.loads((root / ".hivemind/schema.json").read_text())["properties"]
    assert "HiveMind adds gunicorn" in capsys.readouterr().out
    assert main(["show", str(root)]) == ExitCode.OK
    lines = capsys.readouterr().out.splitlines()
    assert any(
        line.split() == ["web.start", "gunicorn", "app:app", "--bind", "0.0.0.0:$PORT", "app.py:2"] for line in lines
    )
    assert main(["show", "--json", str(root)]) == ExitCode.OK
    shown = json.loads(capsys.readouterr().out)
    values = {each["path"]: each for each in shown["values"]}
    assert values["services.web.start"]["origin"] == "recon"
    assert values["services.web.size"]["origin"] == "default"


KEEPING = "import sqlite3\nfrom flask import Flask\napp = Flask(__name__)\n"


@pytest.mark.parametrize(
    ("code", "more", "line"),
    [
        ("db = sqlite3.connect('notes.db')\n", {}, "data: [notes.db]  # every release keeps it"),
        ("app.config['UPLOAD_FOLDER'] = 'photos'\n", {"photos/.gitkeep": ""}, "data: [photos]"),
        ("app.config['UPLOAD_FOLDER'] = 'static'\n", {"static/site.css": "a {}\n"}, None),
        ("a = sqlite3.connect('d/a.db')\nUPLOAD_FOLDER = 'd'\n", {}, "data: [d]"),
        ("a = sqlite3.connect('d/a.db')\n", {"d/lamps.py": "x = 1\n"}, "data: [d/a.db]"),
        ("a = sqlite3.connect('dist/a.db')\n", {}, "data: [dist/a.db]"),
        ("b = join(conf.top, 'kept-files')\n", {".gitignore": "kept-files\n*.pem\n"}, "data: [kept-files]"),
        ("b = join(conf.top, 'dist')\nc = TOP / 'test-files'\n", {".gitignore": "dist\ntest-files\n"}, None),
        ("b = 'kept-files'\n", {".gitignore": "kept-files\n"}, None),
        ("b = os.path.join(os.path.dirname(__file__), 'kept', 'a.db')\n", {}, "data: [kept]"),
        ("", {}, None),
    ],
)
def test_init_keeps_data_beside_the_code(tmp_path: Path, code: str, more: dict[str, str], line: str | None) -> None:
    lay(tmp_path, {"requirements.txt": "flask\n", "app.py": KEEPING + code, **more})
    assert main(["-C", str(tmp_path), "init", "--yes", "--name", "notes"]) == 0
    written = [each.strip() for each in (tmp_path / "hivemind.yaml").read_text().splitlines() if "data:" in each]
    assert len(written) == (line is not None)
    assert all(each.startswith(line or "") for each in written)


def test_init_does_not_overwrite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lay(tmp_path, {**FLASK, "hivemind.yaml": "mine"})
    assert main(["init", "--yes", str(root)]) == ExitCode.REFUSED
    assert (root / "hivemind.yaml").read_text() == "mine"
    assert "already exists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"pyproject.toml": '[project]\nname="a"\ndependencies=[]\n[build-system]\nrequires=[]\n'},
            "a library in python",
        ),
        ({"package.json": '{"bin": {"a": "a.js"}}'}, "a command-line tool in node"),
        ({"README.md": "hello"}, "no application recognized"),
        ({}, "is empty: nothing to deploy"),
    ],
)
def test_init_says_what_is_no_service(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], said: str
) -> None:
    root = lay(tmp_path, files)
    assert main(["init", "--yes", str(root)]) == ExitCode.NOT_FOUND
    assert said in capsys.readouterr().err
    assert not (root / "hivemind.yaml").exists()


def test_init_of_several_services(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {f"api/{name}": text for name, text in FLASK.items()} | {"site/public/index.html": ""}
    root = lay(tmp_path, files)
    assert main(["init", "--yes", "--json", str(root)]) == ExitCode.OK
    services = json.loads(capsys.readouterr().out)["services"]
    assert {name: (each["path"], each["kind"]) for name, each in services.items()} == {
        "api": ("api", "web"),
        "site": ("site", "static"),
    }
    assert "    path: site\n" in (root / "hivemind.yaml").read_text()


@pytest.mark.parametrize("name", ["1a", "A", "a_b", "x" * 33, ""])
def test_a_wrong_name_is_refused(tmp_path: Path, name: str) -> None:
    root = lay(tmp_path, FLASK)
    code = main(["init", "--yes", "--name", name, str(root)])
    assert code == (ExitCode.USAGE if name else ExitCode.OK)


def test_recon_gives_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recon", "--json", str(lay(tmp_path, FLASK))]) == ExitCode.OK
    found = json.loads(capsys.readouterr().out)
    assert (found["language"], found["framework"], found["kind"], found["needs"]) == ("python", "flask", "web", [])
    assert found["evidence"]["start"] == "app.py:2"
    assert found["confidence"]["language"] > 0.9
    assert main(["recon", str(tmp_path)]) == ExitCode.OK
    assert "framework" in capsys.readouterr().out


def test_recon_answers_with_the_only_application_below_a_top_that_says_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    below = {f"shop/{name}": text for name, text in FLASK.items()}
    assert main(["recon", "--json", str(lay(tmp_path, {"README.md": "shop\n", **below}))]) == ExitCode.OK
    found = json.loads(capsys.readouterr().out)
    assert (found["path"], found["language"], found["framework"]) == ("shop", "python", "flask")
    assert [each["path"] for each in found["applications"]] == ["shop"]


def test_text_of_a_repository_does_not_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lay(tmp_path, {"Procfile": "web: python \x1b[2J\u202eapp.py\n"})
    assert main(["recon", str(root)]) == ExitCode.OK
    assert main(["init", "--yes", str(root)]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "python \ufffd[2J\ufffdapp.py" in shown
    assert "\x1b" not in shown
