"""The tree that machines of the rehearsal boot from: Debian 12, made of its packages, kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from machines import PACKAGES

SUITE = "bookworm"
SECONDS = 480
"""How long making it may take; it takes one to two minutes."""


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hivemind" / "rehearsal"


def make() -> Path:
    """The tree, made now unless one of the same packages is kept. Raises SystemExit with a sentence."""
    digest = hashlib.sha256(" ".join((SUITE, *PACKAGES)).encode()).hexdigest()[:12]
    folder = cache() / f"{SUITE}-{digest}"
    if folder.is_dir():
        return folder
    if shutil.which("mmdebstrap") is None:
        raise SystemExit("The rehearsal makes its machines with mmdebstrap. On Debian: apt install mmdebstrap")
    folder.parent.mkdir(parents=True, exist_ok=True)
    print(f"making the tree of the rehearsal's machines in {folder}; a minute or two", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        tree = Path(work, "tree")
        said = subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(tree)],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        if said.returncode:
            raise SystemExit(f"mmdebstrap cannot make the tree of the machines:\n{said.stderr.strip()[-2000:]}")
        tree.rename(folder)
    return folder
