"""What this machine lacks to build a service, found before anything begins: programs, and versions of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from hivemind.agents.compiler.languages import tools
from hivemind.agents.compiler.languages.by_their_own_tools import OWN_TOOLS
from hivemind.agents.compiler.python import interpreters
from hivemind.agents.compiler.python.pip import installer
from hivemind.agents.compiler.remote import toolchain
from hivemind.blueprint.model import Blueprint, Service, ServiceKind
from hivemind.builds.clean_environment import clean
from hivemind.builds.sources import Sources
from hivemind.machine.programs import answer
from hivemind.values.artifact import LOCAL, Platform
from hivemind.values.errors import StageError
from hivemind.values.findings import Finding, Place, Severity

_JDK = {"java", "kotlin", "scala", "clojure"}


def programs(blueprint: Blueprint, service: Service, packed: Sources, platform: Platform) -> Iterator[Finding]:
    """H503 for each thing that is missing, at the file that asks for it, with the way to get it.

    Of a build instance it is known what its distribution has; in the local cloud this machine stands in for it.
    """
    if service.build_on and platform.os != LOCAL:
        for what, instead in toolchain.unobtainable(service, packed, platform.os):
            message = f"the build instance of {service.name} needs {what}"
            hint = f"{instead} Or install it on this machine, and build without `where: remote`."
            yield _lacks(message, _evidence(blueprint, service), hint, f"services.{service.name}.build")
        return
    missing = tools.absent(service, packed)
    path = f"services.{service.name}.runtime"
    if missing:
        names = " and ".join(missing)
        hint = " ".join(map(tools.how_to_get, missing))
        if (service.runtime or "").split(" ")[0] in OWN_TOOLS:
            hint += " Or build with other programs: `runtime: shell`, `build: COMMAND`, `start: COMMAND`."
        if platform.os != LOCAL and not any(toolchain.unobtainable(service, packed, platform.os)):
            written = blueprint.origins.get(f"services.{service.name}.build")
            form = "{where: remote, run: COMMAND}" if written and written.kind == "blueprint" else "remote"
            hint += f" Or build on a build instance: `build: {form}`."
        message = f"building {service.name} needs {names} on this machine"
        yield _lacks(message, _evidence(blueprint, service), hint, path)
    language = (service.runtime or "").split(" ")[0]
    if language == "python" or service.kind is ServiceKind.STATIC:
        yield from _python(service, platform)
    elif language in _JDK:
        yield from _java(service, packed)
    elif language == "go" and "go" not in missing:
        yield from _go(service, packed)
    elif language == "rust" and "cargo" not in missing and platform.os != LOCAL:
        triple = f"{platform.machine}-unknown-linux-musl"
        if not tools.rust_target(triple):
            message = f"building {service.name} for {platform.os} needs Rust's target {triple} on this machine"
            yield _lacks(message, None, f"Add it with `rustup target add {triple}`.", path)


def _python(service: Service, platform: Platform) -> Iterator[Finding]:
    """pip or uv, and the interpreter that the build command runs on."""
    path = f"services.{service.name}"
    try:
        chosen = interpreters.choose(service, platform)
    except StageError:
        return  # said as H501
    try:
        installer(service.name, chosen, platform)
    except StageError as error:
        yield _lacks(error.message, None, error.hint, f"{path}.runtime")
    if service.kind is ServiceKind.STATIC or not service.build:
        return
    if interpreters.find(chosen.minor, chosen.command if platform.os == LOCAL else None) is None:
        message = f"`{service.build}` of {service.name} needs Python {chosen.minor}, which this machine lacks"
        hint = f'Install it with `apt install python{chosen.minor}`, pyenv or uv. Or build nothing: `build: "true"`.'
        yield _lacks(message, None, hint, f"{path}.build")


def _java(service: Service, packed: Sources) -> Iterator[Finding]:
    """A JDK of at least the major that the sources are written for, and wrappers that are whole."""
    wrapper, jar = "gradlew", "gradle/wrapper/gradle-wrapper.jar"
    if wrapper in packed.files and jar not in packed.files and wrapper in (service.build or wrapper):
        message = f"{_file(service, wrapper)} needs {jar}, which is not among the packed files"
        hint = f"Commit the file. If .gitignore contains `*.jar`, add the line `!{jar}`."
        yield _lacks(message, Place(_file(service, wrapper)), hint, f"services.{service.name}.build")
    wanted = re.match(r"java (?:1\.)?(\d+)", service.runtime or "")
    said = _asked(["javac", "-version"])
    has = re.search(r"(\d+)(?:\.(\d+))?", said or "")
    if wanted and has:
        major = int(has[2]) if has[1] == "1" and has[2] else int(has[1])
        if major < int(wanted[1]):
            message = f"building {service.name} needs JDK {wanted[1]}, but this machine has JDK {major}"
            hint = f"Install it with `apt install openjdk-{wanted[1]}-jdk-headless`, or write `runtime: java {major}`."
            yield _lacks(message, None, hint, f"services.{service.name}.runtime")


def _go(service: Service, packed: Sources) -> Iterator[Finding]:
    """A Go of at least the version in go.mod. Before 1.21 Go tries what it can read, and mostly succeeds."""
    for number, line in enumerate((packed.text("go.mod") or "").splitlines(), 1):
        asked = re.match(r"go (\d+)\.(\d+)(?:\.(\d+))?", line)
        has = re.search(r"go(\d+)\.(\d+)(?:\.(\d+))?", _asked(["go", "version"]) or "") if asked else None
        if asked and has and _numbers(has) < _numbers(asked):
            stops = (
                _numbers(has) >= toolchain.STRICT_GO
                or _asked(["go", "mod", "edit", "-json", str(packed.root / "go.mod")]) is None
            )
            message = (
                f"{_file(service, 'go.mod')}:{number} asks for Go {_dotted(asked)}, but this machine has {_dotted(has)}"
            )
            hint = "The archive of the Go project has the newest version."
            if not stops:
                hint = f"The installed version may be enough: the build shows it. {hint}"
            place = Place(_file(service, "go.mod"), number)
            finding = _lacks(message, place, hint, f"services.{service.name}.runtime")
            yield finding if stops else replace(finding, severity=Severity.WARNING)


def _dotted(version: re.Match[str]) -> str:
    return ".".join(each for each in version.groups() if each)


def _numbers(version: re.Match[str]) -> tuple[int, ...]:
    return tuple(int(each or 0) for each in version.groups())


def _evidence(blueprint: Blueprint, service: Service) -> Place | None:
    """Where a service's language stands, unless the blueprint itself says it."""
    origin = blueprint.origins.get(f"services.{service.name}.runtime")
    match = re.match(r"([^\s:]+)(?::(\d+))?", origin.evidence) if origin and origin.kind == "recon" else None
    return Place(match[1], int(match[2]) if match[2] else None) if match else None


def _lacks(message: str, place: Place | None, hint: str | None, path: str) -> Finding:
    return Finding("H503", Severity.ERROR, message, place, hint, path=path)


def _asked(command: list[str]) -> str | None:
    """What a tool of this machine says of itself, in the environment that builds have."""
    return answer(command, env=clean(GOTOOLCHAIN="local"), seconds=60)


def _file(service: Service, file: str) -> str:
    return PurePosixPath(service.path, file).as_posix()
