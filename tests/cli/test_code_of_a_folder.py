"""Whose code a command runs: none of a folder that it only looks at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hivemind import ExitCode
from hivemind.cli.main import main

pytestmark = pytest.mark.fast
FLASK = {"requirements.txt": "flask\ngunicorn\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n"}
PART = "from hivemind import *\nfrom hivemind import hook\n@hook\ndef hivemind_schema():\n"


@pytest.fixture
def witness(tmp_path: Path) -> Path:
    """Is there once the plugin of `looked_at` has run."""
    return tmp_path / "witness"


@pytest.fixture
def looked_at(tmp_path: Path, witness: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    for name, text in FLASK.items():
        (folder / name).write_text(text)
    queue = "    return SchemaPart(resource_types={'parrot': ResourceType({}, 'A parrot.')})\n"
    (folder / "hivemind_plugin.py").write_text(f"open({str(witness)!r}, 'w').close()\n{PART}{queue}")
    return folder


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize("command", [["recon"], ["recon", "--json"], ["init", "--yes"], ["init", "--json"]])
def test_recon_and_init_run_nothing_of_the_folder_and_say_so(
    looked_at: Path, witness: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    command: list[str], here: bool,
) -> None:  # fmt: skip
    monkeypatch.chdir(looked_at if here else looked_at.parent)
    path = "." if here else "shop"
    assert main([*command, path]) == ExitCode.OK
    captured = capsys.readouterr()
    assert not witness.exists()
    (note,) = captured.err.splitlines()
    file = "hivemind_plugin.py" if here else "shop/hivemind_plugin.py"
    assert note.startswith(f"note: not loading {file}: {command[0]} runs no code of the folder")
    assert "--json" not in command or json.loads(captured.out)


def test_recon_of_a_file_is_that_of_its_folder(looked_at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = []
    for path in (looked_at, looked_at / "app.py"):
        assert main(["recon", "--json", str(path)]) == ExitCode.OK
        seen.append(json.loads(capsys.readouterr().out))
    assert seen[0] == seen[1]
    assert seen[0]["framework"] == "flask"


@pytest.mark.parametrize("command", ["schema", "plugins"])
def test_schema_and_plugins_run_the_plugin_of_the_current_folder_alone(
    looked_at: Path, witness: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.chdir(looked_at.parent)
    assert main([command, "shop"]) == ExitCode.OK
    captured = capsys.readouterr()
    assert not witness.exists()
    assert "parrot" not in captured.out
    assert f"not loading shop/hivemind_plugin.py: it is in another folder. To run it: hivemind -C shop {command}" in (
        captured.err
    )
    assert main(["-C", "shop", command]) == ExitCode.OK
    captured = capsys.readouterr()
    assert witness.exists()
    assert "note: using the project's plugin hivemind_plugin.py" in captured.err
    assert ("parrot" if command == "schema" else "hivemind_plugin") in captured.out


@pytest.mark.parametrize("option", [["--no-plugins"], ["-p", "no:hivemind_plugin"]])
def test_nothing_is_said_of_a_plugin_that_the_user_left_out(
    looked_at: Path, capsys: pytest.CaptureFixture[str], option: list[str]
) -> None:
    assert main([*option, "recon", str(looked_at)]) == ExitCode.OK
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("command", ["recon", "init", "schema", "plugins"])
def test_the_help_says_what_is_run(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main([command, "--help"]) == ExitCode.OK
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "runs no code of the folder" in said if command in {"recon", "init"} else "not that of another folder" in said
    )


@pytest.mark.parametrize("name", ["recon", "compiler", "provisioner", "deployer", "conductor", "qa"])
@pytest.mark.parametrize("command", ["validate", "status", "plugins", "deploy"])
def test_what_nothing_is_right_without_cannot_be_disabled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["-p", f"no:{name}", command]) == ExitCode.INVALID
    captured = capsys.readouterr()
    assert f'error: plugin "{name}" cannot be disabled: without it ' in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    ("part", "known"),
    [("{'A B': ResourceType({}, 'x')}", "H604"), ("{'queue': ResourceType({'type': 'txt'}, 'x')}", "H125")],
)
def test_schema_prints_no_schema_that_is_not_valid(
    looked_at: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], part: str, known: str
) -> None:
    monkeypatch.chdir(looked_at)
    Path("hivemind_plugin.py").write_text(f"{PART}    return SchemaPart(resource_types={part})\n")
    assert main(["schema"]) == ExitCode.INVALID
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"hivemind_plugin.py:3  error  {known}  " in captured.err


def test_a_broken_plugin_stops_neither_recon_nor_init(looked_at: Path) -> None:
    (looked_at / "hivemind_plugin.py").write_text("def broken(:\n")
    assert main(["recon", str(looked_at)]) == ExitCode.OK
    assert main(["init", "--yes", str(looked_at)]) == ExitCode.OK
    assert (looked_at / "hivemind.yaml").exists()
