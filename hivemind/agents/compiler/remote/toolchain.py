"""What is installed on a build instance before it builds: packages of its distribution, by the programs that a build
takes. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hivemind.agents.compiler.languages import tools
from hivemind.blueprint.model import Service
from hivemind.builds.sources import Sources


@dataclass(frozen=True)
class System:
    """A distribution. python: the interpreter that runs the compiler, 3.11 or later. refresh, install: shell commands;
    names of packages follow the second. always: packages of every build. packages: program -> those that bring it.
    jdks: major -> package. go: newest version, None where it grows with the distribution."""

    python: str
    refresh: str
    install: str
    always: tuple[str, ...]
    packages: Mapping[str, tuple[str, ...]]
    jdks: Mapping[int, str]
    go: tuple[int, int] | None = None


STRICT_GO = (1, 21)
"""The first Go that builds nothing for a newer one than itself (Go's documentation, "Go Toolchains")."""
_EVERYWHERE = {name: (name,) for name in ("cmake", "curl", "git", "make", "meson", "wget")}
_C = {"gcc": ("gcc",), "g++": ("g++",)}
_NODE = dict.fromkeys(("node", "npm", "npx"), ("nodejs", "npm"))
_APT = {
    **_EVERYWHERE, **_C, **_NODE,
    "go": ("golang-go",), "cargo": ("cargo",), "mvn": ("maven",), "gradle": ("gradle",), "ruby": ("ruby-full",),
    "bundle": ("ruby-bundler",), "php": ("php-cli",), "composer": ("composer",), "lein": ("leiningen",),
    "mix": ("elixir", "erlang"), "erl": ("erlang",), "stack": ("haskell-stack",), "cabal": ("cabal-install", "ghc"),
    "opam": ("opam",), "dune": ("ocaml-dune", "ocaml"), "nimble": ("nim",), "cobc": ("gnucobol",),
    "cpanm": ("cpanminus",), "hugo": ("hugo",), "jekyll": ("jekyll",), "pandoc": ("pandoc",),
}  # fmt: skip
_DNF = {
    **_EVERYWHERE, "curl": (), "gcc": ("gcc",), "g++": ("gcc-c++",), **_NODE,
    "go": ("golang",), "cargo": ("cargo",), "mvn": ("maven",), "ruby": ("ruby3.2", "ruby3.2-devel"),
    "bundle": ("ruby3.2-rubygem-bundler",), "php": ("php-cli",), "cpanm": ("perl-App-cpanminus",),
}  # fmt: skip
"""Stock images have curl out of `curl-minimal`, which the package `curl` does not go with."""
_APT_GET = "DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300"


def _debian(python: str, jdks: tuple[int, ...], go: tuple[int, int], *, without: tuple[str, ...] = ()) -> System:
    return System(
        python,
        f"{_APT_GET} update",
        f"{_APT_GET} -y --no-install-recommends install",
        ("python3-pip", "python3-venv", "python3-dev", "build-essential", "git", "ca-certificates"),
        MappingProxyType({program: names for program, names in _APT.items() if program not in without}),
        MappingProxyType({major: f"openjdk-{major}-jdk-headless" for major in jdks}),
        go,
    )


SYSTEMS: Mapping[str, System] = MappingProxyType(
    {
        "debian-12": _debian("python3", (17,), (1, 19)),
        "debian-13": _debian("python3", (21, 25), (1, 24), without=("nimble",)),
        "ubuntu-24.04": _debian("python3", (8, 11, 17, 21), (1, 22)),
        "amazon-linux-2023": System(
            "python3.11",
            "true",
            "dnf -q -y install",
            ("python3.11", "python3.11-pip", "python3-devel", "gcc", "gcc-c++", "make", "git", "tar"),
            MappingProxyType(_DNF),
            MappingProxyType({major: f"java-{major}-amazon-corretto-devel" for major in (11, 17, 21)}),
        ),
    }
)
"""Operating system -> what its distribution has. The names of both Debians were looked up in their indexes (Debian 13
has no Nim); those of Ubuntu and Amazon Linux are known from use and were not looked up."""
_USUAL_JDK = 17


def python_of(os: str) -> str:
    """The interpreter that runs the compiler on an operating system; in the local cloud the instances' own."""
    return SYSTEMS[os].python if os in SYSTEMS else "python3"


def packages(service: Service, packed: Sources, os: str) -> tuple[str, ...]:
    """What to install on an instance of a system for a build; nothing in the local cloud, where what this machine has
    stands in."""
    system = SYSTEMS.get(os)
    if system is None:
        return ()
    found = [*system.always]
    for program in tools.needed(service, packed, perhaps=True):
        if program == "javac":
            found += filter(None, [_jdk(service, system)])
        else:
            found += system.packages.get(program, ())
    return tuple(dict.fromkeys(found))


def command(names: tuple[str, ...], os: str) -> str:
    """The shell command, for root, that installs packages once the first boot is through."""
    system = SYSTEMS[os]
    booted = "if command -v cloud-init >/dev/null; then cloud-init status --wait >/dev/null || true; fi"
    return f"{{ {booted}; {system.refresh} && {system.install} {shlex.join(names)}; }} 2>&1"


def unobtainable(service: Service, packed: Sources, os: str) -> Iterator[tuple[str, str]]:
    """What a build takes and the distribution has no package for, each as (what, what to do)."""
    system = SYSTEMS.get(os)
    if system is None:
        return
    for program in tools.needed(service, packed):
        if program == "javac":
            if _jdk(service, system) is None:
                newest = max(system.jdks)
                yield f"JDK {_major(service)}, but the newest on {os} is {newest}", f"Write `runtime: java {newest}`."
        elif program not in system.packages:
            yield f"{program}, which {os} does not package", "Choose another `os`, which may have it."
    if system.go:
        for number, line in enumerate((packed.text("go.mod") or "").splitlines(), 1):
            asked = re.match(r"go (\d+)\.(\d+)(\.\d+)?", line)
            # Before that, Go can't read a third number, and tries everything else.
            stops = asked and (system.go >= STRICT_GO or asked[3])
            if asked and stops and (int(asked[1]), int(asked[2])) > system.go:
                has = ".".join(map(str, system.go))
                yield (
                    f"Go {asked[0].removeprefix('go ')} (go.mod:{number}), but {os} has {has}",
                    "Choose another `os`, which may have it.",
                )


def _jdk(service: Service, system: System) -> str | None:
    """The package of the oldest JDK that is new enough."""
    fitting = [major for major in system.jdks if major >= (_major(service) or _USUAL_JDK)]
    return system.jdks[min(fitting)] if fitting else None


def _major(service: Service) -> int | None:
    wanted = re.match(r"\w+ (?:1\.)?(\d+)", service.runtime or "")
    return int(wanted[1]) if wanted else None
