"""Asking plugins: order, blame, and what a wrong answer is."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sample_plugins import Install, plugin

from hivemind import Event, EventKind, Finding, Fragment, SchemaPart, Severity
from hivemind.blame import PluginError
from hivemind.listeners import Listeners
from hivemind.plugins import BUILTIN_AGENTS, load
from hivemind.testing import plugins_of, repository

pytestmark = pytest.mark.fast
EVENT = Event("2026-01-01T00:00:00Z", "d", "a", "build", "web", EventKind.STARTED, "building")


def test_results_are_sorted_whatever_the_order_of_registration() -> None:
    part = SchemaPart()
    one = plugin(hivemind_schema=lambda: part)
    two = plugin(hivemind_schema=lambda: part)
    forth = plugins_of(aaa=one, zzz=two).collect("hivemind_schema")
    back = plugins_of(zzz=two, aaa=one).collect("hivemind_schema")
    assert forth == back
    assert [entry.plugin for entry in forth][-2:] == ["aaa", "zzz"]


def test_none_is_no_answer() -> None:
    plugins = plugins_of(aaa=plugin(hivemind_schema=lambda: None))
    assert "aaa" not in {entry.plugin for entry in plugins.collect("hivemind_schema")}


def test_a_raising_plugin_is_named_with_hook_and_place(install: Install) -> None:
    module = install("slack", "from hivemind import hook\n@hook\ndef hivemind_schema():\n    return {}['size']\n")
    with pytest.raises(PluginError) as raised:
        load().collect("hivemind_schema")
    error = raised.value
    assert error.message == (
        f"plugin \"slack\" (hivemind-slack 1.2) in hivemind_schema: KeyError: 'size' ({module}.py:4)"
    )
    assert (error.source.name, error.hook) == ("slack", "hivemind_schema")
    assert isinstance(error.__cause__, KeyError)


def test_gather_keeps_the_others_answers() -> None:
    def fails() -> None:
        raise ValueError("no")

    part = SchemaPart()
    plugins = plugins_of(aaa=plugin(hivemind_schema=fails), bbb=plugin(hivemind_schema=lambda: part))
    contributions, failures = plugins.gather("hivemind_schema")
    assert "bbb" in {entry.plugin for entry in contributions}
    assert [failure.source.name for failure in failures] == ["aaa"]
    finding = failures[0].as_finding(Severity.WARNING)
    assert (finding.id, finding.severity, finding.plugin) == ("H603", Severity.WARNING, "aaa")


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        (lambda: [Finding("X1", Severity.INFO, "m")], "it answered with a list, expected a tuple of Finding"),
        (lambda: (Fragment("x"),), "it answered with a tuple with a Fragment, expected a tuple of Finding"),
        (lambda: (item for item in ()), "it answered with a generator; hooks return their answer"),
        (lambda: 7, "it answered with an int, expected a tuple of Finding"),
    ],
)
def test_a_wrong_answer_is_the_plugins_mistake(result: object, problem: str) -> None:
    plugins = plugins_of(aaa=plugin(hivemind_lint=result))
    _, failures = plugins.gather("hivemind_lint", assembly=None, blueprint=None)
    assert next(failure.summary for failure in failures if failure.source.name == "aaa").startswith(problem)


def test_a_check_is_known_by_what_it_can_do() -> None:
    class Works:
        name = "works"

        def run(self, probe: object) -> str:
            return "yes"

    good = plugins_of(aaa=plugin(hivemind_checks=lambda release: (Works(),)))
    assert "aaa" in {entry.plugin for entry in good.gather("hivemind_checks", release=None)[0]}
    bad = plugins_of(aaa=plugin(hivemind_checks=lambda release: ("works",)))
    failures = [failure for failure in bad.gather("hivemind_checks", release=None)[1] if failure.source.name == "aaa"]
    assert failures[0].summary == "it answered with a tuple with a str, expected a tuple of Check"


def test_third_parties_are_asked_before_built_ins() -> None:
    from hivemind import Artifact, Provenance

    def artifact(service: str) -> Artifact:
        return Artifact(service, "0" * 64, Path("x"), 1, "cobol", Provenance(None, False, "0" * 64), "run")

    plugins = plugins_of(
        zzz=plugin(hivemind_build=lambda service: artifact("z")), mmm=plugin(hivemind_build=lambda: None)
    )
    answer = plugins.first("hivemind_build", service=None, repository=None, platform=None, store=None)
    assert answer is not None
    assert (answer.plugin, answer.result.service) == ("zzz", "z")


def test_recon_answers_through_its_hook(tmp_path: Path) -> None:
    found = repository(tmp_path, {"Procfile": "web: gunicorn guestbook:app\n", "requirements.txt": "gunicorn\n"})
    contributions, failures = load(third_party=False).gather("hivemind_detect", repository=found, path=".")
    assert failures == ()
    values = {entry.field: entry.value for each in contributions if each.plugin == "recon" for entry in each.result}
    assert values["start"] == "gunicorn guestbook:app"


def test_nobody_answers() -> None:
    plugins = load(third_party=False, blocked=BUILTIN_AGENTS)
    assert plugins.first("hivemind_build", service=None, repository=None, platform=None, store=None) is None


def test_listeners_hear_events_and_their_errors_are_reported_once() -> None:
    heard: list[Event] = []

    def fails(event: Event) -> None:
        raise OSError("webhook refused")

    def hears(event: Event) -> None:
        heard.append(event)

    plugins = plugins_of(aaa=plugin(hivemind_event=fails), bbb=plugin(hivemind_event=hears))
    first, second = plugins.notify(EVENT), plugins.notify(EVENT)
    assert [failure.source.name for failure in first] == ["aaa"]
    assert "OSError: webhook refused" in first[0].message
    assert second == ()
    assert heard == [EVENT, EVENT]


def test_a_listener_that_hangs_is_left_behind() -> None:
    release = threading.Event()
    calls: list[str] = []

    def hangs(event: Event) -> None:
        calls.append("hangs")
        release.wait(60)

    plugins = plugins_of(
        aaa=plugin(hivemind_event=hangs), bbb=plugin(hivemind_event=lambda event: calls.append("hears"))
    )
    plugins._listeners = Listeners(patience=0.05)
    failures = plugins.notify(EVENT) + plugins.notify(EVENT)
    release.set()
    assert ["over 0.05 s" in failure.message for failure in failures] == [True]
    assert calls == ["hangs", "hears", "hears"]
