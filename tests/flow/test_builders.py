"""Which plugin builds which service, and what plugins say of builds in a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from hivemind import Blueprint, Finding, FindingsError, Platform, Repository, Service, Severity, hook
from hivemind.blueprint.model import Origin, ServiceKind
from hivemind.flow.builders import builders, review
from hivemind.flow.planning import planned
from hivemind.plan.model import NOTHING
from hivemind.plugins.loading import Plugins, load
from hivemind.testing import checked, plugins_of, repository
from hivemind.values.findings import Place

pytestmark = pytest.mark.fast
HOST = Platform("host", "x86_64", None, (), None)


def plugin(**hooks: Callable[..., object]) -> ModuleType:
    module = ModuleType("third")
    for name, function in hooks.items():
        setattr(module, name, hook(function))
    return module


def builds(*words: str) -> ModuleType:
    return plugin(hivemind_build=lambda: None, hivemind_runtimes=lambda: words)


def found(folder: Path, plugins: Plugins, *services: Service, names: tuple[str, ...] = ("web",)) -> Iterator[Finding]:
    blueprint = Blueprint(
        "shop",
        services={one.name: one for one in services},
        origins={"services.web.runtime": Origin("recon", ".tool-versions:1")},
    )
    platforms = {one.name: HOST for one in services}
    made = repository(folder, {"main.f90": ""})
    return review(blueprint, names, made, platforms, plugins=plugins, who=builders(plugins))


def test_who_builds_is_asked_of_the_plugins() -> None:
    who = builders(plugins_of(tiny=builds("tiny"), pages=builds("static"), any=plugin(hivemind_build=lambda: None)))
    assert who.of(Service("web", runtime="tiny 1")) == ("any", "tiny")
    assert who.of(Service("web", runtime="python 3.12")) == ("any", "compiler")
    assert who.of(Service("web", runtime="node 22", kind=ServiceKind.STATIC)) == ("any", "compiler", "pages")
    assert who.of(Service("web")) == ("any",)


def test_a_plugin_that_names_runtimes_and_builds_nothing_is_no_builder() -> None:
    who = builders(plugins_of(tiny=plugin(hivemind_runtimes=lambda: ("tiny",))))
    assert who.of(Service("web", runtime="tiny")) == ()


def test_a_language_that_no_plugin_builds(tmp_path: Path) -> None:
    service = Service("web", runtime="fortran 2018", build="make", start="./app")
    (one,) = found(tmp_path, load(third_party=False), service)
    assert (one.id, one.is_error, one.path) == ("H506", True, "services.web.runtime")
    assert one.place == Place(".tool-versions", 1)
    assert one.message == "HiveMind cannot build fortran 2018"
    assert "`runtime: shell`, `build: make` and `start: ./app`" in str(one.hint)
    assert [each.id for each in found(tmp_path, plugins_of(other=builds("tiny")), service)] == ["H506"]
    assert list(found(tmp_path, plugins_of(other=builds("fortran")), service)) == []
    assert list(found(tmp_path, plugins_of(other=plugin(hivemind_build=lambda: None)), service)) == []


@pytest.mark.parametrize("build_on", [None, "t3.large"])
def test_a_language_of_a_plugin_is_built_wherever_the_blueprint_says(tmp_path: Path, build_on: str | None) -> None:
    service = Service("web", runtime="fortran", build_on=build_on)
    assert list(found(tmp_path, plugins_of(other=builds("fortran")), service)) == []


def test_plugins_look_at_what_is_released_and_at_nothing_else(tmp_path: Path) -> None:
    seen: list[tuple[object, ...]] = []

    def look(blueprint: Blueprint, repository: Repository, platforms: Mapping[str, Platform]) -> tuple[Finding, ...]:
        seen.append((tuple(blueprint.services), repository.has("main.f90"), dict(platforms)))
        return (Finding("FORT1", Severity.WARNING, "old", path="services.web"),)

    plugins = plugins_of(fortran=plugin(hivemind_review=look), other=builds("fortran"))
    services = (Service("web", runtime="fortran"), Service("job", runtime="cobol"))
    (one,) = found(tmp_path, plugins, *services)
    assert (one.id, one.plugin) == ("FORT1", "fortran")
    assert seen == [(("web",), True, {"web": HOST})]


def test_a_review_that_fails_is_an_error_that_names_the_plugin(tmp_path: Path) -> None:
    def fail() -> tuple[Finding, ...]:
        raise KeyError("size")

    plugins = plugins_of(fortran=plugin(hivemind_review=fail), other=builds("fortran"))
    (one,) = found(tmp_path, plugins, Service("web", runtime="fortran"))
    assert (one.id, one.is_error, one.plugin) == ("H603", True, "fortran")
    assert 'plugin "fortran"' in one.message
    assert "hivemind_review: KeyError: 'size' (test_builders.py:" in one.message


def test_a_plan_stops_at_what_a_plugin_finds_and_says_where_it_is_written(tmp_path: Path) -> None:
    def look(blueprint: Blueprint) -> tuple[Finding, ...]:
        return tuple(
            Finding("FORT1", Severity.ERROR, f"no compiler for {one.name}", path=f"services.{one.name}.runtime")
            for one in blueprint.services.values()
        )

    (tmp_path / "main.f90").write_text("")
    plugins = plugins_of(fortran=plugin(hivemind_review=look), other=builds("fortran"))
    text = "hivemind: 1\nname: shop\nservices:\n  web: {kind: worker, start: ./app,\n    runtime: fortran}\n"
    made = checked(tmp_path, text, plugins, lint=False)
    with pytest.raises(FindingsError) as raised:
        planned(made, NOTHING, lambda _os, _size: HOST, region="us-east-1", cloud="local", made_at="")
    (one,) = raised.value.findings
    assert (one.id, one.plugin, one.message) == ("FORT1", "fortran", "no compiler for web")
    assert one.place is not None
    assert one.place.line == 5


def test_the_built_in_compiler_looks_at_its_languages(tmp_path: Path) -> None:
    aws = Platform("debian-12", "x86_64", (2, 36), (("3.11", "/usr/bin/python3"),), None)
    service = Service("web", runtime="python 3.99")
    made = repository(tmp_path, {"app.py": ""})
    blueprint = Blueprint("shop", services={"web": service})
    plugins = load(third_party=False)
    (one,) = review(blueprint, ["web"], made, {"web": aws}, plugins=plugins, who=builders(plugins))
    assert (one.id, one.is_error, one.plugin) == ("H501", True, "compiler")
