"""One build, from sources to an artifact in the store."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from hivemind.agents.compiler import pack, sources
from hivemind.agents.compiler.commands import executable
from hivemind.agents.compiler.languages.owntools import OWN_TOOLS
from hivemind.agents.compiler.programs import Programs
from hivemind.agents.compiler.sandbox import sandbox
from hivemind.agents.compiler.sources import Sources
from hivemind.agents.compiler.store import Store
from hivemind.artifact import Artifact, Layer, Platform, Provenance
from hivemind.blueprint.model import Service, ServiceKind
from hivemind.clock import SYSTEM_CLOCK
from hivemind.errors import Stage, StageError
from hivemind.repository import Repository


@dataclass
class Work:
    """A build under way.

    tree: what will be packed; `root`, with the sources in it, is there already. base: folder of the whole workspace of
    a Python service, which is not packed. notices: what people should know.
    runtime, interpreter, path, env, start: of the manifest (see `manifest`), filled by the language's module.
    own: paths in the tree that change with the sources although they lie among dependencies. carried: components for
    the bill of materials that no package in the tree tells of.
    """

    service: Service
    sources: Sources
    platform: Platform
    store: Store
    tree: Path
    scratch: Path
    programs: Programs
    notices: list[str] = field(default_factory=list)
    runtime: str = ""
    interpreter: dict[str, str] | None = None
    path: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    start: str = ""
    dependencies_reused: bool = False
    own: set[str] = field(default_factory=set)
    carried: list[dict[str, Any]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """What becomes the application's folder on the instance: the service's own, or the workspace around it."""
        return self.tree / "app"

    @property
    def folder(self) -> str:
        """The service's folder below `root`: `.`, or its place in a workspace."""
        around = self.sources.workspace
        return around.folder if around and around.kind == "node" else "."

    @property
    def app(self) -> Path:
        """The folder with the service's own sources."""
        return self.root / self.folder

    @property
    def base(self) -> Path:
        """Where paths of local Python projects begin."""
        return self.scratch / "workspace" if self.sources.workspace and self.folder == "." else self.app

    def alone(self) -> None:
        """Leaves the service's own folder of the workspace, for what needs no neighbour once it is built."""
        if self.folder != ".":
            aside = self.scratch / "alone"
            self.app.rename(aside)
            shutil.rmtree(self.root)
            aside.rename(self.root)
        self.sources = replace(self.sources, workspace=None)


def build(service: Service, repository: Repository, platform: Platform, folder: Path) -> Artifact | None:
    """The artifact of a service for a platform, out of the store where its input is known.

    Raises StageError(BUILD) when a program of the build fails or this machine lacks one.
    """
    if _builder(service) is None:
        return None
    began = SYSTEM_CLOCK.monotonic()
    provenance = sources.source_digest(service, repository, platform)
    store = Store(folder)
    packed = sources.gather(service, repository)
    entry = store.known(provenance.digest)
    reused = entry is not None
    if entry is None:
        entry = make(service, packed, platform, store, provenance.digest)
        store.bound()
    seconds = SYSTEM_CLOCK.monotonic() - began
    return artifact_of(entry, packed, provenance, store, reused=reused, seconds=seconds)


def make(service: Service, packed: Sources, platform: Platform, store: Store, inputs: str) -> dict[str, Any]:
    """Builds, whatever the store knows; the index entry that it keeps under `inputs`, the input digest.

    Runs on the machine of who deploys, or on a build instance. Raises StageError(BUILD).
    """
    language = _builder(service)
    if language is None:
        raise StageError(Stage.BUILD, f"nothing here builds {service.runtime}", subject=service.name)
    with store.workshop() as scratch:
        work = _prepared(service, packed, platform, store, scratch)
        language(work)
        return _finish(work, inputs)


def artifact_of(
    entry: Mapping[str, Any], packed: Sources, provenance: Provenance, store: Store, *, reused: bool, seconds: float
) -> Artifact:
    """What an index entry of the store stands for. seconds: that it took now."""
    artifact = Artifact(
        service=entry["service"],
        digest=entry["digest"],
        path=store.artifact(entry["digest"]),
        size=entry["size"],
        runtime=entry["runtime"],
        provenance=provenance,
        start=entry["start"],
        release=entry["release"],
        env=entry["env"],
        reused=reused,
        seconds=seconds,
        dependencies_reused=reused or entry["dependencies_reused"],
        notices=tuple(entry["notices"]),
        layers=tuple(
            Layer(layer["name"], layer["digest"], store.artifact(layer["digest"]), layer["size"])
            for layer in entry["layers"]
        ),
    )
    return replace(artifact, notices=(*artifact.notices, *_left_out(packed)))


