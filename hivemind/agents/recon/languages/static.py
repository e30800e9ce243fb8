"""Static sites: a page to serve and nothing that would serve it."""

from __future__ import annotations

from hivemind.agents.recon.folder import Folder
from hivemind.detections.detection import Detection, Precedence
from hivemind.detections.services import PAGES


def detect(folder: Folder) -> list[Detection]:
    """`kind` static with its folder, where an index.html is there. A server's own pages lose to the server:
    the confidence stays under that of any language with a start command."""
    home = folder.first("index.html", *(f"{name}/index.html" for name in PAGES))
    if home is None:
        return []
    served = home.rpartition("/")[0] or "."
    return [
        folder.found("language", "static", home, precedence=Precedence.CODE, confidence=0.75, language="static"),
        folder.found("kind", "static", home, precedence=Precedence.CODE, language="static"),
        folder.found("static_dir", served, home, precedence=Precedence.CODE, language="static"),
        folder.found(
            "port", 80, home, precedence=Precedence.CONVENTION, confidence=0.5, note="HTTP", language="static"
        ),
    ]
