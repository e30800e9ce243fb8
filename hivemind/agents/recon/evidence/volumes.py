"""Folders that an image keeps in a volume, where the application reads from a variable, or is told as an argument,
which folder it is: outside of the image it is a folder beside the code, which lasts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from hivemind.agents.recon import containers, entrypoints, lasting
from hivemind.agents.recon.containers import ImageStage
from hivemind.agents.recon.evidence import dockerfile
from hivemind.agents.recon.evidence.container_environment import named
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import of_container
from hivemind.detections.detection import Detection

_NAME = r"[A-Z][A-Z0-9_]{2,60}"
_DEFAULTS = (
    # "Shell Parameter Expansion", Bash Reference Manual
    re.compile(rf"\$\{{({_NAME}):?[-=]([^}}\s\"']{{1,200}})\}}"),
    # DEFAULT_DATA_DIR="/data", beside DATA_DIR
    re.compile(rf"^\s*(?:readonly\s+)?DEFAULT_({_NAME})=[\"']?([^\s\"'$]{{1,200}})[\"']?\s*$", re.MULTILINE),
)
"""How a script of an image gives a variable its default."""
_LARGEST = 100_000


def detect(folder: Folder) -> list[Detection]:
    """`env` and `data` for each variable that names a volume, `data` for each that the command names."""
    file = dockerfile.find(folder)
    stages = containers.read(folder.text(file, limit=_LARGEST) or "") if file else ()
    stage = containers.shipped(stages)
    if not file or stage is None:
        return []
    given = entrypoints.given(folder, stage, stages, lasting.folders(folder, stage, file))
    return [*_named(folder, file, stage, stages), *(_kept(folder, each) for each in given)]


def _kept(folder: Folder, each: lasting.Kept) -> Detection:
    name = posixpath.basename(each.path)
    return of_container(folder, "data", name, each.file, each.line, sure=0.8, note="a volume that its command names")


def _named(folder: Folder, file: str, stage: ImageStage, stages: Sequence[ImageStage]) -> list[Detection]:
    """Those of variables."""
    said = stage.said.get("VOLUME")
    if said is None:
        return []
    script = entrypoints.script(folder, stage, stages)
    text = (folder.text(script, limit=_LARGEST) if script else None) or ""
    found: dict[str, str] = {}
    for volume in (each.path for each in lasting.of_image(stage, file)):
        image = {name: value for name, value in stage.kept.items() if _is_below(value, volume)}
        reads = {name: image[name] for name in named(folder, image)} if image else {}
        for name, value in [*reads.items(), *_defaults(text, volume)]:
            found.setdefault(name, posixpath.basename(volume) + value.rstrip("/").removeprefix(volume))
    note = "names a volume"
    return [
        each
        for name, value in sorted(found.items())
        for each in (
            of_container(folder, "env", f"{name}={value}", file, said.line, sure=0.8, note=note),
            of_container(folder, "data", value.partition("/")[0], file, said.line, sure=0.8, note=note),
        )
    ]


def _defaults(text: str, volume: str) -> Iterator[tuple[str, str]]:
    for pattern in _DEFAULTS:
        for match in pattern.finditer(text):
            if _is_below(match[2], volume) and re.search(rf"\$\{{?{match[1]}\b", text):
                yield match[1], match[2]


def _is_below(value: str, volume: str) -> bool:
    return lasting.PATH.fullmatch(value) is not None and (value.rstrip("/") + "/").startswith(volume + "/")
