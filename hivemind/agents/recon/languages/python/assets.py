"""Pages of a Python application that npm builds."""

from __future__ import annotations

from collections.abc import Sequence

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node import package as packages
from hivemind.detections.detection import Detection, Precedence


def detect(folder: Folder, found: Sequence[Detection]) -> list[Detection]:
    """A build command with npm's part first, where package.json has a build script and something is served."""
    package = packages.read(folder)
    if package is None or "build" not in package.scripts or not any(each.field == "start" for each in found):
        return []
    install = "npm ci" if folder.first(*packages.LOCKS["npm"]) else "npm install"
    own = next((str(each.value) for each in found if each.field == "build"), None)
    commands = [install, "npm run build", *([own] if own else [])]
    return [
        folder.found(
            "build",
            " && ".join(commands),
            packages.FILE,
            packages.line_of(folder, "build"),
            precedence=Precedence.CODE,
            confidence=0.8,
            note="scripts.build",
            language="python",
        )
    ]
