"""Asking plugins: order, blame, and what a wrong answer is."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_plugins import Install, plugin

from hivemind import Event, EventKind, SchemaPart, Severity
from hivemind.plugins.calling import PluginError
from hivemind.plugins.loading import load
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


def test_third_parties_are_asked_before_built_ins() -> None:
    from hivemind import Artifact, Provenance

    def artifact(service: str) -> Artifact:
        return Artifact(service, "0" * 64, Path("x"), 1, "cobol", Provenance(None, False, "0" * 64), "run")

    plugins = plugins_of(
        zzz=plugin(hivemind_build=lambda service: artifact("z")), mmm=plugin(hivemind_build=lambda: None)
    )
    answer = plugins.first("hivemind_build", service=None, repository=None, place=None)
    assert answer is not None
    assert (answer.plugin, answer.result.service) == ("zzz", "z")


def test_recon_answers_through_its_hook(tmp_path: Path) -> None:
    found = repository(tmp_path, {"Procfile": "web: gunicorn guestbook:app\n", "requirements.txt": "gunicorn\n"})
    contributions, failures = load(third_party=False).gather("hivemind_detect", repository=found, path=".")
    assert failures == ()
    values = {entry.field: entry.value for each in contributions if each.plugin == "recon" for entry in each.result}
    assert values["start"] == "gunicorn guestbook:app"


def test_nobody_answers() -> None:
    assert plugins_of(zzz=plugin(hivemind_event=lambda: None)).first("hivemind_event", event=EVENT) is None
