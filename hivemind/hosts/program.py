"""A Python program as one file, for an instance: the same bytes every time."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import marshal
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

_EPOCH = (1980, 1, 1, 0, 0, 0)
_DIGITS = 16
_UNCHECKED = (1).to_bytes(4, "little")
_PLAIN = 2
"""The newest form of marshal without references, which depend on what else the process holds."""


@dataclass(frozen=True)
class Program:
    """content: of a zip archive that Python runs. digest: sha256 hex of its sources. name: tells the content."""

    content: bytes
    digest: str
    name: str


def program(name: str, files: Mapping[str, bytes], *, compiled: bool = False) -> Program:
    """The program of these files (path -> content), `__main__.py` among them. name: what its own begins with.

    compiled: beside the sources lies what this machine's Python compiled them to. A Python of the same version takes
    that, which halves the time of a short command; any other compiles the sources.
    """
    seen = hashlib.sha256(str(sys.implementation.cache_tag if compiled else "").encode())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            seen.update(f"{path}\0{len(content)}\0".encode() + content)
            archive.writestr(zipfile.ZipInfo(path, _EPOCH), content, zipfile.ZIP_DEFLATED)
            if compiled and path.endswith(".py"):
                archive.writestr(zipfile.ZipInfo(f"{path}c", _EPOCH), _compiled(path, content), zipfile.ZIP_DEFLATED)
    digest = seen.hexdigest()
    return Program(buffer.getvalue(), digest, f"{name}-{digest[:_DIGITS]}")


def _compiled(path: str, content: bytes) -> bytes:
    """What Python keeps in __pycache__, as a file that is not compared with its source (PEP 552)."""
    code = compile(content, path, "exec", dont_inherit=True)
    return importlib.util.MAGIC_NUMBER + _UNCHECKED + bytes(8) + marshal.dumps(code, _PLAIN)
