"""A Python program as one file, for an instance: the same bytes every time."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

_EPOCH = (1980, 1, 1, 0, 0, 0)
_DIGITS = 16


@dataclass(frozen=True)
class Program:
    """content: of a zip archive that Python runs. digest: sha256 hex of it. name: tells the content."""

    content: bytes
    digest: str
    name: str


def program(name: str, files: Mapping[str, bytes]) -> Program:
    """The program of these files (path -> content), `__main__.py` among them. name: what its own begins with."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path, _EPOCH), content, zipfile.ZIP_DEFLATED)
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    return Program(buffer.getvalue(), digest, f"{name}-{digest[:_DIGITS]}")
