"""A plugin that builds and changes: its services are released and built again, those of others are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from hivemind import Apply, Artifact, StageError, milestones
from hivemind.builds.store import Store
from hivemind.flow.collecting import collected
from hivemind.flow.planning import planned
from hivemind.flow.run import told
from hivemind.local.cloud import host_platform
from hivemind.plan.model import NOTHING, Basis, Snapshot
from hivemind.plugins.loading import Plugins, load
from hivemind.testing import FakeContext, checked

BLUEPRINT = """
hivemind: 1
name: shop
services:
  web: {kind: worker, path: web, runtime: tiny 1, start: ./tiny main.tiny}
  job: {kind: worker, path: job, runtime: shell, start: ./run.sh}
"""
PLUGIN = """
from pathlib import Path
from hivemind import build_with_commands, hook

RUNTIMES = ("tiny",)

@hook
def hivemind_runtimes():
    return RUNTIMES

@hook
def hivemind_build(service, repository, place):
    if service.language in ("tiny", "other"):
        return build_with_commands(service, repository, place, install=f"cp {INTERPRETER} tiny")

INTERPRETER = Path(__file__).with_name("interpreter.py")
"""
SILENT = PLUGIN.replace("@hook\ndef hivemind_runtimes", "def runtimes")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A plugin's package that carries an interpreter, of a name that no other test uses."""
    name = "".join(letter if letter.isalnum() else "_" for letter in f"tiny_{request.node.name}")
    folder = tmp_path / "site" / name
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(PLUGIN)
    (folder / "interpreter.py").write_text("first\n")
    monkeypatch.syspath_prepend(str(folder.parent))
    for service, file in (("web", "main.tiny"), ("job", "run.sh")):
        (tmp_path / "project" / service).mkdir(parents=True)
        (tmp_path / "project" / service / file).write_text("")
    return folder


def plugins_with(package: Path) -> Plugins:
    return load(third_party=False, names=[package.name])


def apply_to(project: Path, plugins: Plugins, snapshot: Snapshot = NOTHING, blueprint: str = BLUEPRINT) -> Apply:
    made = checked(project, blueprint, plugins, lint=False)
    _, plan, sources = planned(made, snapshot, host_platform, region="us-east-1", cloud="local", made_at="")
    return told(made, plan, snapshot, sources)


def released(run: Apply) -> Snapshot:
    """What is deployed once a run ended well, as far as releases go."""
    return Snapshot(
        Basis.LIVE,
        status="CREATE_COMPLETE",
        template=run.assembly.template,
        artifacts={name: source.digest for name, source in run.sources.items()},
        parts={name: source.parts for name, source in run.sources.items()},
    )


def why(run: Apply) -> dict[str, str]:
    return {change.service: change.reason for change in run.plan.releases}


def build(run: Apply, plugins: Plugins, service: str = "web", store: str = "store") -> Artifact:
    """Carries out the step that builds a service."""
    folder = Path(run.repository.root).parent / store
    cloud = SimpleNamespace(platform=host_platform)
    context = FakeContext(deployment=SimpleNamespace(hooks=plugins, cloud=cloud, artifacts=folder))
    step = next(one for one in collected(run, plugins).steps if one.name == milestones.build(service))
    artifact: Artifact = step.run(context)
    return artifact


def test_the_plan_says_that_a_changed_plugin_is_the_reason(tmp_path: Path, package: Path) -> None:
    plugins = plugins_with(package)
    first = apply_to(tmp_path / "project", plugins)
    assert why(apply_to(tmp_path / "project", plugins, released(first))) == {"web": "unchanged", "job": "unchanged"}
    (package / "interpreter.py").write_text("second\n")
    changed = apply_to(tmp_path / "project", plugins, released(first))
    assert why(changed) == {"web": f"plugin {package.name} changed", "job": "unchanged"}
    (package / "interpreter.py").write_text("first\n")
    assert set(why(apply_to(tmp_path / "project", plugins, released(first))).values()) == {"unchanged"}


@pytest.mark.fast
def test_a_plugin_that_does_not_say_what_it_builds_may_build_all(tmp_path: Path, package: Path) -> None:
    (package / "__init__.py").write_text(SILENT)
    plugins = plugins_with(package)
    first = apply_to(tmp_path / "project", plugins)
    (package / "interpreter.py").write_text("second\n")
    reason = f"plugin {package.name} changed"
    assert why(apply_to(tmp_path / "project", plugins, released(first))) == {"web": reason, "job": reason}


def test_what_a_changed_plugin_builds_is_built_again_and_nothing_else_is(tmp_path: Path, package: Path) -> None:
    plugins = plugins_with(package)
    run = apply_to(tmp_path / "project", plugins)
    assert run.plan.built == ()
    web, job = build(run, plugins), build(run, plugins, "job")
    assert not web.reused
    again = apply_to(tmp_path / "project", plugins)
    assert (build(again, plugins).digest, build(again, plugins).reused) == (web.digest, True)
    (package / "interpreter.py").write_text("second\n")
    changed = apply_to(tmp_path / "project", plugins)
    new = build(changed, plugins)
    assert not new.reused
    assert new.digest != web.digest
    assert build(changed, plugins, "job").reused
    assert build(changed, plugins, "job").digest == job.digest


def test_the_store_has_it_under_the_digest_that_the_plan_asks_for(tmp_path: Path, package: Path) -> None:
    plugins = plugins_with(package)
    run = apply_to(tmp_path / "project", plugins)
    store = Store(tmp_path / "store")
    digest = run.sources["web"].provenance.digest
    assert store.known(digest) is None
    artifact = build(run, plugins)
    entry = store.known(digest)
    assert entry is not None
    assert entry["digest"] == artifact.digest


def test_a_plugin_that_builds_what_it_does_not_name_is_an_error(tmp_path: Path, package: Path) -> None:
    plugins = plugins_with(package)
    run = apply_to(tmp_path / "project", plugins)
    web = replace(run.blueprint.services["web"], runtime="other 2")
    sources = {**run.sources, "web": replace(run.sources["web"], builders={})}
    run = replace(run, blueprint=run.blueprint.with_services({"web": web}, {}), sources=sources)
    with pytest.raises(StageError) as raised:
        build(run, plugins)
    assert raised.value.message == (
        f'plugin "{package.name}" ({package.name}) built the runtime other 2 of services.web, '
        "which is missing from its hivemind_runtimes"
    )
    assert "Add other to" in str(raised.value.hint)
