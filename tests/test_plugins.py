"""Loading, blocking, blaming and quarantining plugins, as `hivemind.plugins.load` does it."""

from __future__ import annotations

import sys
import textwrap
import threading
from pathlib import Path
from types import ModuleType

import pytest

from hivemind import Event, EventKind, Finding, FindingsError, Fragment, Place, ResourceType, SchemaPart, Severity, hook
from hivemind.blame import PluginError, Source
from hivemind.listeners import Listeners
from hivemind.plugins import BUILTIN_AGENTS, Plugins, load
from hivemind.testing import checked, plugins_of, repository

pytestmark = pytest.mark.fast

EVENT = Event("2026-01-01T00:00:00Z", "d", "a", "build", "web", EventKind.STARTED, "building")
NAMES = (f"third{number}" for number in range(1000))


class Install:
    """Writes distributions with a `hivemind` entry point to a folder on sys.path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, name: str, code: str, *, distribution: str | None = None, version: str = "1.2") -> str:
        """Returns the module's name, which no other test uses."""
        distribution = distribution or f"hivemind-{name}"
        module = f"{next(NAMES)}_{name}"
        (self.folder / f"{module}.py").write_text(textwrap.dedent(code))
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[hivemind]\n{name} = {module}\n")
        return module


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return Install(folder)


def plugin(**hooks: object) -> ModuleType:
    module = ModuleType("third")
    for name, function in hooks.items():
        setattr(module, name, hook(function))
    return module


def listed(plugins: Plugins) -> dict[str, str | None]:
    return {entry.name: entry.quarantined for entry in plugins.list() if entry.source != "builtin"}


SCHEMA = "from hivemind import SchemaPart, hook\n@hook\ndef hivemind_schema():\n    return SchemaPart()\n"


def test_built_ins_come_first_by_name() -> None:
    names = [entry.name for entry in load(third_party=False).list()]
    assert names == sorted(BUILTIN_AGENTS)


def test_an_installed_plugin_is_loaded_and_listed(install: Install) -> None:
    module = install("slack", SCHEMA)
    entry = next(entry for entry in load().list() if entry.name == "slack")
    assert (entry.distribution, entry.version, entry.module) == ("hivemind-slack", "1.2", module)
    assert (entry.source, entry.hooks, entry.quarantined) == ("entry point", ("hivemind_schema",), None)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import nothing_of_the_name", "ModuleNotFoundError: No module named 'nothing_of_the_name'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def broken(:\n", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        (
            "from hivemind import hook\n@hook\ndef hivemind_chekcs(release): ...",
            'there is no hook "hivemind_chekcs"; did you mean hivemind_checks?',
        ),
        ("def hivemind_checks(release): ...", "hivemind_checks is not marked with @hook"),
        ("from hivemind import hook\n@hook\ndef hivemind_checks(releese): ...", "releese"),
        (
            "from hivemind import hook\n@hook\ndef hivemind_checks(release):\n    yield 1",
            "hivemind_checks is a generator or coroutine",
        ),
        (
            "from hivemind import hook\n@hook\nasync def hivemind_checks(release): ...",
            "hivemind_checks is a generator or coroutine",
        ),
        (
            "from hivemind import hook\n@hook(wrapper=True)\ndef hivemind_checks(release):\n    return (yield)",
            "hivemind_checks is a hook wrapper",
        ),
    ],
)
def test_a_broken_plugin_is_set_aside_with_its_reason_and_the_others_go_on(
    install: Install, code: str, reason: str
) -> None:
    install("broken", code)
    install("zealous", SCHEMA)
    plugins = load()
    found = listed(plugins)
    assert found["zealous"] is None
    assert reason in str(found["broken"])
    assert any("hivemind-broken 1.2" in note and "set aside" in note for note in plugins.notes)
    assert "broken" not in {entry.plugin for entry in plugins.collect("hivemind_schema")}


def test_a_hook_of_another_version_may_be_optional(install: Install) -> None:
    install("modern", "from hivemind import hook\n@hook(optionalhook=True)\ndef hivemind_teleport(): ...")
    assert listed(load()) == {"modern": None}


def test_two_distributions_of_one_plugin_name(install: Install) -> None:
    install("slack", SCHEMA, distribution="aaa")
    install("slack", SCHEMA, distribution="bbb")
    reasons = [entry.quarantined for entry in load().list() if entry.name == "slack"]
    assert sorted(reasons, key=str) == [None, "the name is taken by aaa"] or reasons == [
        "the name is taken by aaa",
        None,
    ]


def test_a_plugin_cannot_take_a_built_in_name_unless_that_is_blocked(install: Install) -> None:
    install("recon", SCHEMA)
    assert listed(load()) == {"recon": "the name is taken by a built-in agent"}
    assert [entry.name for entry in load(blocked=["recon"]).list() if entry.name == "recon"] == []


