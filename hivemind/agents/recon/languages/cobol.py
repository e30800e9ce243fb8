"""COBOL programs: sources without a manifest, compiled by GnuCOBOL (its Programmer's Guide, "cobc -x")."""

from __future__ import annotations

import re
import shlex

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import Notes
from hivemind.agents.recon.weights import HINT, SOURCES
from hivemind.detections.detection import Detection

LANGUAGE = "cobol"
_ENDINGS = (".cbl", ".cob", ".cobol", ".CBL", ".COB", ".COBOL")
_MOST = 200
_PROGRAM = r"^[\d ]{0,7}\s*program-id\s*\.?\s*[\w-]+"
_CALLED = r"^[\d ]{0,7}\s*procedure\s+division\s+using\b"
"""A program that others call: it takes its arguments from them."""


def detect(folder: Folder) -> list[Detection]:
    """The language, and how the one main program is compiled and started; of several nothing says which is meant."""
    sources = list(folder.sources(*_ENDINGS, most=_MOST))
    programs = [(each, line) for each in sources if (line := folder.line(each, _PROGRAM)) is not None]
    if not programs:
        return []
    notes = Notes(folder, LANGUAGE)
    mains = [(each, line) for each, line in programs if folder.line(each, _CALLED) is None]
    file, line = (mains or programs)[0]
    notes.speaks(file, SOURCES if "/" not in file else HINT, line)
    if len(mains) == 1:
        name = re.sub(r"\.\w+$", "", file.rpartition("/")[2])
        called = [each for each, _ in programs if each != file]
        compiled = " ".join(shlex.quote(each) for each in (file, *called))
        notes.usual("build", f"cobc -x -o {shlex.quote(name)} {compiled}", file, line)
        notes.usual("start", f"./{shlex.quote(name)}", file, line, sure=0.7)
        notes.kind("worker", (file, line), 0.5)
    return notes.found
