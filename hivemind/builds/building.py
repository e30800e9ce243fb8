"""One build, from sources to an artifact in the store."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from hivemind.blueprint.model import Service
from hivemind.builds import pack, sources
from hivemind.builds.commands import executable
from hivemind.builds.place import BuildPlace, Task
from hivemind.builds.programs import Programs
from hivemind.builds.sandbox import sandbox
from hivemind.builds.sources import Sources
from hivemind.builds.store import Store
from hivemind.builds.work import Work
from hivemind.repositories.repository import Repository
from hivemind.values.artifact import Artifact, Layer, Platform, Provenance
from hivemind.values.clock import SYSTEM_CLOCK
from hivemind.values.errors import Stage, StageError

Language = Callable[[Work], None]
"""Makes a service of one language: fills the tree and the manifest's fields of a Work."""


def build(
    service: Service, repository: Repository, place: BuildPlace, language: str, *, planned: Service | None = None
) -> Artifact:
    """The artifact of a service, made in a place, or out of the store where its input is known.

    language: as Task has it. planned: the service as the blueprint has it, where `service` has commands of a plugin's:
    they follow from it and from the plugin, and the plan knows its input digest alone. Raises StageError(BUILD) when a
    program of the build fails, or the place lacks one.
    """
    began = SYSTEM_CLOCK.monotonic()
    provenance = sources.source_digest(service, repository, place.platform, place.builders)
    store = Store(place.store)
    packed = sources.gather(service, repository)
    entry: Mapping[str, Any] | None = store.known(provenance.digest)
    reused = entry is not None
    if entry is None:
        entry = place.make(Task(service, packed, provenance.digest, language))
        store.bound()
    if planned is not None:
        store.remember(sources.source_digest(planned, repository, place.platform, place.builders).digest, entry)
    seconds = SYSTEM_CLOCK.monotonic() - began
    return artifact_of(entry, packed, provenance, store, reused=reused, seconds=seconds)


def make(task: Task, platform: Platform, store: Store) -> dict[str, Any]:
    """Builds, whatever the store knows; the index entry that it keeps under the input digest.

    Runs on the machine of who deploys, or on a build instance. Raises StageError(BUILD).
    """
    language: Language = import_module(task.language).build
    with store.workshop() as scratch:
        work = _prepared(task.service, task.sources, platform, store, scratch)
        language(work)
        return _finish(work, task.inputs)


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
        inside, said = None, "not sandboxed: this instance only runs the build"
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
            work.notices.append(f"made {name} executable (in git: `git update-index --chmod=+x {name}`)")


def _copy(packed: Sources, into: Path) -> None:
    for file in packed.files:
        target = into / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(packed.root / file, target)
        shutil.copymode(packed.root / file, target)


def _finish(work: Work, inputs: str) -> dict[str, Any]:
    from hivemind.builds.manifest import SBOM, manifest
    from hivemind.builds.parts import split
    from hivemind.builds.sbom import sbom

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
    hint = "; if they belong to the application, name them under `pack`" if inside else ""
    return (f"left out files that look like secrets: {names}{hint}",)
