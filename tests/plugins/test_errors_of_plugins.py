"""Every error of a plugin names it, its distribution and version, the hook, and its own file and line."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from sample_plugins import Install, plugin

from hivemind import ExitCode, FindingsError, Severity, StageError
from hivemind.cli.main import main
from hivemind.plugins.calling import PluginError
from hivemind.plugins.loading import load
from hivemind.testing import checked, plugins_of

pytestmark = pytest.mark.fast
HEAD = "from hivemind import *\nfrom hivemind import hook\n"
SHOP = """
hivemind: 1
name: shop
services:
  web: {runtime: python 3.12, start: gunicorn app, port: 8000}
"""
NO_EXIT_CODES = ["OK", "INTERNAL", "USAGE", "INTERRUPTED", "PIPE"]


def raised(install: Install, body: str, hook: str = "hivemind_schema()") -> PluginError:
    """What becomes of what a plugin raises on line 5 of its file."""
    install("slack", f"{HEAD}@hook\ndef {hook}:\n{textwrap.indent(body, '    ')}\n")
    with pytest.raises(PluginError) as caught:
        load().collect(hook.partition("(")[0])
    return caught.value


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return {}['size']", "KeyError: 'size'"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("raise HiveMindError('acme says no')", "acme says no"),
        ("raise HiveMindError(7)", "HiveMindError: 7"),
        ("return names.logical_id()", "TypeError: logical_id() missing"),
        (
            "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd",
            "Odd: (its message cannot be read)",
        ),
        ("def deep(): return deep()\nreturn deep()", "RecursionError: "),
        ("import json\nreturn json.loads('{')", "JSONDecodeError: "),
    ],
)
def test_whatever_a_hook_raises_has_its_name_and_its_line(install: Install, body: str, said: str) -> None:
    error = raised(install, body)
    assert error.message.startswith('plugin "slack" (hivemind-slack 1.2) in hivemind_schema: ')
    assert said in error.message
    assert error.at is not None
    assert error.at.file == str(install.folder / f"{error.source.module}.py")
    assert re.search(rf"\({error.source.module}\.py:{error.at.line}\)$", error.message)
    assert error.at.line in range(5, 5 + len(body.splitlines()))
    assert error.hint
    assert error.exit_code is ExitCode.INVALID


def test_the_line_is_the_plugins_though_hivemind_raised(install: Install) -> None:
    body = "x = 1\nreturn Finding()"
    assert raised(install, body).message.endswith("_slack.py:6)")


def test_a_package_is_named_with_the_file_in_it(install: Install) -> None:
    package = install.folder / "acme_rules"
    package.mkdir()
    (package / "__init__.py").write_text("from hivemind import hook\nfrom acme_rules.part import hivemind_schema\n")
    (package / "part.py").write_text("from hivemind import hook\n@hook\ndef hivemind_schema():\n    1 / 0\n")
    with pytest.raises(PluginError, match=r"ZeroDivisionError: division by zero \(acme_rules/part\.py:4\)$"):
        load(names=["acme_rules"]).collect("hivemind_schema")


@pytest.mark.parametrize("code", list(ExitCode))
def test_an_exit_code_stays_unless_it_would_say_something_else(install: Install, code: ExitCode) -> None:
    error = raised(install, f"raise HiveMindError('no', hint='do this', exit_code=ExitCode.{code.name})")
    assert error.exit_code is (ExitCode.INVALID if code.name in NO_EXIT_CODES else code)
    assert error.hint == "do this"


def test_a_stage_error_keeps_its_evidence(install: Install) -> None:
    from hivemind.values.errors import Stage

    body = (
        "from hivemind.values.errors import Stage\n"
        "raise StageError(Stage.BUILD, 'no', subject='web', lines=['a'], path='p')"
    )
    error = raised(install, body)
    assert isinstance(error, StageError)
    assert (error.stage, error.subject, error.lines, error.path) == (Stage.BUILD, "web", ("a",), "p")
    assert error.exit_code is ExitCode.BUILD
    assert error.message.endswith("_slack.py:6)")


def test_a_findings_error_keeps_its_findings_and_says_whose_they_are(install: Install) -> None:
    body = "raise FindingsError([Finding('ACME1', Severity.ERROR, 'too small', path='services.web')])"
    error = raised(install, body)
    assert isinstance(error, FindingsError)
    own, whose = sorted(error.findings, key=lambda finding: finding.id)
    assert (own.id, own.plugin, own.path) == ("ACME1", "slack", "services.web")
    assert (whose.id, whose.plugin, whose.place and whose.place.line) == ("H603", "slack", 5)


def test_a_findings_error_without_findings_is_a_plain_error(install: Install) -> None:
    assert not isinstance(
        raised(install, "error = FindingsError([])\nerror.findings = ['x']\nraise error"), FindingsError
    )


def test_a_finding_on_a_plugin_is_at_its_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "hivemind_plugin.py").write_text(f"{HEAD}@hook\ndef hivemind_lint(assembly):\n    1 / 0\n")
    with pytest.raises(FindingsError) as stopped:
        checked(tmp_path, SHOP, load(project=tmp_path), lint=False)
    (finding,) = [one for one in stopped.value.findings if one.is_error]
    assert finding.id == "H603"
    assert finding.place is not None
    assert (finding.place.file, finding.place.line) == (str(tmp_path / "hivemind_plugin.py"), 5)
    assert finding.place.excerpt == "    1 / 0"


def test_a_detection_that_fails_warns_at_the_line_of_the_plugin(tmp_path: Path) -> None:
    (tmp_path / "hivemind_plugin.py").write_text(f"{HEAD}@hook\ndef hivemind_detect(path):\n    return [path]\n")
    found = checked(tmp_path, SHOP, load(project=tmp_path), lint=False).findings
    (finding,) = [one for one in found if one.id == "H603"]
    assert (finding.severity, finding.place and finding.place.line) == (Severity.WARNING, 3)


@pytest.mark.parametrize(
    ("part", "known"),
    [
        ("resource_types={'A B': ResourceType({}, 'x')}", "H604"),
        ("resource_types={'parrot': ResourceType({'type': 'txt'}, 'x')}", "H125"),
        ("resource_types={'postgres': ResourceType({}, 'x')}", "H122"),
        ("checks={'http': {}}", "H122"),
    ],
)
def test_a_wrong_part_of_the_schema_is_found_at_the_hook(tmp_path: Path, part: str, known: str) -> None:
    file = tmp_path / "hivemind_plugin.py"
    file.write_text(f"{HEAD}@hook\ndef hivemind_schema():\n    return SchemaPart({part})\n")
    with pytest.raises(FindingsError) as stopped:
        checked(tmp_path, SHOP, load(project=tmp_path), lint=False)
    (finding,) = stopped.value.findings
    assert (finding.id, finding.plugin) == (known, "hivemind_plugin")
    assert str(file) in finding.message
    assert "-p no:hivemind_plugin" in (finding.hint or "")
    assert (finding.place and (finding.place.file, finding.place.line)) == (str(file), 3)


def test_a_defect_of_a_plugin_is_never_one_of_hivemind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hivemind.yaml").write_text(SHOP)
    for number, (hook, answer) in enumerate(
        [
            ("hivemind_lint(assembly)", "(Finding('A1', 'error', 'm'),)"),
            ("hivemind_fragments(blueprint)", "(Fragment('services.web', resources={'A': {'Type': object()}}),)"),
            ("hivemind_schema()", "SchemaPart(resource_types={'queue': {}})"),
        ]
    ):
        (tmp_path / "hivemind_plugin.py").write_text(f"{'#' * number}\n{HEAD}@hook\ndef {hook}:\n    return {answer}\n")
        assert main(["validate", "--no-lint"]) == ExitCode.INVALID
        said = "".join(capsys.readouterr())
        assert "defect" not in said
        assert f'plugin "hivemind_plugin" (hivemind_plugin.py) in {hook.partition("(")[0]}: its result' in said


def test_debugging_shows_the_frames_of_the_plugin_and_none_before_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HIVEMIND_DEBUG", "1")
    (tmp_path / "hivemind.yaml").write_text(SHOP)
    code = "def inner():\n    raise KeyError('size')\n@hook\ndef hivemind_lint(assembly):\n    inner()\n"
    (tmp_path / "hivemind_plugin.py").write_text(HEAD + code)
    assert main(["validate", "--no-lint"]) == ExitCode.INVALID
    trace = capsys.readouterr().err.partition("KeyError: 'size'\n")[0]
    file = str(tmp_path / "hivemind_plugin.py")
    assert re.findall(r'File "(.+)", line (\d+)', trace) == [(file, "7"), (file, "4")]


def test_what_a_built_in_agent_says_to_the_user_is_hiveminds_own_word() -> None:
    from hivemind import HiveMindError
    from hivemind.plugins.calling import PluginSource, call

    def refuses() -> None:
        raise HiveMindError("no port", exit_code=ExitCode.NOT_FOUND)

    with pytest.raises(HiveMindError, match=r"^no port$"):
        call(PluginSource("recon", "builtin", "hivemind.agents.recon"), "hivemind_detect", refuses)


def test_a_raising_listener_is_named_with_its_line() -> None:
    from hivemind import Event, EventKind

    def fails(event: Event) -> None:
        raise OSError("webhook refused")

    plugins = plugins_of(aaa=plugin(hivemind_event=fails))
    event = Event("2026-01-01T00:00:00Z", "d", "a", "build", "web", EventKind.STARTED, "building")
    plugins.notify(event)
    (failure,) = plugins.flush()
    line = fails.__code__.co_firstlineno + 1
    assert failure.message.endswith(f"in hivemind_event: OSError: webhook refused (test_errors_of_plugins.py:{line})")
