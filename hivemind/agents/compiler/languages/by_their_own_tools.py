"""Languages whose own tools make something that runs by itself: .NET, Elixir, Gleam, Swift, Zig and others."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from hivemind.agents.compiler.languages import tools
from hivemind.agents.compiler.node.runtime import point
from hivemind.agents.compiler.node.tools import MACHINES
from hivemind.blueprint.model import Service
from hivemind.builds.commands import started
from hivemind.builds.custom import run_build, run_install
from hivemind.builds.shellwords import named
from hivemind.values.artifact import LOCAL, Platform
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.builds.work import Work

EMPTY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Tool:
    """How one of them is built and run.

    env: of install and build. caches: variable -> name of a folder in the store for what is downloaded. then:
    environment of the application. waste: what builds leave and nothing runs. runs_on: a program that what is built
    needs on the instance, None where it needs none. instead: what to write so that it needs none.
    """

    env: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    caches: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    then: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    waste: tuple[str, ...] = ()
    runs_on: str | None = None
    instead: str | None = None


_RELEASE = (
    "Build a release, which contains Erlang: `build: mix release --overwrite`, "
    "`start: _build/prod/rel/NAME/bin/NAME start`. NAME is the application's name in mix.exs."
)
OWN_TOOLS: Mapping[str, Tool] = MappingProxyType(
    {
        "dotnet": Tool(
            {"DOTNET_CLI_TELEMETRY_OPTOUT": "1", "DOTNET_NOLOGO": "1"},
            {"NUGET_PACKAGES": "nuget", "DOTNET_CLI_HOME": "dotnet"},
            # Stock images have no ICU, and without it .NET ends at once unless it is told.
            {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "ASPNETCORE_ENVIRONMENT": "Production"},
            ("obj", "bin"),
        ),
        "elixir": Tool(
            {"MIX_ENV": "prod"},
            {"MIX_HOME": "mix", "HEX_HOME": "hex"},
            {"MIX_ENV": "prod", "PHX_SERVER": "true"},
            ("deps",),
            None,
            _RELEASE,
        ),
        "gleam": Tool(runs_on="erl"),
        "swift": Tool(waste=(".build/*/release/*.build", ".build/checkouts")),
        "zig": Tool(waste=(".zig-cache", "zig-cache")),
        "dart": Tool(waste=(".dart_tool",)),
        "crystal": Tool(),
        "haskell": Tool(waste=(".stack-work", "dist-newstyle")),
        "ocaml": Tool(),
        "nim": Tool(waste=("nimcache",)),
        "cpp": Tool(),
        "cobol": Tool(),
    }
)
"""Word of `runtime` -> how it is built. Commands are the service's own, or those that Recon knows as usual."""
_STARTERS = ("mix", "elixir", "iex", "erl", "gleam", "dotnet", "swift", "dart")
"""Programs that a start command may name, and that no artifact carries."""


def build(work: Work) -> None:
    """Runs the install and build commands and packs what is there then. Raises StageError(BUILD)."""
    service = work.service
    start = started(service, "COMMAND")
    said = lacking(service, work.platform)
    if said:
        raise StageError(Stage.BUILD, said[0], subject=service.name, hint=said[1])
    tools.require(service, work.sources)
    language = (service.runtime or "").split(" ")[0]
    tool = OWN_TOOLS[language]
    env = {**tool.env, **{name: str(work.store.cache(folder)) for name, folder in tool.caches.items()}}
    if language == "elixir" and "mix.lock" in work.sources.files:
        run_install(work, "mix local.hex --force --if-missing && mix local.rebar --force --if-missing", **env)
    if service.install:
        run_install(work, service.install, **env)
    run_build(work, command=_alone(service.build, work.platform), **env)
    for pattern in (*tool.waste, *(("_build/*/lib",) if "_build/prod/rel/" in start else ())):
        for path in work.app.glob(pattern):
            if not any(f"{path.relative_to(work.app).as_posix()}/" in f"{file}/" for file in work.sources.files):
                shutil.rmtree(path, ignore_errors=True)
    program = _needed(service)
    if program and (path_of := shutil.which(program)):
        point(work, program, path_of)
        work.path = ["runtime/bin"]
    if not work.platform.native and language != "dotnet":
        work.notices.append(
            f"{language} is built with this machine's system libraries; {work.platform.os} needs the same ones"
        )
    work.runtime = service.runtime or language
    work.env = dict(tool.then)


def lacking(service: Service, platform: Platform) -> tuple[str, str] | None:
    """What the instance lacks to run it, and what to write instead; None where all is well."""
    language = (service.runtime or "").split(" ")[0]
    program = _needed(service)
    if program is None or (platform.os == LOCAL and shutil.which(program)):
        return None
    where = "this machine" if platform.os == LOCAL else platform.os
    get = tools.how_to_get(program) if platform.os == LOCAL and program in tools.GET else None
    other = (
        OWN_TOOLS[language].instead or "Write a `build` whose result needs no other program, and its path as `start`."
    )
    return f"the start command of {service.name} runs {program}, which {where} does not have", get or other


def _needed(service: Service) -> str | None:
    """The program that the instance must have."""
    first = next(named((service.start or "").rpartition("&&")[2]), None)
    if first in _STARTERS:
        return first
    return OWN_TOOLS[(service.runtime or "").split(" ")[0]].runs_on


def _alone(command: str | None, platform: Platform) -> str | None:
    """`dotnet publish` for the target's processor, the runtime included: no image has one."""
    if command is None or "--self-contained" in command or "--no-self-contained" in command:
        return command
    machine = MACHINES.get(platform.machine, platform.machine)
    return re.sub(r"\bdotnet publish\b", f"dotnet publish --runtime linux-{machine} --self-contained", command)
