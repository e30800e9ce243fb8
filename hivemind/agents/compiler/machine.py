"""What this machine lacks to build a service, found before anything begins: programs, and versions of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from hivemind.agents.compiler.environment import clean
from hivemind.agents.compiler.languages import tools
from hivemind.agents.compiler.languages.owntools import OWN_TOOLS
from hivemind.agents.compiler.python import interpreters
from hivemind.agents.compiler.python.interpreters import LOCAL
from hivemind.agents.compiler.python.pip import installer
from hivemind.agents.compiler.remote import toolchain
from hivemind.agents.compiler.sources import Sources
from hivemind.artifact import Platform
from hivemind.blueprint.model import Blueprint, Service, ServiceKind
from hivemind.errors import StageError
from hivemind.findings import Finding, Place, Severity

_JDK = {"java", "kotlin", "scala", "clojure"}


def programs(blueprint: Blueprint, service: Service, packed: Sources, platform: Platform) -> Iterator[Finding]:
    """H503 for each thing that is missing, at the file that asks for it, with the way to get it.

    Of a build instance it is known what its distribution has; in the local cloud this machine stands in for it.
    """
    if service.build_on and platform.os != LOCAL:
        for what, instead in toolchain.unobtainable(service, packed, platform.os):
            message = f"the build instance of {service.name} needs {what}"
            hint = f"{instead}; or build here, where it can be installed, without  where: remote"
            yield _lacks(message, _evidence(blueprint, service), hint, f"services.{service.name}.build")
        return
    missing = tools.absent(service, packed)
    path = f"services.{service.name}.runtime"
    if missing:
        names = " and ".join(missing)
        hint = "; ".join(dict.fromkeys(f"{name}: {tools.GET[name]}" for name in missing))
        if (service.runtime or "").split(" ")[0] in OWN_TOOLS:
            hint += ". Or say how it is built with what is here:  runtime: shell, build: COMMAND, start: COMMAND"
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
        if not rust_target(triple):
            message = f"building {service.name} for {platform.os} needs Rust's target {triple} on this machine"
            yield _lacks(message, None, f"rustup target add {triple}", path)


def rust_target(triple: str) -> bool:
    """Whether the Rust of this machine compiles for a target."""
    said = _says(["rustc", "--print", "target-libdir", "--target", triple])
    return said is not None and Path(said.strip()).is_dir()


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
        message = f"`{service.build}` of {service.name} needs Python {chosen.minor}, and this machine has none"
        hint = f'apt install python{chosen.minor} where Debian has it, pyenv or uv; or build nothing:  build: "true"'
        yield _lacks(message, None, hint, f"{path}.build")


def _java(service: Service, packed: Sources) -> Iterator[Finding]:
    """A JDK of at least the major that the sources are written for, and wrappers that are whole."""
    wrapper, jar = "gradlew", "gradle/wrapper/gradle-wrapper.jar"
    if wrapper in packed.files and jar not in packed.files and wrapper in (service.build or wrapper):
        message = f"{_file(service, wrapper)} needs {jar}, which is not among the packed files"
        hint = f"commit it; where .gitignore has  *.jar , add the line  !{jar}"
        yield _lacks(message, Place(_file(service, wrapper)), hint, f"services.{service.name}.build")
    wanted = re.match(r"java (?:1\.)?(\d+)", service.runtime or "")
    said = _says(["javac", "-version"])
    has = re.search(r"(\d+)(?:\.(\d+))?", said or "")
    if wanted and has:
        major = int(has[2]) if has[1] == "1" and has[2] else int(has[1])
        if major < int(wanted[1]):
            message = f"building {service.name} needs a JDK {wanted[1]}, this machine has {major}"
            hint = f"apt install openjdk-{wanted[1]}-jdk-headless where Debian has it, or  runtime: java {major}"
            yield _lacks(message, None, hint, f"services.{service.name}.runtime")


def _go(service: Service, packed: Sources) -> Iterator[Finding]:
    """A Go of at least the version in go.mod; before 1.21 Go tries, and says so when it fails."""
    for number, line in enumerate((packed.text("go.mod") or "").splitlines(), 1):
        if asked := re.match(r"go (\d+)\.(\d+)", line):
            has = re.search(r"go(\d+)\.(\d+)", _says(["go", "version"]) or "")
            if has and (int(has[1]), int(has[2])) < (int(asked[1]), int(asked[2])):
                message = (
                    f"{_file(service, 'go.mod')}:{number} asks for Go {asked[1]}.{asked[2]}, "
                    f"this machine has {has[1]}.{has[2]}"
                )
                hint = "the archive of the Go project has the newest"
                place = Place(_file(service, "go.mod"), number)
                yield _lacks(message, place, hint, f"services.{service.name}.runtime")


def _evidence(blueprint: Blueprint, service: Service) -> Place | None:
    """Where a service's language stands, unless the blueprint itself says it."""
    origin = blueprint.origins.get(f"services.{service.name}.runtime")
    match = re.match(r"([^\s:]+)(?::(\d+))?", origin.evidence) if origin and origin.kind == "recon" else None
    return Place(match[1], int(match[2]) if match[2] else None) if match else None


def _lacks(message: str, place: Place | None, hint: str | None, path: str) -> Finding:
    return Finding("H503", Severity.ERROR, message, place, hint, path=path)


def _says(command: list[str]) -> str | None:
    """A program's answer; None where it has none."""
    program = shutil.which(command[0])
    try:
        done = subprocess.run(
            [program or command[0], *command[1:]], capture_output=True, text=True, timeout=60, check=False, env=clean()
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout + done.stderr if done.returncode == 0 else None


def _file(service: Service, file: str) -> str:
    return PurePosixPath(service.path, file).as_posix()
