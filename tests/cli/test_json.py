"""`--json` means the same on every command: the last line is one object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from hivemind.cli.main import group, main
from hivemind.values.exits import ExitCode

PASSES_ON_WORDS_OF_OTHERS = {"console", "ssh", "run", "proxy", "db", "artifacts log"}


def commands(of: click.Group, *before: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(of)
    for name in of.list_commands(context):
        command = of.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)
        else:
            yield " ".join((*before, name)), command


@pytest.mark.fast
def test_every_command_takes_it_but_those_that_the_docs_name() -> None:
    without = {
        name for name, command in commands(group) if not any("--json" in parameter.opts for parameter in command.params)
    }
    assert without == PASSES_ON_WORDS_OF_OTHERS
    text = " ".join((Path(__file__).parents[2] / "docs/getting-started.md").read_text().split())
    *more, last = sorted(without, reverse=True)
    named = f"{', '.join(f'`{name}`' for name in more)} and `{last}`"
    assert f"{named} print the output of other programs and have no `--json`." in text


def last(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(words) == ExitCode.OK
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.fast
def test_the_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = last(capsys, "schema", "--json", str(tmp_path))
    assert "services" in printed["properties"]
    written = last(capsys, "schema", "--write", "--json", str(tmp_path))
    assert written["written"] is True
    assert json.loads(Path(written["file"]).read_text()) == printed
    assert written["modeline"].startswith("# yaml-language-server")


def test_what_has_much_to_say_says_it_on_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "requirements.txt").write_text("flask\ngunicorn\n")
    (tmp_path / "app.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    assert last(capsys, "recon", "--json", str(tmp_path))
    assert last(capsys, "init", "--yes", "--json", str(tmp_path))["written"] is True
    assert last(capsys, "init", "--yes", "--json", str(tmp_path))["same"] is True
    assert last(capsys, "show", "--json", str(tmp_path))
    assert last(capsys, "explain", "H112", "--json")["id"] == "H112"
    assert last(capsys, "explain", "--json")["findings"]
    assert last(capsys, "plugins", "--json")["plugins"]
