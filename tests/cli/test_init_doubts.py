"""init and recon on what can't be right: file, line, and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.cli.main import main
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.fast

NODE = '{"scripts": {"start": "node a.js"}, "dependencies": {"express": "4", "koa": "2"}}'
LISTENS = "require('express')().listen(4000)\n"


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "where", "help_"),
    [
        ({"package.json": NODE}, "package.json:1: the start command runs a.js, which does not exist",
         "Write `services.web.start: COMMAND`"),
        ({"package.json": NODE, "a.js": LISTENS,
          "package-lock.json": '{"packages": {"": {"dependencies": {"express": "4"}}}}'},
         "package-lock.json:1: it lacks koa, which package.json:1 asks for",
         "services.web.install: npm install"),
        ({"requirements.txt": "flask\n", "app.py": "from flask import Flask\napp = Flask('a')\n",
          ".python-version": "3.99\n"}, ".python-version:1: python 3.99 does not exist",
         "Write `services.web.runtime: python VERSION"),
        ({"Gemfile": "ruby '9.1'\ngem 'sinatra'\n", "app.rb": "require 'sinatra'\n"}, "Gemfile:1: ruby 9.1 does not",
         "services.web.runtime: ruby VERSION"),
        ({"Procfile": "web: ./start.sh\n", "requirements.txt": "flask\n"},
         "Procfile:1: the start command runs start.sh", "services.web.start"),
        ({"package.json": '{"scripts": {"start": "npm run it -- --a"}, "dependencies": {"express": "4"}}'},
         "package.json:1: the start command runs the script it, which package.json does not have",
         "services.web.start"),
        ({"a/package.json": NODE, "a/a.js": LISTENS, "b/package.json": NODE, "b/a.js": LISTENS},
         "b/a.js:1: b listens on port 4000, and so does a (a/a.js:1)", "services.b.port: NUMBER"),
    ],
)  # fmt: skip
def test_contradictions_are_named_with_what_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], where: str, help_: str
) -> None:
    root = lay(tmp_path, files)
    assert main(["recon", str(root)]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert where in shown
    assert help_ in shown
    assert main(["init", "--yes", "--name", "shop", str(root)]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert where in shown
    assert help_ in shown


@pytest.mark.parametrize(
    ("files", "where", "help_"),
    [
        ({"README.md": "# It\n"}, "README.md:1: the repository only has a README", "port: NUMBER"),
        ({"Dockerfile": "FROM scratch\nEXPOSE 7000\nCMD /it\n"}, "Dockerfile:1: only a Dockerfile", "port: 7000"),
        ({"notes.txt": "x"}, "notes.txt:1: the only file", "runtime: python, start: COMMAND"),
    ],
)
def test_what_is_not_recognised_is_named_with_what_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], where: str, help_: str
) -> None:
    root = lay(tmp_path, files)
    assert main(["init", "--yes", str(root)]) == ExitCode.NOT_FOUND
    shown = capsys.readouterr().err
    assert where in shown
    assert help_ in shown
    assert main(["recon", str(root)]) == ExitCode.OK
    assert where in capsys.readouterr().out


def test_processes_that_are_left_out_are_said_with_the_service_that_runs_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    procfile = "web: gunicorn app:app\nworker: celery -A app worker\nclock: python clock.py\n"
    root = lay(tmp_path, {"Procfile": procfile, "requirements.txt": "flask\n", "app.py": "", "clock.py": ""})
    assert main(["init", "--yes", "--name", "shop", str(root)]) == ExitCode.OK
    shown = capsys.readouterr().out
    for service in ('worker: {path: ".", kind: worker, start: "celery -A app worker"}',
                    'scheduler: {path: ".", kind: worker, start: "python clock.py"}'):  # fmt: skip
        assert service in shown
        text = (root / "hivemind.yaml").read_text()
        assert f"#   {service}" in text
        (root / "hivemind.yaml").write_text(text.replace(f"  #   {service}", service))
    assert main(["show", str(root)]) == ExitCode.OK


@pytest.mark.parametrize("command", [["init", "--yes"], ["recon"]])
def test_names_in_a_repository_do_not_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    package = NODE.replace('"koa"', '"\\u001b[2J\\u001b[31mkoa"')
    lock = '{"packages": {"": {"dependencies": {"express": "4"}}}}'
    lay(tmp_path, {"package.json": package, "a.js": LISTENS, "package-lock.json": lock})
    main([*command, str(tmp_path)])
    said = capsys.readouterr()
    assert "it lacks \ufffd[2Jkoa" in said.out
    assert "\x1b" not in said.out + said.err