def test_no_third_parties(install: Install, tmp_path: Path) -> None:
    install("slack", SCHEMA)
    (tmp_path / "hivemind_plugin.py").write_text(SCHEMA)
    assert listed(load(project=tmp_path, third_party=False)) == {}
    assert listed(load(third_party=False, names=["slack"])) == {"slack": None}


def test_blocking(install: Install, tmp_path: Path) -> None:
    install("slack", SCHEMA)
    (tmp_path / "hivemind_plugin.py").write_text(SCHEMA)
    plugins = load(project=tmp_path, blocked=["slack", "hivemind_plugin", "recom"])
    assert listed(plugins) == {}
    assert plugins.notes == ('-p no:recom: no plugin is called "recom"; did you mean recon?',)
    assert "recon" not in {entry.name for entry in load(blocked=["recon"]).list()}


def test_a_module_by_name(install: Install) -> None:
    (install.folder / "house_rules.py").write_text(SCHEMA)
    entry = next(entry for entry in load(names=["house_rules"]).list() if entry.name == "house_rules")
    assert (entry.source, entry.distribution) == ("-p", None)


@pytest.mark.parametrize(("name", "hint"), [("slak", "did you mean slack?"), ("zzz", "pip install zzz")])
def test_a_name_that_cannot_be_found_stops(install: Install, name: str, hint: str) -> None:
    install("slack", SCHEMA)
    with pytest.raises(PluginError) as raised:
        load(names=[name])
    assert hint in str(raised.value.hint)
    assert raised.value.exit_code.name == "INVALID"


def test_a_broken_plugin_that_was_asked_for_stops(install: Install) -> None:
    install("broken", "1 / 0")
    with pytest.raises(PluginError, match=r'plugin "broken" \(hivemind-broken 1\.2\): ZeroDivisionError'):
        load(names=["broken"])


def test_the_projects_own_plugin(tmp_path: Path) -> None:
    file = tmp_path / "hivemind_plugin.py"
    code = """
    from __future__ import annotations
    from dataclasses import dataclass
    from hivemind import hook, SchemaPart

    @dataclass
    class Option:
        name: str

    @hook
    def hivemind_schema():
        return SchemaPart()
    """
    file.write_text(textwrap.dedent(code))
    before = list(sys.path)
    plugins = load(project=tmp_path)
    assert sys.path == before
    assert "hivemind_plugin" not in sys.modules
    assert listed(plugins) == {"hivemind_plugin": None}
    assert plugins.notes == (f"using this project's own plugin, {file}",)
    assert "hivemind_plugin" in {entry.plugin for entry in plugins.collect("hivemind_schema")}


def test_a_broken_project_plugin_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "hivemind_plugin.py").write_text("import nothing_of_the_name")
    assert "nothing_of_the_name" in str(listed(load(project=tmp_path))["hivemind_plugin"])


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


def test_what_a_blueprint_needs(install: Install) -> None:
    install("slack", SCHEMA)
    install("broken", "1 / 0")
    install("pager", SCHEMA)
    plugins = load(blocked=["pager"])
    place = Place("hivemind.yaml", 3, 5)
    assert plugins.require(["slack", "hivemind-slack", "Hivemind_Slack"]) == ()
    assert plugins.named("hivemind-slack") == "slack"
    findings = {
        finding.path: finding for finding in plugins.require(["slac", "broken", "pager", "zzz"], lambda _: place)
    }
    assert findings["plugins.slac"].hint == "did you mean slack?"
    assert "hivemind-broken 1.2" in findings["plugins.broken"].message
    assert "ZeroDivisionError" in findings["plugins.broken"].message
    assert "-p no:pager" in str(findings["plugins.pager"].hint)
    assert "pip install zzz" in str(findings["plugins.zzz"].hint)
    assert all(finding.is_error and finding.place == place for finding in findings.values())


SHOP = """
hivemind: 1
name: shop
services:
  web: {runtime: python 3.12, start: gunicorn app, port: 8000}
"""


def test_two_owners_of_one_logical_id_are_both_named(tmp_path: Path) -> None:
    fragment = Fragment("services.web", resources={"VPC": {"Type": "AWS::EC2::VPC"}})
    plugins = plugins_of(aaa=plugin(hivemind_fragments=lambda: (fragment,)))
    with pytest.raises(FindingsError) as raised:
        checked(tmp_path, SHOP, plugins, lint=False)
    (finding,) = [finding for finding in raised.value.findings if "VPC" in finding.message]
    assert "aaa" in finding.message
    assert "provisioner" in finding.message


