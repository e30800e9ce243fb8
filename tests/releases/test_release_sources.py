"""What makes a release another one: sources and settings, and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from hivemind.blueprint.model import Blueprint, Health, Job, Route, Service, ServiceKind, Timeouts
from hivemind.blueprint.scaling import Scaling
from hivemind.blueprint.strategy import Colour, Strategy, Way
from hivemind.flow.checking import Checked, check
from hivemind.local.cloud import host_platform
from hivemind.plugins.loading import load
from hivemind.releases.sources import ReleaseSource, release_sources
from hivemind.repositories.repository import read
from hivemind.template.fragment import Binding
from hivemind.testing.project import hello
from hivemind.values.artifact import Platform

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
    checked: Checked, service: Service | None = None, bindings: dict[str, Binding] | None = None
) -> ReleaseSource:
    blueprint = checked.blueprint
    if service is not None:
        blueprint = blueprint.with_services({"web": service}, {})
    return release_sources(blueprint, checked.repository, bindings or {}, platform)["web"]


def changed(before: ReleaseSource, after: ReleaseSource) -> set[str]:
    return {name for name in {*before.parts, *after.parts} if before.parts.get(name) != after.parts.get(name)}


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_it_is_the_same_for_the_same(checked: Checked) -> None:
    assert digest(checked) == digest(checked)


DB = {"db": Binding("db", {"PGHOST": "{host}"})}
FIELDS: dict[str, tuple[object, tuple[str, ...]]] = {
    "name": ("shop", ()),
    "path": ("more", ("sources",)),
    "kind": (ServiceKind.WORKER, ("kind",)),
    "runtime": ("python 3.12", ("runtime",)),
    "install": ("pip install flask", ("install command",)),
    "build": ("true", ("build command",)),
    "build_on": ("t3.large", ()),
    "start": ("python app.py --other", ("start command",)),
    "release": ("true", ("release command",)),
    "port": (8001, ("port",)),
    "static_dir": ("public", ("kind",)),
    "health": (Health(path="/up"), ()),
    "instances": (3, ()),
    "scaling": (Scaling(2, 4), ()),
    "size": ("t3.large", ()),
    "disk": (99, ()),
    "os": ("ubuntu-24.04", ()),
    "env": ({"GREETING": "ho"}, ("environment",)),
    "unset": (("MOOD",), ()),
    "secrets": ({}, ("environment",)),
    "needs": (("db",), ("environment",)),
    "needed_types": ({"db": "mysql"}, ()),
    "routes": ((Route(path="/other/*"),), ()),
    "pack": ((".env",), ("sources",)),
    "data": (("uploads",), ("data",)),
    "jobs": ((Job("cleanup", "0 3 * * *", "python cleanup.py"),), ("jobs",)),
    "timeouts": (Timeouts(start=90), ()),
    "strategy": (Strategy(Way.RECREATE), ()),
    "colour": (Colour.GREEN, ()),
}
"""Field of a service -> another value of it, and the parts that are others then."""


def test_every_field_is_thought_of() -> None:
    assert set(FIELDS) == {field.name for field in fields(Service)}


@pytest.mark.parametrize("build", [None, "make"])
@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_field_that_matters_is_another_digest_and_another_part(
    checked: Checked, tmp_path: Path, name: str, build: str | None
) -> None:
    value, expected = FIELDS[name]
    lay(tmp_path, {".env": "A=1", "more/app.py": "", "more/.env": ""})
    checked = check(tmp_path / "hivemind.yaml", checked.plugins, lint=False)
    service = replace(checked.blueprint.services["web"], build=build)
    before = sources(checked, service, DB)
    after = sources(checked, replace(service, **{name: value}), DB)
    assert changed(before, after) == set(expected)
    assert (after.digest != before.digest) is bool(expected)


def test_routes_are_read_by_static_sites_alone(checked: Checked) -> None:
    site = replace(checked.blueprint.services["web"], kind=ServiceKind.STATIC, static_dir="public")
    assert changed(sources(checked, site), sources(checked, replace(site, routes=(Route(path="/x/*"),)))) == {"routes"}


@pytest.mark.parametrize("path", ["packages/lib/index.js", "package-lock.json", "packages/lib/package.json"])
def test_a_file_of_a_neighbour_is_another_workspace(tmp_path: Path, path: str) -> None:
    files = {
        "package.json": '{"workspaces": ["apps/*", "packages/*"]}',
        "package-lock.json": "{}",
        "apps/web/package.json": '{"name": "web", "dependencies": {"lib": "*"}}',
        "packages/lib/package.json": '{"name": "lib"}',
        "packages/lib/index.js": "",
        "packages/other/index.js": "",
    }
    blueprint = Blueprint("shop", services={"web": Service("web", path="apps/web", runtime="node", build="make")})

    def made(changes: dict[str, str]) -> ReleaseSource:
        return release_sources(blueprint, read(lay(tmp_path, {**files, **changes})), {}, platform)["web"]

    before, after = made({}), made({path: '{"name": "lib", "version": "2"}'})
    assert changed(before, after) == {"workspace"}
    assert after.digest != before.digest
    assert after.provenance.digest != before.provenance.digest
    assert made({"packages/other/index.js": "another"}).digest == before.digest


def test_every_file_is_read_once(checked: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    opened = Path.open

    def counted(path: Path, *arguments: Any, **more: Any) -> Any:
        asked.append(path)
        return opened(path, *arguments, **more)

    monkeypatch.setattr(Path, "open", counted)
    sources(checked)
    assert [path.name for path in asked].count("app.py") == 1


def test_code_changes_it(checked: Checked, tmp_path: Path) -> None:
    before = digest(checked)
    (tmp_path / "app.py").write_text("print('another')\n")
    again = check(tmp_path / "hivemind.yaml", checked.plugins, lint=False)
    assert digest(again) != before


def test_another_file_is_another_source(checked: Checked, tmp_path: Path) -> None:
    before = sources(checked)
    (tmp_path / "app.py").write_text("print('another')\n")
    after = sources(check(tmp_path / "hivemind.yaml", checked.plugins, lint=False))
    assert changed(before, after) == {"sources"}
