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
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, MappingProxyType

NOTHING: Mapping[str, CodeType] = MappingProxyType({})
_EPOCH = (1980, 1, 1, 0, 0, 0)
_DIGITS = 16
_MAGIC = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)
"""What a file of bytecode begins with that is not compared with its source (PEP 552)."""
_PLAIN = 2
"""The newest form of marshal without references, which depend on what else the process holds."""


@dataclass(frozen=True)
class Program:
    """content: of a zip archive that Python runs. digest: sha256 hex of its sources. name: tells the content."""

    content: bytes
    digest: str
    name: str


def program(name: str, files: Mapping[str, bytes], *, compiled: Mapping[str, CodeType] = NOTHING) -> Program:
    """The program of these files (path -> content), `__main__.py` among them. name: what its own begins with.

    compiled: what this machine's Python made of them, by path (`code`); it lies beside the sources. A Python of the
    same version takes that, which halves the time of a short command; any other compiles the sources.
    """
    seen = hashlib.sha256(str(sys.implementation.cache_tag if compiled else "").encode())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            seen.update(f"{path}\0{len(content)}\0".encode() + content)
            archive.writestr(zipfile.ZipInfo(path, _EPOCH), content, zipfile.ZIP_DEFLATED)
            if path in compiled:
                kept = _MAGIC + marshal.dumps(compiled[path], _PLAIN)
                archive.writestr(zipfile.ZipInfo(f"{path}c", _EPOCH), kept, zipfile.ZIP_DEFLATED)
    digest = seen.hexdigest()
    return Program(buffer.getvalue(), digest, f"{name}-{digest[:_DIGITS]}")


def code(path: str, content: bytes, file: Path | None = None) -> CodeType:
    """A module of a program as bytecode. path: in the program. file: where its source lies; what Python keeps beside
    it is taken then, since compiling takes longer than all else of a short command."""
    if file is None:
        return compile(content, path, "exec", dont_inherit=True)
    name = file.stem
    found = SourceFileLoader(name, str(file)).get_code(name)
    assert found is not None
    return _placed(found, path)


def _placed(found: CodeType, path: str) -> CodeType:
    """The same with another file's name in it, and in all that it holds."""
    held = tuple(_placed(one, path) if isinstance(one, CodeType) else one for one in found.co_consts)
    return found.replace(co_filename=path, co_consts=held)
