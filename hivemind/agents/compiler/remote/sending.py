"""The sources of a build as one file."""

from __future__ import annotations

import gzip
import hashlib
import os
import tarfile
from pathlib import Path

from hivemind.agents.compiler.remote.request import members
from hivemind.builds.sources import Sources


def archive(sources: Sources, target: Path) -> str:
    """Writes the files of a build (.tar.gz), the same bytes for the same sources; sha256 hex of the archive.

    Links are written as what they lead to, as a build copies them. Raises OSError where a file vanishes meanwhile.
    """
    with (
        target.open("wb") as file,
        gzip.GzipFile("", "wb", 6, file, 0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as whole,
    ):
        for name, path in sorted(members(sources).items()):
            info = tarfile.TarInfo(name)
            with path.open("rb") as content:
                info.size = os.fstat(content.fileno()).st_size
                info.mode = 0o755 if os.access(path, os.X_OK) else 0o644
                whole.addfile(info, content)
    with target.open("rb") as written:
        return hashlib.file_digest(written, "sha256").hexdigest()
