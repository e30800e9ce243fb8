"""From a lock to the packages that a target gets: what is reached from the project, with markers evaluated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from hivemind.agents.compiler.python.locks.model import Lock, Package


@dataclass(frozen=True)
class Missing:
    """What the lock has no answer for. requirement: asked for. by: who asks, empty for the project itself.
    locked: versions of it that the lock holds."""

    requirement: Requirement
    by: str
    locked: tuple[str, ...]

    def __str__(self) -> str:
        held = f"has {self.requirement.name} {', '.join(self.locked)}" if self.locked else "lacks it"
        return f"{self.by or 'the project'} asks for {self.requirement}, but the lock file {held}"


def environment(python: str, machine: str) -> dict[str, str]:
    """The marker variables of a target. python: full version (`3.11.2`)."""
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": "linux",
        "extra": "",
    }


def resolve(
    lock: Lock, roots: Sequence[Requirement], target: Mapping[str, str]
) -> tuple[tuple[Package, ...], tuple[Missing, ...]]:
    """The packages for a target, by name, and what is asked for but not locked.

    roots: what the project asks for. target: marker variables. A flat lock gives all that is meant for the target.
    """
    if lock.flat:
        chosen = tuple(each for each in lock.packages if _holds(each.marker, target))
        return chosen, missing(roots, lock.packages, target)
    return _Walk(lock, target).run(roots)


def missing(
    roots: Iterable[Requirement], packages: Iterable[Package], target: Mapping[str, str]
) -> tuple[Missing, ...]:
    """The project's own requirements that no locked package fulfils."""
    held = defaultdict(list)
    for package in packages:
        held[package.name].append(package)
    found = []
    for root in roots:
        if applies(root, target):
            there = held[canonicalize_name(root.name)]
            if not any(fulfils(each, root) for each in there):
                found.append(Missing(root, "", tuple(each.version for each in there)))
    return tuple(found)


class _Walk:
    def __init__(self, lock: Lock, target: Mapping[str, str]) -> None:
        self.target = target
        self.held: dict[str, list[Package]] = defaultdict(list)
        for package in lock.packages:
            self.held[package.name].append(package)
        self.chosen: dict[str, Package] = {}
        self.missing: list[Missing] = []
        self.seen: set[tuple[str, str]] = set()

    def run(self, roots: Sequence[Requirement]) -> tuple[tuple[Package, ...], tuple[Missing, ...]]:
        waiting = [(root, "", frozenset[str]()) for root in roots]
        while waiting:
            requirement, by, extras = waiting.pop()
            if not applies(requirement, self.target, extras):
                continue
            package = self._package(requirement)
            if package is None:
                there = self.held[canonicalize_name(requirement.name)]
                self.missing.append(Missing(requirement, by, tuple(each.version for each in there)))
                continue
            self.chosen[package.name] = package
            wanted = frozenset(requirement.extras)
            for extra in ("", *sorted(wanted)):
                if (package.name, extra) in self.seen:
                    continue
                self.seen.add((package.name, extra))
                more = _extra(package, extra) if extra else package.dependencies
                waiting += [
                    (each, f"{package.name} {package.version}", frozenset({extra}) if extra else frozenset())
                    for each in more
                ]
        return tuple(self.chosen[name] for name in sorted(self.chosen)), tuple(self.missing)

    def _package(self, requirement: Requirement) -> Package | None:
        name = canonicalize_name(requirement.name)
        fitting = [
            each
            for each in self.held[name]
            if fulfils(each, requirement) and _holds(each.marker, self.target) and _allows(each, self.target)
        ]
        if not fitting:
            # Poetry writes markers that hold only together with those of whoever asks.
            fitting = [each for each in self.held[name] if fulfils(each, requirement) and _allows(each, self.target)]
        return max(fitting, key=lambda each: _version(each.version), default=None)


def applies(requirement: Requirement, target: Mapping[str, str], extras: Iterable[str] = ()) -> bool:
    """Whether a requirement is meant for a target, alone or with one of these extras."""
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({**target, "extra": extra}) for extra in ("", *extras))


def fulfils(package: Package, requirement: Requirement) -> bool:
    """Whether a locked package is what a requirement asks for; those that come from no index are by name."""
    if package.direct or package.folder or requirement.url or not requirement.specifier:
        return True
    return requirement.specifier.contains(package.version, prereleases=True)


def _extra(package: Package, extra: str) -> tuple[Requirement, ...]:
    wanted = canonicalize_name(extra)
    return next((more for name, more in package.extras.items() if canonicalize_name(name) == wanted), ())


def _holds(marker: str | None, target: Mapping[str, str]) -> bool:
    if not marker:
        return True
    try:
        return Marker(marker).evaluate(dict(target))
    except (InvalidMarker, UndefinedEnvironmentName):
        return True


def _allows(package: Package, target: Mapping[str, str]) -> bool:
    if not package.requires_python or package.requires_python == "*":
        return True
    try:
        return SpecifierSet(package.requires_python).contains(target["python_full_version"], prereleases=True)
    except InvalidSpecifier:
        return True


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")
