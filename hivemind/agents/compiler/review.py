"""What can be said about builds before any starts: versions, locks, programs. Part of every plan."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from hivemind.agents.compiler import machine
from hivemind.agents.compiler.languages import by_their_own_tools, runtimes
from hivemind.agents.compiler.languages.by_their_own_tools import OWN_TOOLS
from hivemind.agents.compiler.languages.table import LANGUAGES
from hivemind.agents.compiler.node import locks as nodelocks
from hivemind.agents.compiler.node import tools as nodetools
from hivemind.agents.compiler.node import versions as nodeversions
from hivemind.agents.compiler.python import interpreters, projects, requirements
from hivemind.agents.compiler.python.locks import LockError
from hivemind.blueprint.model import Blueprint, Service
from hivemind.builds import sources
from hivemind.builds.sources import Sources
from hivemind.repositories.repository import Repository
from hivemind.text.file_formats import table
from hivemind.values.artifact import LOCAL, Platform
from hivemind.values.errors import StageError
from hivemind.values.findings import Finding, Place, Severity, in_order

_AGAIN = {
    "uv.lock": "uv lock", "poetry.lock": "poetry lock", "pdm.lock": "pdm lock", "Pipfile.lock": "pipenv lock",
    "package-lock.json": "npm install", "npm-shrinkwrap.json": "npm install", "pnpm-lock.yaml": "pnpm install",
    "yarn.lock": "yarn install", "bun.lock": "bun install",
}  # fmt: skip
"""Lock file -> what makes it again."""


def review(blueprint: Blueprint, repository: Repository, platforms: Mapping[str, Platform]) -> tuple[Finding, ...]:
    """Findings on those of the services whose language is built here. platforms: by the name of the service."""
    found: list[Finding] = []
    for service in blueprint.services.values():
        if service.language not in LANGUAGES:
            continue
        packed = sources.gather(service, repository)
        target = platforms[service.name]
        found += _version(blueprint, service, target)
        found += machine.programs(blueprint, service, packed, target)
        found += _locks(service, packed, target)
    return in_order(found)


def _version(blueprint: Blueprint, service: Service, platform: Platform) -> Iterator[Finding]:
    path = f"services.{service.name}.runtime"
    language = service.language
    place = _origin(blueprint, path)
    if language == "python":
        try:
            chosen = interpreters.choose(service, platform)
        except StageError as error:
            yield Finding("H501", Severity.ERROR, error.message, place, error.hint, path=path)
            return
        if chosen.notice:
            hint = f"Write `runtime: python {chosen.minor}`."
            yield Finding("H501", Severity.WARNING, f"{service.name}: {chosen.notice}", place, hint, path=path)
    elif language in {"node", "static"} and (service.runtime or "").startswith("node"):
        yield from _node_version(blueprint, service, platform)
    elif language in OWN_TOOLS and (without := by_their_own_tools.lacking(service, platform)):
        yield Finding("H504", Severity.ERROR, without[0], _origin(blueprint, f"services.{service.name}.start"),
                      without[1], path=f"services.{service.name}.start")  # fmt: skip
    elif language in {"java", "ruby", "php"} and (said := runtimes.lacking(service, language, platform)):
        has = platform.runtimes.get(language, ())
        hint = f"Write `runtime: {language} {has[0][0]}`." if has else runtimes.ELSEWHERE
        yield Finding("H504", Severity.ERROR, said, place, hint, path=path)


def _node_version(blueprint: Blueprint, service: Service, platform: Platform) -> Iterator[Finding]:
    """A Node that the instances have not and that can't be brought along either."""
    found = nodeversions.problem(service, platform)
    if found is None:
        return
    path = f"services.{service.name}.runtime"
    what, near = found
    there = platform.node[0] if platform.node and platform.os == LOCAL else None
    message = f"{service.name} {what}" + (f"; the nearest is {near}" if near else "")
    if there:
        message += f". In the local cloud, version {there} of this machine runs it"
    hint = f"Write `runtime: node {near.partition('.')[0] if near else nodeversions.DEFAULT}`."
    severity = Severity.WARNING if there else Severity.ERROR
    yield Finding("H501", severity, message, _origin(blueprint, path), hint, path=path)


def _locks(service: Service, packed: Sources, platform: Platform) -> Iterator[Finding]:
    language = service.language
    if language == "python":
        yield from _python(service, packed, platform)
    elif "package.json" in packed.files and language in {"node", "bun", "static"}:
        yield from _node(service, packed)


