"""What was looked at before, on disk by digest, with what was found. Losing it costs time and nothing else."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hivemind.machine import home
from hivemind.values.version import __version__

MOST = 500


@dataclass(frozen=True)
class Memory:
    """Contents that were looked at, kept as names of files in `folder`, with what was found in them.

    judge: who looked; another judge remembers nothing of it. What can't be read or written is not remembered.
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

    def recall(self, content: str) -> str | None:
        """What was found in a content; None where it was not kept."""
        try:
            return self._file(content).read_text(encoding="utf-8") if self.knows(content) else None
        except (OSError, ValueError):
            return None

    def keep(self, content: str, found: str = "") -> None:
        """Keeps a content with what was found; of more than 500, those that were not asked for longest go."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self.folder)
            with os.fdopen(descriptor, "w", encoding="utf-8") as text:
                text.write(found)
            Path(name).replace(self._file(content))
            known = list(self.folder.iterdir())
            if len(known) > MOST:
                known.sort(key=lambda file: file.stat().st_mtime_ns)
                for file in known[:-MOST]:
                    file.unlink(missing_ok=True)

    def _file(self, content: str) -> Path:
        return self.folder / hashlib.sha256(f"{self.judge}\0{content}".encode()).hexdigest()


def of(name: str, *, package: Path, needs: Iterable[str]) -> Memory:
    """The memory of one kind of work, in the user's folder for caches.

    package: folder of the modules that do it; any change of them is another judge. needs: what they build on, each
    with its version.
    """
    judge = "\n".join([__version__, *needs, *sorted(code(package))])
    return Memory(home.caches() / name, judge)


def code(folder: Path | str) -> Iterator[str]:
    """A line for each module in a folder, with its size and time of change: no file is read, only looked at."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                found = entry.stat()
                yield f"{entry.path} {found.st_size} {found.st_mtime_ns}"
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from code(entry.path)
