"""The frame of the command line: help, exit codes, errors, plugins."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from hivemind import ExitCode, Finding, FindingsError, HiveMindError, StageError, __version__
from hivemind.cli import main as frame
from hivemind.cli.main import COMMANDS, group, main
from hivemind.values.asked import PluginChoice
from hivemind.values.errors import Stage


@pytest.fixture
def does(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Replaces the command `list` by a function."""

    def replace(function: Callable[[], object]) -> None:
        @click.command(name="list")
        @click.option("--json", "as_json", is_flag=True)
        def command(as_json: bool) -> object:
            return function()

        monkeypatch.setattr(frame.group, "get_command", lambda ctx, name: command)

    return replace


def raises(error: BaseException) -> Callable[[], object]:
    def function() -> object:
        raise error

    return function


@pytest.mark.fast
def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == ExitCode.OK
    out = capsys.readouterr().out
    for name, (_, line) in COMMANDS.items():
        assert f"  {name} " in out
        assert line.split()[0] in out
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.fast
def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == ExitCode.OK
    assert capsys.readouterr().out == f"hivemind {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_documented(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith(f"Usage: hivemind {name}")


@pytest.mark.fast
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["aply"], "Did you mean apply?"),
        (["desroy"], "Did you mean destroy?"),
        (["qqqq"], 'Unknown command "qqqq".'),
        (["--nonsense"], "--nonsense"),
        (["-C", "/nowhere/at/all", "plugins"], "No such file or directory"),
    ],
)
def test_a_wrong_command_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == ExitCode.USAGE
    assert message in capsys.readouterr().err


@pytest.mark.fast
def test_an_error_for_people_has_message_hint_and_code(does: Callable, capsys: pytest.CaptureFixture[str]) -> None:
    does(raises(HiveMindError("the stack is locked", hint="wait\nor use --wait", exit_code=ExitCode.LOCKED)))
    assert main(["list"]) == ExitCode.LOCKED
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "error: the stack is locked\n  Next:  wait\n         or use --wait\n"


@pytest.mark.fast
def test_a_failed_stage_shows_its_evidence(does: Callable, capsys: pytest.CaptureFixture[str]) -> None:
    does(raises(StageError(Stage.PROVISION, "Db failed", subject="Db", lines=["no version 16.9"], left="nothing")))
    assert main(["list"]) == ExitCode.PROVISION
    assert capsys.readouterr().err == "error: Db failed\n  | no version 16.9\n  State now:  nothing\n"


@pytest.mark.fast
def test_an_error_as_data(does: Callable, capsys: pytest.CaptureFixture[str]) -> None:
    does(raises(StageError(Stage.VERIFY, "bad", subject="http", lines=["502"], hint="look")))
    assert main(["list", "--json"]) == ExitCode.VERIFY
    captured = capsys.readouterr()
    error = json.loads(captured.out)["error"]
    assert captured.err == ""
    assert (error["exit"], error["exit_code"], error["stage"], error["lines"]) == ("verify", 15, "verify", ["502"])


def test_findings_are_rendered(does: Callable, capsys: pytest.CaptureFixture[str]) -> None:
    from hivemind import Place, Severity

    place = Place("hivemind.yaml", 9, 15, "    size: t3.smal", 7)
    does(raises(FindingsError([Finding("H104", Severity.ERROR, 'unknown size "t3.smal"', place)])))
    assert main(["list"]) == ExitCode.INVALID
    captured = capsys.readouterr()
    assert "hivemind.yaml:9:15" in captured.out + captured.err
    assert main(["list", "--json"]) == ExitCode.INVALID
    assert "H104" in capsys.readouterr().out


