"""XML of project files, read with entities and document types refused."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from hivemind.agents.recon.folder import Folder


def root(folder: Folder, file: str, *, limit: int = 1_000_000) -> ET.Element | None:
    """The root element of a file, with namespaces taken off all names below it.

    limit: bytes above which a file is not read. None where it is missing, too large, no XML, or declares entities or a
    document type.
    """
    text = folder.whole(file, limit=limit)
    if not text or "<!ENTITY" in text or "<!DOCTYPE" in text:
        return None
    try:
        found = ET.fromstring(re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", text))  # noqa: S314 - no entities get here
    except (ET.ParseError, ValueError, RecursionError):
        return None
    for element in found.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return found
