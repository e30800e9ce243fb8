"""The compiler as one file: HiveMind's own modules that it takes, and the few distributions that they take.

All of it is Python's own language, so that it runs on any system and processor that has Python 3.11 or later.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hivemind import __version__

EPOCH = (1980, 1, 1, 0, 0, 0)
OLDEST = (3, 11)
"""Of Python, as HiveMind itself needs it."""
_PACKAGE = Path(__file__).parents[3]
_MODULES = (
    "artifact.py", "blueprint/__init__.py", "blueprint/model.py", "clock.py", "codec.py", "detection.py", "errors.py",
    "exits.py", "findings.py", "home.py", "memory.py", "repositories/__init__.py", "repositories/commit.py",
    "repository.py",
)  # fmt: skip
_FOLDERS = ("agents/compiler",)
_NEEDS = ("packaging", "semantic_version", "yaml")
"""Distributions that the compiler imports. zstandard is left out, as it is compiled: see `pack`."""
_EMPTY = ("agents/__init__.py", "agents/compiler/__init__.py")
"""Modules that only say what plugins are called here."""
_MAIN = "import sys\nfrom hivemind.agents.compiler.remote.there import main\nsys.exit(main())\n"


@dataclass(frozen=True)
class Bundle:
    """content: of the file, a zip archive. digest: sha256 hex of it."""

    content: bytes
    digest: str

    @property
    def name(self) -> str:
        return f"compiler-{self.digest[:16]}"


@functools.cache
def bundle() -> Bundle:
    """The compiler of this version of HiveMind, the same bytes every time."""
    files = {"__main__.py": _MAIN.encode(), "hivemind/__init__.py": f'__version__ = "{__version__}"\n'.encode()}
    files |= {f"hivemind/{name}": (_PACKAGE / name).read_bytes() for name in _MODULES}
    for folder in _FOLDERS:
        files |= {f"hivemind/{name}": content for name, content in _modules(_PACKAGE / folder, folder)}
    files |= {f"hivemind/{name}": b"" for name in _EMPTY}
    for package in _NEEDS:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError(package)
        files |= dict(_modules(Path(spec.submodule_search_locations[0]), package))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return Bundle(buffer.getvalue(), hashlib.sha256(buffer.getvalue()).hexdigest())


def _modules(folder: Path, name: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*.py")):
        yield f"{name}/{path.relative_to(folder).as_posix()}", path.read_bytes()
