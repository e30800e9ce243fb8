"""Which files git tracks: an ignore file has no say over those."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from pathlib import Path

from hivemind.repositories import git


class Tracked:
    """The files of a folder that git tracks; none outside of a repository and without git. Looks when first asked."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def has(self, path: str) -> bool:
        """Whether it tracks the file with this path from the folder."""
        place = bisect_left(self._files, path)
        return place < len(self._files) and self._files[place] == path

    def under(self, folder: str) -> list[str]:
        """The tracked files below a folder, sorted."""
        start = bisect_left(self._files, f"{folder}/")
        end = bisect_left(self._files, f"{folder}0")  # the character after the slash
        return self._files[start:end]

    @cached_property
    def _files(self) -> list[str]:
        if not any((folder / ".git").exists() for folder in (self._root, *self._root.parents)):
            return []
        try:
            listed = git.local(self._root, "-c", f"safe.directory={self._root}", "ls-files", "-z", "--cached")
        except (git.GitFailed, OSError):
            return []
        return sorted(path.decode("utf-8", errors="surrogateescape") for path in listed.split(b"\0") if path)
