"""Loading, blocking and quarantining plugins, as `hivemind.plugins.loading.load` does it."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest
from sample_plugins import SCHEMA, Install

from hivemind import ExitCode, HiveMindError, Place
from hivemind.plugins.calling import PluginError
from hivemind.plugins.loading import BUILTIN_AGENTS, Plugins, load

pytestmark = pytest.mark.fast


def listed(plugins: Plugins) -> dict[str, str | None]:
    return {entry.name: entry.quarantined for entry in plugins.list() if entry.source != "builtin"}


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
            'no hook has the name "hivemind_chekcs"; did you mean hivemind_checks?',
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
    assert any("hivemind-broken 1.2" in note and "skipping" in note for note in plugins.notes)
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


def test_a_plugin_cannot_take_a_built_in_name(install: Install) -> None:
    install("recon", SCHEMA)
    assert listed(load()) == {"recon": "the name is taken by a built-in agent"}


@pytest.mark.parametrize("name", ["recon", "compiler", "provisioner", "deployer", "qa", "conductor"])
def test_what_nothing_is_right_without_cannot_be_disabled(name: str) -> None:
    with pytest.raises(HiveMindError, match=f'plugin "{name}" cannot be disabled: without it ') as refused:
        load(blocked=["slack", name])
    assert refused.value.exit_code is ExitCode.INVALID
    assert f"-p no:{name}" in (refused.value.hint or "")


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


def test_a_module_by_name(install: Install) -> None:
    (install.folder / "house_rules.py").write_text(SCHEMA)
    entry = next(entry for entry in load(names=["house_rules"]).list() if entry.name == "house_rules")
    assert (entry.source, entry.distribution) == ("-p", None)


@pytest.mark.parametrize(("name", "hint"), [("slak", "Did you mean slack?"), ("zzz", "pip install zzz")])
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
    assert plugins.notes == (f"using the project's plugin {file}",)
    assert "hivemind_plugin" in {entry.plugin for entry in plugins.collect("hivemind_schema")}


def test_a_broken_project_plugin_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "hivemind_plugin.py").write_text("import nothing_of_the_name")
    assert "nothing_of_the_name" in str(listed(load(project=tmp_path))["hivemind_plugin"])


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
    assert findings["plugins.slac"].hint == "Did you mean slack?"
    assert "hivemind-broken 1.2" in findings["plugins.broken"].message
    assert "ZeroDivisionError" in findings["plugins.broken"].message
    assert "-p no:pager" in str(findings["plugins.pager"].hint)
    assert "pip install zzz" in str(findings["plugins.zzz"].hint)
    assert all(finding.is_error and finding.place == place for finding in findings.values())


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
    assert found[0].hint == f"Did you mean {meant or 'provisioner'}?"
    with pytest.raises(PluginError) as refused:
        load(names=[misspelt])
    assert refused.value.hint == f"Did you mean {meant or 'provisioner'}?"