def _python(service: Service, packed: Sources, platform: Platform) -> Iterator[Finding]:
    wanted = next(filter(None, map(requirements.project_command, requirements.parts(service, packed))), None)
    if wanted is None:
        return
    try:
        chosen = interpreters.choose(service, platform)
        held = projects.locked(packed, wanted, interpreters.target(chosen, platform))
    except StageError:
        return
    except LockError as error:
        yield Finding(
            "H505",
            Severity.ERROR,
            str(error),
            Place(_file(service, error.file)),
            f"Write it again with `{_AGAIN[error.file]}`.",
        )
        return
    manifest = "pyproject.toml" if "pyproject.toml" in packed.files else "Pipfile"
    required = str(table(projects.toml(packed, manifest), "project").get("requires-python", ""))
    if not chosen.notice and not interpreters.fits(chosen.minor, required):
        line = _line(packed, manifest, r"^\s*requires-python\b")
        message = (
            f"{_spot(service, manifest, line)} requires Python {required}, but {service.name} runs on {chosen.minor}"
        )
        hint = "Write the version under `runtime`, or choose an `os` that has it."
        yield Finding("H501", Severity.ERROR, message, Place(_file(service, manifest), line), hint)
    for missing in held.missing if held else ():
        name = missing.requirement.name
        asks = _line(packed, manifest, rf"(?i)(?:^|[\"'\s]){_name(name)}\b")
        holds = _line(packed, held.lock.file, rf"(?i)name = \"{_name(name)}\"|\"{_name(name)}\":") if held else None
        has = f"{name} {', '.join(missing.locked)}" if missing.locked else f"no {name}"
        by = f"{missing.by} asks" if missing.by else f"{_spot(service, manifest, asks)} asks"
        message = (
            f"{by} for {missing.requirement}, but {_spot(service, held.lock.file if held else '', holds)} has {has}"
        )
        finding = _contradiction(service, message, manifest, asks, held.lock.file if held else "")
        # What a dependency asks for may be left out on purpose; what the project asks for may not.
        yield replace(finding, severity=Severity.WARNING) if missing.by else finding


def _node(service: Service, packed: Sources) -> Iterator[Finding]:
    whole = packed.whole
    inside = packed.workspace.folder if packed.workspace else "."
    manager = nodetools.manager_of(whole, service.install)
    lock = manager.lock
    if lock is None:
        return
    above = packed.workspace.above if packed.workspace else service.path
    try:
        differences = nodelocks.differences(whole, manager, inside)
    except nodelocks.Unreadable as error:
        yield Finding(
            "H505", Severity.ERROR, str(error), Place(_beside(above, lock)), f"Write it again with `{_AGAIN[lock]}`."
        )
        return
    for one in differences:
        asks = _line(packed, "package.json", rf"\"{re.escape(one.name)}\"\s*:")
        holds = _line(whole, lock, rf"(?:^|[\"'/\s]){re.escape(one.name)}[\"'@:]") if one.locked else None
        has = f"has {one.locked}" if one.locked else "lacks it"
        both = _spot(service, "package.json", asks), _beside(above, lock) + (f":{holds}" if holds else "")
        message = f"{both[0]} asks for {one.name} {one.asked}, but {both[1]} {has}"
        yield _contradiction(service, message, "package.json", asks, lock)


def _contradiction(service: Service, message: str, manifest: str, line: int | None, lock: str) -> Finding:
    place = Place(_file(service, manifest), line)
    return Finding(
        "H502", Severity.ERROR, message, place, f"Update the lock file with `{_AGAIN[lock]}`, and commit it."
    )


def _origin(blueprint: Blueprint, path: str) -> Place | None:
    """Where a value comes from that is not in the blueprint: `.python-version:1`."""
    origin = blueprint.origins.get(path)
    return origin.place if origin else None


def _name(name: str) -> str:
    """A pattern for a distribution's name as people write it."""
    return re.sub(r"[-_.]+", "[-_.]+", re.escape(name).replace("\\-", "-"))


def _line(packed: Sources, file: str, pattern: str) -> int | None:
    for number, line in enumerate((packed.text(file) or "").splitlines(), 1):
        if re.search(pattern, line):
            return number
    return None


def _spot(service: Service, file: str, line: int | None) -> str:
    return _file(service, file) + (f":{line}" if line else "")


def _file(service: Service, file: str) -> str:
    return _beside(service.path, file)


def _beside(folder: str, file: str) -> str:
    return PurePosixPath(folder, file).as_posix()
