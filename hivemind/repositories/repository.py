"""One immutable view of a repository: its tree, and file contents on demand, size-bounded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hivemind.repositories.walk import LeftOut

MAX_FILES = 100_000
MAX_BYTES = 300 * 1024 * 1024


@dataclass(frozen=True)
class Repository:
    """The files of an application.

    root: absolute folder. files: relative paths with `/`, sorted, without ignored files and links that lead outside of
    the folder. truncated: whether the list was cut off at its limit. left_out: what is not among the files although
    nothing says to ignore it. biggest: the largest folders of a truncated one, with their bytes and files.
    """

    root: Path
    files: tuple[str, ...]
    truncated: bool = False
    left_out: tuple[LeftOut, ...] = ()
    biggest: tuple[tuple[str, int, int], ...] = ()

    def text(self, path: str, *, limit: int = 1_000_000) -> str | None:
        """The file's text, with undecodable bytes replaced; None if it is missing, binary or over `limit` bytes."""
        inside = PurePosixPath(path)
        if inside.is_absolute() or ".." in inside.parts:
            return None
        try:
            real = (self.root / inside).resolve()
            if not real.is_relative_to(self.root) or not real.is_file() or real.stat().st_size > limit:
                return None
            with real.open("rb") as file:
                content = file.read(limit + 1)
        except (OSError, RuntimeError, ValueError):
            return None
        if len(content) > limit or b"\0" in content[:8192]:
            return None
        return content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")

    def has(self, path: str) -> bool:
        """Whether the tree has a file with this path."""
        place = bisect_left(self.files, path)
        return place < len(self.files) and self.files[place] == path

    def under(self, path: str) -> Iterator[str]:
        """The files in folder `path` (`.` for all), as paths relative to it."""
        folder = PurePosixPath(path).as_posix()
        if folder in {".", ""}:
            yield from self.files
            return
        prefix = folder.rstrip("/") + "/"
        for file in self.files:
            if file.startswith(prefix):
                yield file.removeprefix(prefix)


def read(root: Path, *, max_files: int = MAX_FILES, max_bytes: int = MAX_BYTES) -> Repository:
    """The repository in folder `root`, at most `max_files` files and `max_bytes` bytes of them.

    `.gitignore` and `.hivemindignore` files are respected, at every level; a file that git tracks is there in spite of
    a `.gitignore`. Nothing in the tree is executed, git's hooks and configuration included. Raises OSError where `root`
    can't be listed.
    """
    from hivemind.repositories.walk import walk

    resolved = root.resolve()
    walked = walk(resolved, max_files=max_files, max_bytes=max_bytes)
    return Repository(resolved, walked.files, walked.truncated, walked.left_out, walked.biggest)
