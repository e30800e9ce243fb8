"""Perl applications: what starts them, on which port, and how they are built."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import PurePosixPath

from hivemind import (
    Artifact,
    Blueprint,
    BuildPlace,
    Detection,
    Finding,
    Place,
    Precedence,
    Repository,
    Service,
    Severity,
    build_with_commands,
    hook,
)

LANGUAGE = "perl"
MODULES = "local/lib/perl5"
PROGRAMS = ("app.pl", "server.pl", "main.pl")
FRAMEWORKS = {"Mojolicious": "mojolicious", "Dancer2": "dancer2", "Plack": "plack", "HTTP::Daemon": "http-daemon"}
_USES = re.compile(r"^\s*use\s+(?:base\s+|parent\s+)?['\"]?([A-Z]\w*(?:::\w+)*)", re.MULTILINE)
_LISTENS = re.compile(r"\bListen\s*=>|->new\([^)]*LocalPort|\bapp->start\b|\bHTTP::Daemon\b")
_PORT = re.compile(r"\bENV\{['\"]?PORT['\"]?\}\s*(?://|\|\|)\s*['\"]?(\d{2,5})|LocalPort\s*=>\s*(\d{2,5})")
_HEALTH = re.compile(r"['\"](/(?:health|healthz|up|ping|status))['\"]")


@dataclass(frozen=True)
class Program:
    """file: relative to the service's folder. start: its command. framework: by what it uses, if that is known."""

    file: str
    start: str
    framework: str | None


@hook
def hivemind_detect(repository: Repository, path: str) -> tuple[Detection, ...]:
    """A Perl application in folder `path`, if there is one."""
    files = set(repository.under(path))
    program = _program(repository, path, files)
    if program is None:
        return ()
    text = repository.text(_inside(path, program.file)) or ""
    values: list[tuple[str, str | int, Precedence, float, re.Match[str] | None]] = [
        ("language", LANGUAGE, Precedence.CODE, 0.95, None),
        ("kind", "web", Precedence.CODE, 0.9, None),
        ("start", program.start, Precedence.CODE, 0.9, None),
    ]
    if program.framework:
        values.append(("framework", program.framework, Precedence.CODE, 0.9, _USES.search(text)))
    if "cpanfile" in files:
        values.append(("package_manager", "cpanm", Precedence.DECLARED, 1.0, None))
    if match := _PORT.search(text):
        values.append(("port", int(match[1] or match[2]), Precedence.CODE, 0.9, match))
    if match := _HEALTH.search(text):
        values.append(("health_path", match[1], Precedence.CODE, 0.8, match))
    where = _inside(path, program.file)
    return tuple(
        Detection(field, value, where, _line(text, match), precedence, sure, None, LANGUAGE)
        for field, value, precedence, sure, match in values
    )


@hook
def hivemind_runtimes() -> tuple[str, ...]:
    """Perl."""
    return (LANGUAGE,)


@hook
def hivemind_review(blueprint: Blueprint, repository: Repository) -> tuple[Finding, ...]:
    """A `cpanm` that this machine lacks and a build takes; a build instance gets it from its distribution."""
    if shutil.which("cpanm"):
        return ()
    return tuple(
        Finding(
            "PERL1",
            Severity.ERROR,
            f"building {service.name} needs cpanm on this machine",
            Place(_inside(service.path, "cpanfile"), 1),
            "Install cpanm: `apt install cpanminus` on Debian. Or build on a build instance: `build: remote`.",
            path=f"services.{service.name}.runtime",
        )
        for service in blueprint.services.values()
        if service.language == LANGUAGE and not (service.build_on or service.install)
        if repository.has(_inside(service.path, "cpanfile"))
    )


@hook
def hivemind_build(service: Service, repository: Repository, place: BuildPlace) -> Artifact | None:
    """Services whose runtime is Perl: the modules that they ask for go into `local/`, and nothing is compiled."""
    if service.language != LANGUAGE:
        return None
    asks = repository.has(_inside(service.path, "cpanfile"))
    install = "cpanm --quiet --notest -L local --installdeps ." if asks else None
    return build_with_commands(service, repository, place, install=install)


def _program(repository: Repository, path: str, files: set[str]) -> Program | None:
    if "app.psgi" in files:
        return Program("app.psgi", f"perl -I{MODULES} -Ilib -S plackup -o 0.0.0.0 -p $PORT app.psgi", "plack")
    scripts = sorted(file for file in files if re.fullmatch(r"script/[\w-]+", file))
    for file in (*PROGRAMS, *scripts):
        text = repository.text(_inside(path, file)) if file in files else None
        if text is None:
            continue
        used = {name.partition("::")[0] for name in _USES.findall(text)} | set(_USES.findall(text))
        framework = next((name for module, name in FRAMEWORKS.items() if module in used), None)
        if framework == "mojolicious":
            return Program(file, f"perl -I{MODULES} -Ilib {file} daemon -m production -l http://*:$PORT", framework)
        if framework or _LISTENS.search(text):
            return Program(file, f"perl -I{MODULES} -Ilib {file}", framework)
    return None


def _inside(path: str, file: str) -> str:
    return (PurePosixPath(path) / file).as_posix()


def _line(text: str, match: re.Match[str] | None) -> int | None:
    return text.count("\n", 0, match.start()) + 1 if match else None
