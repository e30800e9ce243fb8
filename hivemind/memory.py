"""What was looked at before and found good, on disk by digest. Losing it costs time and nothing else."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from hivemind import __version__, home

MOST = 500


@dataclass(frozen=True)
class Memory:
    """Contents that were found good, kept as names of empty files in `folder`.

    judge: who found them good; another judge remembers nothing of it. What can't be read or written is not remembered.
    """

    folder: Path
    judge: str

    def knows(self, content: str) -> bool:
        """Whether the content was kept; one that is asked for stays longer."""
        try:
            os.utime(self._file(content))
        except OSError:
            return False
        return True

    def keep(self, content: str) -> None:
        """Keeps a content; of more than 500, those that were not asked for longest go."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file(content).touch(mode=0o600)
            known = list(self.folder.iterdir())
            if len(known) > MOST:
                known.sort(key=lambda file: file.stat().st_mtime_ns)
                for file in known[:-MOST]:
                    file.unlink(missing_ok=True)

    def _file(self, content: str) -> Path:
        return self.folder / hashlib.sha256(f"{self.judge}\0{content}".encode()).hexdigest()


def of(name: str, *, package: Path, needs: Iterable[str]) -> Memory:
    """The memory of one kind of work, in the user's folder for caches.

    package: folder of the modules that do it; any change of them is another judge. needs: distributions they build on.
    """
    modules = [(file.name, file.stat()) for file in sorted(package.glob("*.py"))]
    code = [f"{file} {found.st_size} {found.st_mtime_ns}" for file, found in modules]
    judge = "\n".join([__version__, *(f"{need} {version(need)}" for need in needs), *code])
    return Memory(home.caches() / name, judge)