@pytest.mark.fast
@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.exceptions.Abort()])
def test_ctrl_c(error: BaseException, does: Callable, capsys: pytest.CaptureFixture[str]) -> None:
    does(raises(error))
    assert main(["list"]) == ExitCode.INTERRUPTED
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.fast
def test_a_defect_leaves_a_redacted_report(
    does: Callable, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIVEMIND_HOME", str(tmp_path))
    does(raises(KeyError("password=hunter2hunter2")))
    assert main(["list"]) == ExitCode.INTERNAL
    err = capsys.readouterr().err
    (report,) = (tmp_path / "reports").iterdir()
    assert str(report) in err
    assert "Traceback" not in err
    text = report.read_text()
    assert "Traceback" in text
    assert "KeyError" in text
    assert "hunter2" not in text + err
    assert report.stat().st_mode & 0o777 == 0o600


@pytest.mark.fast
@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_machine_that_keeps_no_files_is_no_defect(
    number: int, does: Callable, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIVEMIND_HOME", str(tmp_path))
    does(raises(OSError(number, os.strerror(number), "/data/local")))
    assert main(["list"]) == ExitCode.UNREACHABLE
    err = capsys.readouterr().err
    assert f"error: /data/local: {os.strerror(number)}" in err
    next_step = "Free some space" if number == errno.ENOSPC else "set HIVEMIND_HOME"
    assert next_step in " ".join(err.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fast
def test_a_defect_is_raised_for_debugging(does: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVEMIND_DEBUG", "1")
    does(raises(KeyError("x")))
    with pytest.raises(KeyError):
        main(["list"])


@pytest.mark.fast
@pytest.mark.parametrize(("result", "code"), [(None, 0), (ExitCode.NOT_FOUND, 7), ("text", 0)])
def test_commands_may_return_their_code(result: object, code: int, does: Callable) -> None:
    does(lambda: result)
    assert main(["list"]) == code


@pytest.mark.fast
def test_global_options_reach_the_command(does: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    seen: list[object] = []
    does(lambda: seen.extend([click.get_current_context().find_object(PluginChoice), Path.cwd()]))
    main(["-C", "sub", "-p", "slack", "-p", "no:pager", "--no-plugins", "list"])
    assert seen == [PluginChoice(("slack",), ("pager",), third_party=False), tmp_path / "sub"]


@pytest.mark.parametrize("arguments", [["plugins", "--json"], ["--help"]])
def test_a_closed_pipe_is_no_error(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "hivemind", *arguments]
    run = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert run.stderr == ""
    assert run.returncode == ExitCode.PIPE


def test_plugins_lists_where_each_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hivemind_plugin.py").write_text(
        "from hivemind import SchemaPart, hook\n@hook\ndef hivemind_schema():\n    return SchemaPart()\n"
    )
    assert main(["plugins"]) == ExitCode.OK
    captured = capsys.readouterr()
    assert "recon" in captured.out
    assert "built in" in captured.out
    assert "note: using the project's plugin" in captured.err
    assert main(["plugins", "--json"]) == ExitCode.OK
    plugins = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)["plugins"]}
    assert plugins["hivemind_plugin"]["source"] == "project"
    assert plugins["hivemind_plugin"]["hooks"] == ["hivemind_schema"]
    assert main(["--no-plugins", "plugins"]) == ExitCode.OK
    assert "hivemind_plugin" not in capsys.readouterr().out


@pytest.mark.fast
def test_the_group_has_one_line_a_command() -> None:
    assert group.list_commands(click.Context(group)) == list(COMMANDS)
    assert all(line.endswith(".") and len(line) < 70 for _, line in COMMANDS.values())


class TestProfile:
    @pytest.fixture(autouse=True)
    def files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "config").write_text("[default]\n[profile shop]\nregion = eu-west-3\n[sso-session corp]\n")
        (tmp_path / "credentials").write_text("[old]\naws_access_key_id = a\naws_secret_access_key = b\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "of-the-environment")

    @pytest.mark.parametrize("name", ["shop", "old", "default"])
    def test_it_takes_the_place_of_what_the_environment_says(self, name: str) -> None:
        assert main(["--profile", name, "plugins", "--json"]) == ExitCode.OK
        assert os.environ["AWS_PROFILE"] == name
        assert not {"AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & set(os.environ)

    def test_one_that_does_not_exist_names_the_nearest(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--profile", "shpo", "list"]) == ExitCode.UNREACHABLE
        shown = capsys.readouterr().err
        assert "no AWS profile shpo" in shown
        assert "Did you mean shop?" in shown
        assert os.environ["AWS_PROFILE"] == "of-the-environment"