def test_two_plugins_that_add_one_resource_type_are_both_named(tmp_path: Path) -> None:
    part = SchemaPart(resource_types={"queue": ResourceType({"type": "object"}, "A queue.")})
    plugins = plugins_of(aaa=plugin(hivemind_schema=lambda: part), bbb=plugin(hivemind_schema=lambda: part))
    with pytest.raises(FindingsError) as raised:
        checked(tmp_path, SHOP, plugins, lint=False)
    messages = " ".join(finding.message for finding in raised.value.findings)
    assert "aaa" in messages
    assert "bbb" in messages


def test_a_blueprint_that_needs_an_absent_plugin_stops_at_its_line(tmp_path: Path) -> None:
    with pytest.raises(FindingsError) as raised:
        checked(tmp_path, SHOP + "plugins: [hivemind-slack]\n", plugins_of(), lint=False)
    (finding,) = raised.value.findings
    assert (finding.id, finding.place and finding.place.line) == ("H601", 6)


def test_a_template_is_the_same_whatever_the_order_of_plugins(tmp_path: Path) -> None:
    def topic(name: str) -> object:
        fragment = Fragment("services.web", resources={name: {"Type": "AWS::SNS::Topic"}})
        return plugin(hivemind_fragments=lambda: (fragment,))

    forth = checked(tmp_path, SHOP, plugins_of(aaa=topic("OneTopic"), bbb=topic("TwoTopic")), lint=False)
    back = checked(tmp_path, SHOP, plugins_of(bbb=topic("TwoTopic"), aaa=topic("OneTopic")), lint=False)
    assert forth.assembly.digest == back.assembly.digest


def test_a_raising_linter_becomes_a_finding(tmp_path: Path) -> None:
    def fails() -> None:
        raise ValueError("no")

    with pytest.raises(FindingsError) as raised:
        checked(tmp_path, SHOP, plugins_of(aaa=plugin(hivemind_lint=fails)), lint=False)
    (finding,) = [finding for finding in raised.value.findings if finding.plugin == "aaa"]
    assert finding.id == "H603"
    assert "ValueError: no" in finding.message


def test_a_built_in_plugin_that_fails_is_a_defect_and_not_to_be_left_out() -> None:
    own, other = (
        PluginError(Source("recon", kind, "m"), "broken", hook="hivemind_detect") for kind in ("builtin", "-p")
    )
    assert "defect" in (own.hint or "")
    assert other.hint == "-p no:recon runs without it."


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


@pytest.mark.fast
def test_a_broken_plugin_of_the_project_stops_what_it_would_have_added_to(tmp_path: Path) -> None:
    from hivemind import pipeline
    from hivemind.errors import FindingsError

    blueprint = tmp_path / "hivemind.yaml"
    blueprint.write_text("hivemind: 1\nname: shop\nservices:\n  web: {start: serve, runtime: python}\n")
    (tmp_path / "hivemind_plugin.py").write_text("def (:\n")
    with pytest.raises(FindingsError) as stopped:
        pipeline.check(blueprint, load(project=tmp_path), lint=False)
    assert [finding.id for finding in stopped.value.findings] == ["H602"]
    assert "no:hivemind_plugin" in (stopped.value.findings[0].hint or "")
    assert pipeline.check(blueprint, load(project=tmp_path, blocked=["hivemind_plugin"]), lint=False)


@pytest.mark.parametrize(
    ("code", "line", "said"),
    [
        ("import os\n\ndef broken(:\n    pass\n", 3, "SyntaxError: invalid syntax (hivemind_plugin.py:3)"),
        ("import os\n\nX = os.environ['NO_SUCH_THING']\n", 3, "KeyError"),
        ("\n\n\nimport no_such_module_at_all\n", 4, "No module named"),
    ],
)
def test_a_broken_plugin_of_the_project_is_found_at_its_line(tmp_path: Path, code: str, line: int, said: str) -> None:
    (tmp_path / "hivemind_plugin.py").write_text(code)
    with pytest.raises(FindingsError) as stopped:
        checked(tmp_path, SHOP, load(project=tmp_path), lint=False)
    (finding,) = stopped.value.findings
    assert (finding.id, finding.place and finding.place.line) == ("H602", line)
    assert str(finding.place).startswith(str(tmp_path / "hivemind_plugin.py"))
    assert said in finding.message


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("hivemind-slak", "hivemind-slack"),
        ("slak", "slack"),
        ("Hivemind_Slakc", "hivemind-slack"),
        ("provisoner", None),
    ],
)
def test_a_misspelt_plugin_has_the_nearest_name_beside_it(
    install: Install, tmp_path: Path, misspelt: str, meant: str | None
) -> None:
    install("slack", "")
    found = load().require([misspelt])
    assert [one.id for one in found] == ["H601"]
    assert found[0].hint == f"did you mean {meant or 'provisioner'}?"
    with pytest.raises(PluginError) as refused:
        load(names=[misspelt])
    assert refused.value.hint == f"did you mean {meant or 'provisioner'}?"
