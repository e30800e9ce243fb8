"""One immutable view of a repository: its tree, and file contents on demand, size-bounded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Repository:
    """root: absolute folder. files: relative paths with `/`, sorted; ignored files and links that
    lead out of the tree are left out. truncated: whether the tree was cut at its bound."""

    root: Path
    files: tuple[str, ...]
    truncated: bool = False

    def text(self, path: str, *, limit: int = 1_000_000) -> str | None:
        """The file's text, undecodable bytes replaced; None where it is missing, binary or over `limit` bytes."""
        raise NotImplementedError
