"""What plugins do to a project that is checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_plugins import plugin

from hivemind import FindingsError, Fragment, ResourceType, SchemaPart
from hivemind.plugins.calling import PluginError, PluginSource
from hivemind.plugins.loading import load
from hivemind.testing import checked, plugins_of

pytestmark = pytest.mark.fast
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
        PluginError(PluginSource("recon", kind, "m"), "broken", hook="hivemind_detect") for kind in ("builtin", "-p")
    )
    assert "defect" in (own.hint or "")
    assert other.hint == "To run without it: hivemind -p no:recon ..."


def test_a_broken_plugin_of_the_project_stops_what_it_would_have_added_to(tmp_path: Path) -> None:
    from hivemind import pipeline
    from hivemind.values.errors import FindingsError

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


def test_a_plugin_that_is_a_link_out_of_the_folder_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("password = 'AbCdEfGh\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app/hivemind_plugin.py").symlink_to(tmp_path / "secret")
    (plugin,) = (one for one in load(project=tmp_path / "app").list() if one.source == "project")
    assert "leads out of its folder" in str(plugin.quarantined)
    assert "AbCdEfGh" not in str(plugin.quarantined)
