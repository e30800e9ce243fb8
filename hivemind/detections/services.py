"""Which folders of a repository hold services."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from hivemind.detections.answer import Answer, answer
from hivemind.detections.detection import LIKELY, Detection, best
from hivemind.repositories.repository import Repository

MANIFESTS = frozenset(
    {"package.json", "requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "Procfile", "index.html", "manage.py",
     "go.mod", "Gemfile", "pom.xml", "build.gradle", "build.gradle.kts", "build.sbt", "composer.json", "Cargo.toml",
     "mix.exs", "gleam.toml", "deno.json", "deno.jsonc", "project.clj", "deps.edn", "Dockerfile", "environment.yml"}
)  # fmt: skip
_PROGRAMS = frozenset(
    {"gems.rb", "config.ru", "index.php", "main.go", "app.py", "main.py", "server.py", "server.js", "Containerfile",
     "build.boot", "settings.gradle", "settings.gradle.kts", "Package.swift", "shard.yml", "pubspec.yaml", "build.zig",
     "start.sh", "bun.lock", "deno.lock"}
)  # fmt: skip
"""Programs without a manifest, looked for where the root serves nothing: below something that serves they are its."""
_PROJECTS = (".csproj", ".fsproj", ".vbproj", ".runtimeconfig.json")
_MOST = 40
_NEAR, _DEEPEST = 2, 6
"""How deep folders are looked at: those of most repositories, and those of any."""
PAGES = ("public", "dist", "build", "_site", "site", "www", "html")
"""Folders that hold the pages of what lies around them."""
_ASIDE = frozenset(
    {"docs", "doc", "test", "tests", "examples", "example", "e2e", "spec", "fixtures", "testdata", "samples", "demo",
     "demos", "benchmarks", "scripts", "tools", "vendor", "node_modules", "template", "templates", "website",
     "playground"}
)  # fmt: skip

Detect = Callable[[str], Sequence[Detection]]


def services(repository: Repository, detect: Detect) -> dict[str, Answer]:
    """Folder -> answer, for the root where it serves something, else for the folders below that do.

    detect: all detections of a folder. Empty where nothing serves; then `detect(".")` says what the root is.
    """
    said = detect(".")
    root = answer(said)
    return {".": root} if root.serves else _inside(said, detect) or _below(repository, detect, MANIFESTS | _PROGRAMS)


def applications(repository: Repository, detect: Detect) -> dict[str, Answer]:
    """Folder -> answer, for everything in the repository that runs or is served, the root among it."""
    said = detect(".")
    root = answer(said)
    if not root.serves:
        return _inside(said, detect) or _below(repository, detect, MANIFESTS | _PROGRAMS)
    below = _below(repository, detect, MANIFESTS)
    # Pages without a build of their own, below something that serves, are that thing's pages; and what the root's own
    # start command goes to is the root's.
    entered = re.match(r"cd\s+([\w./-]+)\s*&&", str(root.value("start")))
    own = posixpath.normpath(entered[1]) if entered else None
    others = {folder: seen for folder, seen in below.items() if seen.value("language") != "static" and folder != own}
    return {".": root, **others}


def meant(root: Answer, found: Mapping[str, Answer]) -> tuple[str, Answer]:
    """Folder and answer of the application that a repository is: the top, or where that says nothing at all the only
    application below it. found: as `applications` has them."""
    if "language" not in root.one and root.stated is None and len(found) == 1 and "." not in found:
        return next(iter(found.items()))
    return ".", root


def clashes(found: Mapping[str, Answer]) -> Iterator[tuple[str, str]]:
    """Folder and sentence of each web service that names the port of another, for production or in code."""
    taken: dict[object, tuple[str, str]] = {}
    for folder, seen in found.items():
        port = seen.one.get("port")
        if port is None or seen.value("kind") != "web" or port.confidence <= LIKELY + 0.1:
            continue
        if port.value in taken:
            other, evidence = taken[port.value]
            yield folder, f"{port.evidence}: {folder} listens on port {port.value}, and so does {other} ({evidence})"
        taken.setdefault(port.value, (folder, port.evidence))


def _inside(said: Sequence[Detection], detect: Detect) -> dict[str, Answer]:
    """The folder that the root says is the whole application, whatever it is called, if it serves."""
    inside = best(said, "within")
    seen = answer(detect(str(inside.value))) if inside else None
    return {str(inside.value): seen} if inside and seen and seen.serves else {}


def _below(repository: Repository, detect: Detect, names: frozenset[str]) -> dict[str, Answer]:
    """In folders at most two deep; in deeper ones where those hold nothing that serves."""
    folders = sorted(
        {
            folder
            for file in repository.files
            for folder, name in [_holder(file)]
            if (name in names or name.endswith(_PROJECTS))
            and folder and folder.count("/") < _DEEPEST and not folder.startswith(".")
        },
        key=lambda folder: (folder.count("/"), folder),
    )  # fmt: skip
    near = [folder for folder in folders if folder.count("/") < _NEAR]
    return _serving(near, detect) or _serving([folder for folder in folders if folder not in near], detect)


def _serving(folders: Sequence[str], detect: Detect) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for folder in [each for each in folders if not _ASIDE.intersection(each.split("/"))][:_MOST]:
        if any(folder.startswith(f"{parent}/") for parent in found):
            continue
        seen = answer(detect(folder))
        if seen.serves:
            found[folder] = seen
    return found


def _holder(file: str) -> tuple[str, str]:
    """The folder that a manifest speaks for, and the manifest's name: pages in `site/public` speak for `site`."""
    folder, _, name = file.rpartition("/")
    parent, _, last = folder.rpartition("/")
    return (parent, name) if name == "index.html" and last in PAGES else (folder, name)
