"""Sample values to hand to hooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hivemind.builds.here import Here
from hivemind.builds.place import BuildPlace
from hivemind.flow.checking import Checked, check
from hivemind.plugins.loading import Plugins
from hivemind.releases.release import Release, ServiceRelease
from hivemind.repositories.repository import Repository, read
from hivemind.steps.run import Apply
from hivemind.values.artifact import LOCAL, Platform, machine_here
from hivemind.values.defaults import BLUEPRINT_FILE, DEFAULT_REGION

NOTHING: Mapping[str, Any] = {}


def release(
    *,
    services: tuple[ServiceRelease, ...] = (
        ServiceRelease("web", "web", "http://test.invalid", None, "/", ("i-0123456789abcdef0",), "0" * 64),
    ),
    resources: Mapping[str, str] = NOTHING,
    options: Mapping[str, Mapping[str, Any]] = NOTHING,
    checks: tuple[Any, ...] = (),
) -> Release:
    """A Release of an application called `shop`, as `hivemind_checks` gets it.

    checks: the blueprint's entries, objects with `kind` and `options`.
    """
    identity = ("shop-production-000000000000-eu-west-1", "shop", "production", "r1")
    return Release(*identity, services, resources, options, checks)


def repository(folder: Path, files: Mapping[str, str]) -> Repository:
    """Writes files (path -> text) into a folder and returns it as a Repository, as `hivemind_detect` gets it."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return read(folder)


def build_place(store: Path, platform: Platform | None = None) -> BuildPlace:
    """This machine, as `hivemind_build` gets it. store: folder for artifacts. platform: what to build for; default:
    the local cloud, whose instances run what this machine has."""
    return Here(platform or Platform(LOCAL, machine_here(), None, (), None), store)


def checked(folder: Path, text: str, plugins: Plugins, *, environment: str | None = None, lint: bool = True) -> Checked:
    """Writes a blueprint into a folder and takes it through load, validate, resolve, assemble and lint.

    Returns blueprint, assembly and findings, as `hivemind validate` sees them. Raises FindingsError.
    """
    path = folder / BLUEPRINT_FILE
    path.write_text(text, encoding="utf-8")
    return check(path, plugins, environment=environment, lint=lint)


def apply_of(checked: Checked, **changes: Any) -> Apply:
    """The first apply of a blueprint to an empty local cloud, as `hivemind_steps` gets it. changes: fields to
    replace."""
    from hivemind.flow.builders import builders
    from hivemind.flow.run import told
    from hivemind.plan.make import make_plan
    from hivemind.plan.model import NOTHING as EMPTY_CLOUD
    from hivemind.releases.sources import release_sources

    def platform(system: str, size: str) -> Platform:
        del system, size
        return Platform(LOCAL, machine_here(), None, (), None)

    blueprint, assembly = checked.blueprint, checked.assembly
    sources = release_sources(
        blueprint, checked.repository, assembly.bindings, platform, builders(checked.plugins).digests_of
    )
    digests = {name: source.digest for name, source in sources.items()}
    region = blueprint.region or DEFAULT_REGION
    plan = make_plan(blueprint, assembly, EMPTY_CLOUD, digests, "", region=region, cloud="local")
    return replace(told(checked, plan, EMPTY_CLOUD, sources), **changes)
