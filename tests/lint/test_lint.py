"""Linting through the resident worker, the cache and this process. Each test has a home, so a worker, of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hivemind import lint
from hivemind.blueprint.model import Blueprint
from hivemind.lint import wire
from hivemind.template.assemble import assemble
from hivemind.template.fragment import Assembly, Fragment
from hivemind.values.findings import Severity

PRINT = "import sys; from hivemind import lint; print('cfnlint' in sys.modules)"

REVISIONS = Fragment("name", outputs={name + "Out": {"Value": {"Ref": name}} for name in ("Revision", "FirstRevision")})
"""Uses the parameters that every template has, so that there is nothing else to remark."""

NONSENSE = """
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print("listening", flush=True)
while True:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"\\0\\0\\0\\2[]")
"""


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HIVEMIND_NO_WORKER", raising=False)
    yield
    lint.stop_worker()


def queue(**properties: object) -> Assembly:
    fragment = Fragment("services.web", {"Queue": {"Type": "AWS::SQS::Queue", "Properties": properties}})
    return assemble(Blueprint("shop"), [("extra", (fragment, REVISIONS))])


def test_a_finding_names_plugin_and_blueprint_path() -> None:
    (finding,) = lint.lint(queue(DelaySeconds="soon"), worker=False)
    assert finding.id == "E3012"
    assert finding.severity is Severity.ERROR
    assert (finding.plugin, finding.path) == ("extra", "services.web")
    assert finding.message.startswith("Queue (AWS::SQS::Queue) Properties.DelaySeconds: ")


def test_a_finding_on_what_an_override_wrote_leads_to_the_override() -> None:
    operations = (
        {"op": "test", "path": "/Resources/Queue/Type", "value": "AWS::SQS::Queue"},
        {"op": "add", "path": "/Resources/Queue/Properties/DelaySeconds", "value": "soon"},
    )
    fragment = Fragment("services.web", {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": "maybe"}}})
    assembly = assemble(Blueprint("shop", overrides=operations), [("extra", (fragment, REVISIONS))])
    found = lint.lint(assembly, worker=False)
    assert {(finding.plugin, finding.path) for finding in found} == {
        ("hivemind", "overrides.1"),
        ("extra", "services.web"),
    }


def test_the_worker_says_what_this_process_says_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    lint.warm()
    assert [finding.id for finding in lint.lint(queue(DelaySeconds="soon"))] == ["E3012"]
    path = wire.socket_path()
    assert path is not None
    assert path.exists()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr("hivemind.lint.engine.run", None)
    assert [finding.id for finding in lint.lint(queue(DelaySeconds="later"))] == ["E3012"]
    assert lint.lint(queue(DelaySeconds=3)) == ()
    assert lint.stop_worker()
    assert not path.exists()
    assert not lint.stop_worker()


def test_a_result_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    first = lint.lint(queue(DelaySeconds="soon"), worker=False)
    monkeypatch.setattr("hivemind.lint.engine.run", None)
    assert lint.lint(queue(DelaySeconds="soon"), worker=False) == first
    elsewhere = lint.lint(queue(DelaySeconds="soon"), worker=False, region="eu-west-1")
    assert [finding.id for finding in elsewhere] == ["E0002"]


def test_a_damaged_cache_is_done_anew() -> None:
    first = lint.lint(queue(DelaySeconds="soon"), worker=False)
    (file,) = wire.cache_folder().glob("*.json")
    for damage in ("", "{}", "[[1]]", '[["E3012", "x", 3, ""]]', "\0"):
        file.write_text(damage)
        assert lint.lint(queue(DelaySeconds="soon"), worker=False) == (() if damage == "{}" else first)


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from hivemind.lint import cache

    monkeypatch.setattr(cache, "MOST", 3)
    for number in range(6):
        cache.remember(f"template {number}", ("eu-west-1",), ())
    assert len(list(wire.cache_folder().glob("*.json"))) == 3
    assert cache.recall("template 5", ("eu-west-1",)) == ()
    assert cache.recall("template 0", ("eu-west-1",)) is None


@pytest.mark.parametrize("variable", ["CI", "HIVEMIND_NO_WORKER"])
def test_no_process_stays_where_none_may(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "1")
    lint.warm()
    assert lint.lint(queue()) == ()
    path = wire.socket_path()
    assert path is not None
    assert not path.exists()


def test_a_worker_that_talks_nonsense_is_not_needed() -> None:
    path = wire.socket_path()
    assert path is not None
    with subprocess.Popen([sys.executable, "-c", NONSENSE, str(path)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"listening\n"
            assert [finding.id for finding in lint.lint(queue(DelaySeconds="soon"))] == ["E3012"]
        finally:
            process.kill()
    path.unlink()


def test_a_stale_socket_is_taken_over() -> None:
    path = wire.socket_path()
    assert path is not None
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    assert lint.lint(queue()) == ()
    assert lint.stop_worker()


def test_a_folder_that_others_can_enter_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HIVEMIND_HOME")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "hivemind").mkdir(mode=0o755)
    (tmp_path / "hivemind").chmod(0o755)
    path = wire.socket_path()
    assert path is not None
    assert path.parent != tmp_path / "hivemind"


def test_a_template_that_takes_too_long_is_given_up_with_a_word() -> None:
    (finding,) = lint.lint(queue(), worker=False, deadline=0.001)
    assert (finding.id, finding.severity) == ("H440", Severity.WARNING)


def test_a_defect_of_cfn_lint_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object, **__: object) -> None:
        raise RecursionError("deep")

    monkeypatch.setattr("hivemind.lint.engine.run", run)
    (finding,) = lint.lint(queue(), worker=False)
    assert (finding.id, finding.severity) == ("E0002", Severity.WARNING)
    assert "RecursionError: deep" in finding.message


def test_a_region_that_cfn_lint_does_not_know_is_no_trouble() -> None:
    assert lint.lint(queue(), worker=False, region="xx-nowhere-9") == ()


def test_the_users_own_cfnlintrc_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [E3012]\n")
    monkeypatch.chdir(tmp_path)
    assert [finding.id for finding in lint.lint(queue(DelaySeconds="soon"), worker=False)] == ["E3012"]


def test_asking_imports_no_cfn_lint() -> None:
    code = f"{PRINT}; lint.warm(); lint.stop_worker(); print('cfnlint' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.fast
def test_long_lists_of_choices_are_cut_down() -> None:
    from hivemind.lint.matches import shortened

    sizes = ", ".join(f"'t{number}.small'" for number in range(20))
    text = shortened(f"'t3.smal' is not one of [{sizes}] in 'eu-west-1'")
    assert "20 allowed values" in text
    assert "t3.small" in text
    assert text.endswith("in 'eu-west-1'")
    assert shortened("'a' is not one of ['b', 'c']") == "'a' is not one of ['b', 'c']"


@pytest.mark.fast
def test_a_remark_is_left_out_only_with_its_reason() -> None:
    from hivemind.lint.explained import EXPLAINED, explained
    from hivemind.lint.matches import Match

    def version(number: str) -> Match:
        message = f"Engine version '{number}' for engine 'postgres' is deprecated and cannot be used to create"
        return Match("W3691", message, ("Resources", "DbDatabase", "Properties"))

    assert explained(version("16")) is not None
    assert explained(version("16.3")) is None
    assert explained(version("9")) is None
    assert all(len(one.reason) > 40 for one in EXPLAINED)