_OWN_SCRIPT = re.compile(r"(?:^|[\s;&|(])\./([\w./-]+)")
"""A file of the service's own that a command runs."""

BUILDERS = {
    "python": "python",
    "node": "node",
    "bun": "node",
    "static": "static",
    "go": "languages.go",
    "rust": "languages.rust",
    "java": "languages.java",
    "kotlin": "languages.java",
    "scala": "languages.java",
    "clojure": "languages.java",
    "ruby": "languages.ruby",
    "php": "languages.php",
    "shell": "languages.shell",
    "deno": "languages.deno",
    **dict.fromkeys(OWN_TOOLS, "languages.owntools"),
}
"""Word of `runtime` -> module here with `build(work)`."""


def _builder(service: Service) -> Callable[[Work], None] | None:
    word = "static" if service.kind is ServiceKind.STATIC else (service.runtime or "").split(" ")[0]
    if word not in BUILDERS:
        return None
    module = import_module(f"hivemind.agents.compiler.{BUILDERS[word]}")
    build_it: Callable[[Work], None] = module.build
    return build_it


def _prepared(service: Service, packed: Sources, platform: Platform, store: Store, scratch: Path) -> Work:
    tree = scratch / "tree"
    (tree / "app").mkdir(parents=True)
    around = packed.workspace
    if around is not None and around.kind == "node":
        _copy(packed.whole, tree / "app")
    else:
        _copy(packed, tree / "app")
        if around is not None:
            _copy(packed.whole, scratch / "workspace")
    if platform.here:
        inside, said = None, "not sandboxed: this instance is there for the build alone"
    else:
        inside, said = sandbox(scratch, store.cache(""))
    programs = Programs(service.name, store.log(service.name), sandbox=inside)
    programs.note(said)
    work = Work(service, packed, platform, store, tree, scratch, programs)
    _let_run(work)
    return work


def _let_run(work: Work) -> None:
    """Makes scripts executable that the service's commands run as they are, and that git has without that bit."""
    service = work.service
    commands = (service.install, service.build, service.start, service.release)
    called = {name for command in commands if command for name in _OWN_SCRIPT.findall(command)}
    for name in sorted(called.intersection(work.sources.files)):
        file = work.app / name
        with file.open("rb") as script:
            is_script = script.read(2) == b"#!"
        if is_script and not file.stat().st_mode & 0o100:
            file.chmod(0o755)
            work.notices.append(f"{name} is made executable: git has it without  (git update-index --chmod=+x {name})")


def _copy(packed: Sources, into: Path) -> None:
    for file in packed.files:
        target = into / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(packed.root / file, target)
        shutil.copymode(packed.root / file, target)


def _finish(work: Work, inputs: str) -> dict[str, Any]:
    from hivemind.agents.compiler.manifest import SBOM, manifest
    from hivemind.agents.compiler.parts import split
    from hivemind.agents.compiler.sbom import sbom

    packed = work.scratch / "artifact.tar.zst"
    start = executable(work.start or work.service.start or "", work.folder)
    release = work.service.release
    if release and work.folder != ".":
        release = executable(release, work.folder)
    try:
        (work.tree / SBOM).write_bytes(sbom(work))
        parts = split(work)
        content = manifest(work, start=start, release=release, parts=parts)
        first = json.dumps(content, indent=1, sort_keys=True).encode()
        digest = pack.write(parts.application, ("manifest.json", first), packed)
    except ValueError as error:
        raise StageError(Stage.BUILD, f"{work.service.name}: {error}", subject=work.service.name) from error
    size = packed.stat().st_size
    work.store.keep(packed, digest)
    entry = {
        "service": work.service.name,
        "digest": digest,
        "size": size,
        "layers": list(parts.layers),
        "runtime": work.runtime,
        "start": start,
        "release": release,
        "env": work.env,
        "notices": work.notices,
        "dependencies_reused": work.dependencies_reused,
    }
    work.store.remember(inputs, entry)
    return entry


def _left_out(packed: Sources) -> tuple[str, ...]:
    if not packed.left_out:
        return ()
    names = ", ".join(packed.left_out[:5]) + (" ..." if len(packed.left_out) > 5 else "")
    inside = any(not name.startswith("../") for name in packed.left_out)
    hint = " (name them under `pack` if they belong to the application)" if inside else ""
    return (f"not packed, they look like secrets: {names}{hint}",)
