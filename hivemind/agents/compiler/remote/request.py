"""What a build instance is asked to build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hivemind.blueprint.model import Service
from hivemind.builds.sources import Sources
from hivemind.values.artifact import Platform


@dataclass(frozen=True)
class Request:
    """A build. sources: as they lie there, below the folder `tree`. inputs: their input digest, which is made again
    there. language: as builds.place.Task has it. builders: as BuildPlace has them. archive: of the sources, relative to
    the login's home. store: folder of the compiler there."""

    service: Service
    platform: Platform
    sources: Sources
    inputs: str
    language: str
    builders: Mapping[str, str]
    archive: str
    store: str


def laid(sources: Sources, tree: Path) -> Sources:
    """The same sources below another folder: the workspace there, or the service alone."""
    around = sources.workspace
    if around is None:
        return replace(sources, root=tree)
    return replace(sources, root=tree / around.folder, workspace=replace(around, root=tree))


def members(sources: Sources) -> dict[str, Path]:
    """Path below the tree -> where the file is now; all that a build of these sources reads, and nothing else."""
    whole = sources.whole
    around = sources.workspace
    own = {f"{around.folder}/{file}" if around else file: sources.root / file for file in sources.files}
    return {**{file: whole.root / file for file in whole.files}, **own}
