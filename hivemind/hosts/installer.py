"""The one installer: the modules of `onhost` packed into a single file that any Python 3.9 or later runs."""

from __future__ import annotations

import functools
import hashlib
import io
import zipfile
from dataclasses import dataclass
from importlib import resources

PACKAGE = "hivemind.hosts.onhost"
MAIN = f"import sys\nfrom {PACKAGE}.main import main\nsys.exit(main())\n"
EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Installer:
    """content: of the file (a Python zip application). digest: sha256 hex of it."""

    content: bytes
    digest: str

    @property
    def name(self) -> str:
        return f"installer-{self.digest[:16]}.pyz"


@functools.cache
def installer() -> Installer:
    """The installer of this version of HiveMind, the same bytes every time."""
    files = {"__main__.py": MAIN, "hivemind/__init__.py": "", "hivemind/hosts/__init__.py": ""}
    for entry in resources.files(PACKAGE).iterdir():
        if entry.name.endswith(".py"):
            files[f"{PACKAGE.replace('.', '/')}/{entry.name}"] = entry.read_text(encoding="utf-8")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), text, zipfile.ZIP_DEFLATED)
    content = buffer.getvalue()
    return Installer(content, hashlib.sha256(content).hexdigest())
