"""README: the address under which people are told to find the application, where nothing else says so.

Read with two patterns and never understood: whatever else stands in it means nothing to HiveMind.
"""

from __future__ import annotations

import re
from collections import Counter

from hivemind.agents.recon import ports
from hivemind.agents.recon.folder import Folder
from hivemind.detections.detection import Detection, Precedence

_NAME = re.compile(r"readme(?:\.(?:md|markdown|rst|txt|adoc|asciidoc|org))?", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<![\w.-])(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d{2,5})(?!\d)")
_PUBLISHED = re.compile(r"(?:-p|--publish)[ =](?:127\.0\.0\.1:)?\d{2,5}:(\d{2,5})(?!\d)")
_LARGEST = 300_000


def detect(folder: Folder) -> list[Detection]:
    """`port`: the container's side of a published one, else that of the address that is named most."""
    file = next((each for each in folder.top("") if _NAME.fullmatch(each)), None)
    lines = (folder.text(file, limit=_LARGEST) or "").splitlines() if file else []
    for pattern, sure in ((_PUBLISHED, 0.55), (_ADDRESS, 0.5)):
        seen: Counter[int] = Counter()
        where: dict[int, int] = {}
        for number, line in enumerate(lines, 1):
            for match in pattern.findall(line[:2000]):
                port = int(match)
                if port <= 65535 and ports.own(port):
                    seen[port] += 1
                    where.setdefault(port, number)
        if seen and file:
            port = max(seen, key=lambda each: (seen[each], -where[each]))
            return [folder.found("port", port, file, where[port], precedence=Precedence.DOCUMENTED, confidence=sure)]
    return []
