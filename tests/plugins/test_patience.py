"""Hooks that print, take long, or never answer."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_plugins import plugin

from hivemind import ExitCode, Finding, Severity, hookspecs
from hivemind.cli.main import main
from hivemind.plugins.calling import PluginError, PluginOverdue, PluginSource, call
from hivemind.plugins.loading import Plugins, load
from hivemind.plugins.patience import WAITING
from hivemind.plugins.streams import aside
from hivemind.testing import plugins_of

pytestmark = pytest.mark.fast
SHOP = """
hivemind: 1
name: shop
services:
  web: {runtime: python 3.12, start: gunicorn app, port: 8000}
"""
LOUD = """
import sys, threading
from hivemind import hook
print("imported")
@hook
def hivemind_schema():
    print("schema")
@hook
def hivemind_detect(path):
    sys.stdout.write("detect")
    return ()
@hook
def hivemind_fragments(blueprint):
    print("fragments", file=sys.stdout, flush=True)
    return ()
@hook
def hivemind_lint(assembly):
    print("lint")
    return ()
"""


@pytest.fixture
def hang() -> Iterator[threading.Event]:
    """What a hook waits for that never answers, until the test is over."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hivemind.yaml").write_text(SHOP)
    return tmp_path


def lint(plugins: Plugins) -> tuple[PluginError, ...]:
    return plugins.gather("hivemind_lint", assembly=None, blueprint=None)[1]


def ours(failures: tuple[PluginError, ...]) -> list[PluginError]:
    return [one for one in failures if one.source.name in {"aaa", "bbb"}]


@pytest.mark.parametrize(
    "command", [["template", "--json"], ["validate", "--no-lint", "--json"], ["show", "--json"], ["plugins", "--json"]]
)
def test_what_plugins_print_is_no_part_of_a_commands_data(
    shop: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    (shop / "hivemind_plugin.py").write_text(LOUD)
    assert main(command) == ExitCode.OK
    captured = capsys.readouterr()
    assert json.loads(captured.out)
    assert "imported\n" in captured.err
    if command[0] != "plugins":
        assert all(word in captured.err for word in ("schema", "detect", "fragments"))


def test_others_print_where_they_always_did_while_a_hook_prints_aside(capsys: pytest.CaptureFixture[str]) -> None:
    within, outside = threading.Event(), threading.Event()

    def hooked() -> None:
        with aside():
            within.set()
            outside.wait(10)
            print("from the hook")

    before = sys.stdout
    thread = threading.Thread(target=hooked)
    thread.start()
    within.wait(10)
    print("from another thread")
    outside.set()
    thread.join(10)
    assert sys.stdout is before
    assert capsys.readouterr() == ("from another thread\n", "from the hook\n")


def test_a_hook_that_hangs_is_an_error_at_its_line_and_is_not_asked_again(
    monkeypatch: pytest.MonkeyPatch, hang: threading.Event
) -> None:
    calls: list[str] = []

    def hangs() -> None:
        calls.append("asked")
        hang.wait(60)

    monkeypatch.setitem(hookspecs.DEADLINES, "hivemind_lint", 0.05)
    answer = (Finding("ACME1", Severity.INFO, "m"),)
    plugins = plugins_of(aaa=plugin(hivemind_lint=hangs), bbb=plugin(hivemind_lint=lambda: answer))
    (failure,) = ours(lint(plugins))
    assert failure.summary == f"it did not return within 0.05 s (test_patience.py:{hangs.__code__.co_firstlineno + 2})"
    assert (failure.exit_code, failure.at and failure.at.excerpt) == (ExitCode.INVALID, "        hang.wait(60)")
    assert [one.message for one in ours(lint(plugins))] == [failure.message]
    assert calls == ["asked"]
    contributions, _ = plugins.gather("hivemind_lint", assembly=None, blueprint=None)
    assert ("bbb", answer) in [(one.plugin, one.result) for one in contributions]


def test_a_command_ends_though_a_plugin_hangs(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(hookspecs.DEADLINES, "hivemind_fragments", 0.05)
    hangs = "import threading\nfrom hivemind import hook\n@hook\ndef hivemind_fragments(blueprint):\n"
    (shop / "hivemind_plugin.py").write_text(f"{hangs}    threading.Event().wait(30)\n")
    assert main(["template"]) == ExitCode.INVALID
    said = capsys.readouterr().err
    assert 'plugin "hivemind_plugin" (hivemind_plugin.py) in hivemind_fragments: it did not return' in said
    assert "within 0.05 s (hivemind_plugin.py:5)" in said


def test_a_slow_plugin_is_named_and_its_answer_counts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hivemind.plugins.patience.PATIENCE", 0.02)
    said = threading.Event()

    def announced(text: str) -> None:
        print(text)
        said.set()

    token = WAITING.set(announced)
    try:
        answer = (Finding("ACME1", Severity.INFO, "m"),)
        slow = plugins_of(aaa=plugin(hivemind_lint=lambda: answer if said.wait(30) else ()))
        contributions, _ = slow.gather("hivemind_lint", assembly=None, blueprint=None)
    finally:
        WAITING.reset(token)
    assert ("aaa", answer) in [(one.plugin, one.result) for one in contributions]
    assert capsys.readouterr().out == 'waiting for plugin "aaa" (third) in hivemind_lint\n'


def test_it_is_said_on_standard_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("hivemind.plugins.patience.PATIENCE", 0.01)
    with pytest.raises(PluginOverdue):
        call(
            PluginSource("acme", "entry point", "acme", "hivemind-acme", "1.0"),
            None,
            threading.Event().wait,
            seconds=0.05,
        )
    assert capsys.readouterr().err == 'waiting for plugin "acme" (hivemind-acme 1.0) in its import\n'


def test_a_quick_plugin_is_not_named(capsys: pytest.CaptureFixture[str]) -> None:
    lint(plugins_of(aaa=plugin(hivemind_lint=lambda: ())))
    assert capsys.readouterr() == ("", "")


def test_a_plugin_whose_import_hangs_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hivemind.plugins.loading.IMPORTING", 0.1)
    (tmp_path / "hivemind_plugin.py").write_text("import threading\n\nthreading.Event().wait(20)\n")
    (found,) = [one for one in load(project=tmp_path).list() if one.source == "project"]
    assert found.quarantined == "it did not return within 0.1 s (hivemind_plugin.py:3)"
