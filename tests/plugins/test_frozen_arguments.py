"""What hooks are handed cannot change its arguments, as deep as one looks, and works as it did."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from sample_plugins import plugin

from hivemind import Event, EventKind, Release, ServiceRelease
from hivemind.flow.checking import Checked, check
from hivemind.plugins.loading import load
from hivemind.testing import apply_of, checked, plugins_of, repository
from hivemind.values.frozen import FrozenDict, FrozenList, frozen

pytestmark = pytest.mark.fast
SHOP = """
hivemind: 1
name: shop
tags: {team: shop}
services:
  web:
    runtime: python 3.12
    start: gunicorn app
    port: 8000
    env: {A: b}
    secrets: {TOKEN: "ssm:/shop/token"}
    needs: [db]
resources: {db: postgres}
checks: [{http: /x, contains: y}]
overrides: [{op: add, path: /Resources/VPC/Properties/X, value: [1]}]
"""


def mutable(value: object, where: str = "") -> Iterator[str]:
    """Where in a value something can be changed. Objects that are no data are not looked into."""
    held = isinstance(value, FrozenDict | FrozenList)
    if isinstance(value, dict | list | set | bytearray) and not held:
        yield where
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from mutable(member, f"{where}[{key!r}]")
    elif isinstance(value, list | tuple | set | frozenset):
        for index, member in enumerate(value):
            yield from mutable(member, f"{where}[{index}]")
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        if not value.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            yield f"{where} ({type(value).__name__})"
        for field in dataclasses.fields(value):
            yield from mutable(getattr(value, field.name), f"{where}.{field.name}")


def test_nothing_that_a_project_hands_to_hooks_can_be_changed(tmp_path: Path) -> None:
    seen: dict[str, object] = {}

    def lint(assembly: object, blueprint: object) -> tuple[()]:
        seen.update(assembly=assembly, blueprint=blueprint)
        return ()

    def detect(repository: object, path: object) -> tuple[()]:
        seen.update(repository=repository, path=path)
        return ()

    checked(tmp_path, SHOP, plugins_of(aaa=plugin(hivemind_lint=lint, hivemind_detect=detect)), lint=False)
    assert set(seen) == {"assembly", "blueprint", "repository", "path"}
    assert list(mutable(seen["assembly"])) == []
    assert list(mutable(seen["blueprint"])) == []
    assert list(mutable(seen["repository"])) == []


def test_nothing_that_an_apply_hands_to_hooks_can_be_changed(tmp_path: Path) -> None:
    seen: list[object] = []

    def steps(run: object) -> tuple[()]:
        seen.append(run)
        return ()

    plugins = plugins_of(aaa=plugin(hivemind_steps=steps))
    run = apply_of(checked(tmp_path, SHOP, plugins, lint=False))
    plugins.collect("hivemind_steps", run=run)
    assert seen == [run]
    assert list(mutable(seen[0])) == []


def test_releases_services_and_events_can_not_be_changed() -> None:
    seen: list[Any] = []
    keep = plugin(
        hivemind_checks=lambda release: (seen.append(release), ())[1],
        hivemind_build=lambda service, place: seen.extend((service, place)),
        hivemind_event=lambda event: seen.extend([event]),
    )
    from hivemind import Platform, Service
    from hivemind.builds.here import Here

    release = Release("d", "shop", "production", "r1", (ServiceRelease("web", "web", None, None, None, (), ""),),
                      {"db": "postgres"}, {"acme": {"channels": ["#a"]}})  # fmt: skip
    service = Service("web", env={"A": "b"}, routes=())
    platform = Platform("host", "x86_64", None, (), None, runtimes={"ruby": (("3.3", "ruby"),)})
    place = Here(platform, Path(), {"acme": "0"})
    event = Event("t", "d", "a", "build", "web", EventKind.NOTE, "m", {"list": [1]})
    plugins = plugins_of(aaa=keep)
    plugins.gather("hivemind_checks", release=release)
    plugins.first("hivemind_build", service=service, repository=None, place=place)
    plugins.notify(event)
    plugins.flush()
    assert seen == [release, service, place, event]
    assert [place for value in seen for place in mutable(value)] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda template: template["Resources"]["VPC"].update(Type="X"),
        lambda template: template["Resources"].pop("VPC"),
        lambda template: template.update(a=1),
        lambda template: template["Resources"]["VPC"].__setitem__("Type", "X"),
        lambda template: template["Resources"]["VPC"]["Properties"]["Tags"].append(1),
        lambda template: template["Resources"]["VPC"]["Properties"]["Tags"].sort(),
        lambda template: template["Resources"]["VPC"]["Properties"]["Tags"][0].clear(),
    ],
)
def test_a_linter_that_changes_the_template_is_named_and_changes_nothing(
    tmp_path: Path, change: Callable[[Any], None]
) -> None:
    from hivemind import FindingsError

    def lint(assembly: Any) -> tuple[()]:
        change(assembly.template)
        return ()

    before = checked(tmp_path, SHOP, plugins_of(), lint=False).assembly.text
    plugins = plugins_of(aaa=plugin(hivemind_lint=lint))
    with pytest.raises(FindingsError) as stopped:
        checked(tmp_path, SHOP, plugins, lint=False)
    (finding,) = [one for one in stopped.value.findings if one.is_error]
    assert (finding.id, finding.plugin) == ("H603", "aaa")
    assert "in hivemind_lint: " in finding.message
    assert "TypeError: " in finding.message or "AttributeError: " in finding.message
    assert checked(tmp_path, SHOP, plugins_of(), lint=False).assembly.text == before


def test_every_way_to_change_a_dict_or_a_list_is_refused() -> None:
    whole, several = frozen({"a": 1}), frozen([2, 1])
    ways: list[Callable[[], object]] = [
        lambda: whole.update(a=2), lambda: whole.pop("a"), whole.popitem, whole.clear,
        lambda: whole.setdefault("b", 1), lambda: whole.__setitem__("a", 2), lambda: whole.__delitem__("a"),
        lambda: whole.__ior__({"b": 1}), lambda: several.append(1), lambda: several.extend([1]),
        lambda: several.insert(0, 1), several.pop, lambda: several.remove(1), several.clear,
        several.sort, several.reverse, lambda: several.__setitem__(0, 1), lambda: several.__delitem__(0),
        lambda: several.__iadd__([1]), lambda: several.__imul__(2),
    ]  # fmt: skip
    for way in ways:
        with pytest.raises(TypeError, match="cannot change its arguments"):
            way()
    assert (whole, several) == ({"a": 1}, [2, 1])


def test_frozen_data_are_the_same_data() -> None:
    data = {"a": [1, {"b": (2, [3])}], "c": None}
    held = frozen(data)
    assert held == data
    assert json.dumps(held) == json.dumps(data)
    assert isinstance(held, dict)
    assert isinstance(held["a"], list)
    loose = copy.deepcopy(held)
    assert type(loose) is dict
    loose["a"][1]["b"][1].append(4)
    assert (held["a"][1]["b"][1], type(copy.copy(held))) == ([3], dict)


def test_what_has_nothing_to_freeze_is_itself(tmp_path: Path) -> None:
    found = repository(tmp_path, {"a": "", "b": ""})
    values = [found, (1, "a", ("b",)), MappingProxyType({"a": (1,)}), Path("x"), "text", None, object()]
    assert all(frozen(value) is value for value in values)


def test_a_frozen_template_renders_as_before(tmp_path: Path) -> None:
    from hivemind.template.render import as_json, as_yaml

    one: Checked = checked(tmp_path, SHOP, plugins_of(), lint=False)
    held = frozen(one.assembly)
    assert held is not one.assembly
    assert (held.text, held.digest) == (one.assembly.text, one.assembly.digest)
    assert as_json(held.template, indent=2) == as_json(one.assembly.template, indent=2)
    assert as_yaml(held.template) == as_yaml(one.assembly.template)
    assert check(tmp_path / "hivemind.yaml", load(third_party=False), lint=False).assembly.text == held.text
