"""`hivemind validate`, `schema` and `explain` as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hivemind.cli.findings import render
from hivemind.cli.main import main
from hivemind.values.exits import ExitCode
from hivemind.values.findings import Finding, Place, Severity

pytestmark = pytest.mark.fast
VALID = "hivemind: 1\nname: shop\nservices:\n  web: {runtime: python 3.12, start: ./run, port: 8000}\n"
BROKEN = "hivemind: 1\nname: shop\nservices:\n  web: {size: t3.smal, needs: [cache]}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_valid(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hivemind.yaml").write_text(VALID)
    assert main(["validate", "--no-lint"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("No errors")


def test_mistakes_are_shown_where_they_stand(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hivemind.yaml").write_text(BROKEN)
    assert main(["validate"]) == ExitCode.INVALID
    assert capsys.readouterr().out == (
        'hivemind.yaml:4:15  error  H104  unknown size "t3.smal" for services.web\n'
        "   4 |   web: {size: t3.smal, needs: [cache]}\n"
        "     |               ^^^^^^^  Did you mean t3.small?\n"
        'hivemind.yaml:4:32  error  H112  services.web needs "cache", which is not in resources\n'
        "   4 |   web: {size: t3.smal, needs: [cache]}\n"
        "     |                                ^^^^^  Add `cache: {type: redis}`.\n"
        "2 errors. `hivemind explain H104` says more.\n"
    )


def test_json_is_one_object(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hivemind.yaml").write_text(BROKEN)
    assert main(["validate", "--json"]) == ExitCode.INVALID
    data = json.loads(capsys.readouterr().out)
    assert (data["valid"], data["errors"], data["warnings"]) == (False, 2, 0)
    assert [(f["id"], f["line"], f["column"], f["file"]) for f in data["findings"]] == [
        ("H104", 4, 15, "hivemind.yaml"),
        ("H112", 4, 32, "hivemind.yaml"),
    ]


def test_json_of_a_valid_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hivemind.yaml").write_text(VALID)
    assert main(["validate", "--json", "--no-lint"]) == ExitCode.OK
    data = json.loads(capsys.readouterr().out)
    assert (data["valid"], data["errors"]) == (True, 0)


@pytest.mark.parametrize(
    ("content", "finding", "code"),
    [
        (None, "H001", ExitCode.NOT_FOUND),
        (b"", "H005", ExitCode.INVALID),
        (b"a: \xff", "H006", ExitCode.INVALID),
        (b"a:\n\tb: 1", "H008", ExitCode.INVALID),
        (b"x" * 5_000_000, "H004", ExitCode.INVALID),
        (b"[" * 50_000, "H012", ExitCode.INVALID),
    ],
)
def test_bad_files(
    folder: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, finding: str, code: ExitCode
) -> None:
    if content is not None:
        (folder / "hivemind.yaml").write_bytes(content)
    assert main(["validate", "--json"]) == code
    assert [one["id"] for one in json.loads(capsys.readouterr().out)["findings"]] == [finding]


def test_a_folder_stands_for_the_file_in_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hivemind.yaml").write_text(VALID)
    assert main(["validate", str(folder), "--no-lint"]) == ExitCode.OK
    (folder / "empty").mkdir()
    assert main(["validate", "empty"]) == ExitCode.NOT_FOUND
    assert "no file empty/hivemind.yaml" in capsys.readouterr().out


def test_unknown_environment(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hivemind.yaml").write_text(VALID)
    assert main(["validate", "--env", "stagign", "--no-lint"]) == ExitCode.INVALID
    assert 'unknown environment "stagign"' in capsys.readouterr().out


def test_schema_has_the_types_of_plugins(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == ExitCode.OK
    schema = json.loads(capsys.readouterr().out)
    assert "resource-postgres" in schema["$defs"]
    assert "check-http" in schema["$defs"]


def test_schema_is_written_for_the_editor(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--write"]) == ExitCode.OK
    written = json.loads((folder / ".hivemind" / "schema.json").read_text(encoding="utf-8"))
    assert written["title"] == "hivemind.yaml"
    assert "# yaml-language-server: $schema=.hivemind/schema.json" in capsys.readouterr().out


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "h112"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("H112  ")
    assert main(["explain", "--json", "H112"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["id"] == "H112"
    assert main(["explain"]) == ExitCode.OK
    assert len(capsys.readouterr().out.splitlines()) > 50
    assert main(["explain", "H999"]) == ExitCode.NOT_FOUND
    assert main(["explain", "E3012"]) == ExitCode.NOT_FOUND
    assert "cfn-lint" in capsys.readouterr().err


def shown(finding: Finding, capsys: pytest.CaptureFixture[str]) -> list[str]:
    render([finding], err=False)
    return capsys.readouterr().out.splitlines()


def test_marks_stand_under_wide_characters_and_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    finding = Finding("H1", Severity.ERROR, "m", Place("f", 1, 6, "\t名前: x", 1), plugin="acme")
    lines = shown(finding, capsys)
    assert lines[0] == "f:1:6  error  H1  m  [acme]"
    assert lines[2] == "     | \t      ^"


def test_long_lines_are_cut_around_the_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = shown(Finding("H1", Severity.ERROR, "m", Place("f", 1, 5001, "a" * 5000 + "XYZ" + "b" * 5000, 3)), capsys)
    assert len(lines[1]) < 80
    assert lines[1][lines[2].index("^") :][:3] == "XYZ"


def test_what_would_steer_a_terminal_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(Finding("H1", Severity.ERROR, "a\x1b[2Jb", Place("f", 1, 1, "\x1b]0;x\x07", 1), "c\u202ed"), capsys)
    assert "\x1b" not in "".join(lines)
    assert "\u202e" not in "".join(lines)


def test_finding_without_a_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(Finding("H1", Severity.WARNING, "m", hint="h"), capsys) == [
        "warning  H1  m",
        "     h",
        "1 warning. `hivemind explain H1` says more.",
    ]


def test_whether_a_file_can_be_read_is_found_by_reading_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """click's own look beforehand would end in a usage error without a finding."""
    (folder / "hivemind.yaml").write_text(BROKEN)
    monkeypatch.setattr("os.access", lambda *_, **__: False)
    assert main(["validate"]) == ExitCode.INVALID
