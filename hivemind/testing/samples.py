"""Sample values to hand to hooks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hivemind.builds.here import Here
from hivemind.builds.place import BuildPlace
from hivemind.pipeline import Checked, check
from hivemind.plugins.loading import Plugins
from hivemind.releases.release import Release, ServiceRelease
from hivemind.repositories.repository import Repository, read
from hivemind.values.artifact import LOCAL, Platform, machine_here
from hivemind.values.defaults import BLUEPRINT_FILE

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
    """Writes files (path -> text) into a folder and returns it as `hivemind_detect` gets it."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return read(folder)


def build_place(store: Path, platform: Platform | None = None) -> BuildPlace:
    """This machine, as `hivemind_build` gets it. store: folder for artifacts. platform: what is built for; without it
    the local cloud, whose instances run what this machine has."""
    return Here(platform or Platform(LOCAL, machine_here(), None, (), None), store)


def checked(folder: Path, text: str, plugins: Plugins, *, environment: str | None = None, lint: bool = True) -> Checked:
    """Writes a blueprint into a folder and takes it through load, validate, resolve, assemble and lint.

    Returns blueprint, assembly and findings, as `hivemind validate` has them. Raises FindingsError.
    """
    path = folder / BLUEPRINT_FILE
    path.write_text(text, encoding="utf-8")
    return check(path, plugins, environment=environment, lint=lint)
