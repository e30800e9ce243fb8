"""What makes a release another one: sources and settings, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from hivemind.agents.conductor.sources import ReleaseSource, release_sources
from hivemind.artifact import Platform
from hivemind.blueprint.model import Service
from hivemind.local.cloud import host_platform
from hivemind.pipeline import Checked, check
from hivemind.plugins import load
from hivemind.template.fragment import Binding
from hivemind.testing.project import hello

pytestmark = pytest.mark.fast


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    for name, content in hello("sources", service="env: {GREETING: hi}\nsecrets: {TOKEN: 'ssm:/t'}").items():
        (tmp_path / name).write_text(content)
    return check(tmp_path / "hivemind.yaml", load(project=tmp_path, third_party=False), lint=False)


def platform(os: str, size: str) -> Platform:
    return host_platform(os, size)


def digest(checked: Checked, service: Service | None = None, bindings: dict[str, Binding] | None = None) -> str:
    return sources(checked, service, bindings).digest


def sources(
    checked: Checked,
    service: Service | None = None,
    bindings: dict[str, Binding] | None = None,
    released: Mapping[str, str] = MappingProxyType({}),
) -> ReleaseSource:
    blueprint = checked.blueprint
    if service is not None:
        blueprint = blueprint.with_services({"web": service}, {})
    return release_sources(blueprint, checked.repository, bindings or {}, platform, released=released)["web"]


def test_it_is_the_same_for_the_same(checked: Checked) -> None:
    assert digest(checked) == digest(checked)


@pytest.mark.parametrize(
    "change",
    [
        {"env": {"GREETING": "ho"}},
        {"start": "python app.py --other"},
        {"port": 8001},
        {"release": "true"},
        {"secrets": {}},
    ],
)
def test_what_the_application_finds_changes_it(checked: Checked, change: dict[str, object]) -> None:
    assert digest(checked, replace(checked.blueprint.services["web"], **change)) != digest(checked)


@pytest.mark.parametrize("change", [{"instances": 3}, {"size": "t3.large"}, {"disk": 99}])
def test_what_it_runs_on_does_not(checked: Checked, change: dict[str, object]) -> None:
    assert digest(checked, replace(checked.blueprint.services["web"], **change)) == digest(checked)


def test_code_changes_it(checked: Checked, tmp_path: Path) -> None:
    before = digest(checked)
    (tmp_path / "app.py").write_text("print('another')\n")
    again = check(tmp_path / "hivemind.yaml", checked.plugins, lint=False)
    assert digest(again) != before


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"env": {"GREETING": "ho"}}, "environment"),
        ({"secrets": {}}, "environment"),
        ({"start": "python app.py --other"}, "start command"),
        ({"release": "true"}, "release command"),
        ({"port": 8001}, "port"),
        ({"build": "true"}, "build command"),
    ],
)
def test_what_differs_from_the_release_is_told_by_its_part(
    checked: Checked, change: dict[str, object], part: str
) -> None:
    before = sources(checked)
    after = sources(checked, replace(checked.blueprint.services["web"], **change))
    assert [name for name in after.parts if after.parts[name] != before.parts[name]] == [part]


def test_what_is_released_already_is_not_looked_into(checked: Checked) -> None:
    assert sources(checked).parts
    assert not sources(checked, released={"web": digest(checked)}).parts


def test_another_file_is_another_source(checked: Checked, tmp_path: Path) -> None:
    before = sources(checked)
    (tmp_path / "app.py").write_text("print('another')\n")
    after = sources(check(tmp_path / "hivemind.yaml", checked.plugins, lint=False))
    assert [name for name in after.parts if after.parts[name] != before.parts[name]] == ["sources"]
