"""The tree of a commit, read from git's objects before anything of it is written."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path

from hivemind.repositories import git
from hivemind.text.visible import is_visible, visible

_DEEPEST = 64
_LONGEST = 1024
_MOST_LINKS = 2000


@dataclass(frozen=True)
class Tree:
    """files: how many. bytes: of all. unusable: paths that are not written, as shown. leading_out: links that lead
    out of the repository. submodules: path -> commit. large_files: whether Git LFS is used."""

    files: int
    bytes: int
    unusable: tuple[str, ...]
    leading_out: tuple[str, ...]
    submodules: dict[str, str]
    large_files: bool

    def remarks(self) -> list[str]:
        """What people should know of the tree."""
        said = []
        if self.leading_out:
            several = len(self.leading_out) > 1
            said.append(
                f"{len(self.leading_out)} link{'s lead' if several else ' leads'} outside of the repository "
                f"({_shown(self.leading_out[0])}{', ...' if several else ''}): HiveMind neither follows nor packs them"
            )
        if self.large_files:
            said.append("HiveMind does not fetch Git LFS files: their pointers take their place")
        return said


def tree_of(folder: Path, commit: str, *, most: int) -> Tree:
    """The tree of a commit in a clone, without its submodules' content.

    most: files that it may have, and folders. Raises git.TooLarge for one with more, and GitFailed.
    """
    files = folders = size = 0
    unusable: list[str] = []
    links: list[tuple[str, str]] = []
    submodules: dict[str, str] = {}
    attributes: list[str] = []
    for entry in git.entries(folder, "ls-tree", "-r", "-t", "-l", "-z", "--full-tree", commit):
        if files > most or folders > most:
            raise git.TooLarge
        about, _, raw = entry.partition(b"\t")
        mode, _, identity, length = about.decode().split()
        path = raw.decode("utf-8", errors="surrogateescape")
        if not is_visible(path) or path.count("/") > _DEEPEST or len(path) > _LONGEST:
            unusable.append(_shown(path))
        if mode == "040000":
            folders += 1
            continue
        if mode == "160000":
            submodules[path] = identity
            continue
        files += 1
        size += int(length) if length != "-" else 0
        if mode == "120000":
            links.append((path, identity))
        elif posixpath.basename(path) == ".gitattributes" and len(attributes) < 20:
            attributes.append(identity)
    return Tree(
        files,
        size,
        tuple(unusable),
        tuple(path for path, identity in links[:_MOST_LINKS] if _leads_out(folder, path, identity)),
        submodules,
        any(b"filter=lfs" in git.local(folder, "cat-file", "blob", identity) for identity in attributes),
    )


def _leads_out(folder: Path, path: str, identity: str) -> bool:
    target = git.local(folder, "cat-file", "blob", identity).decode("utf-8", errors="replace")
    if target.startswith("/"):
        return True
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target)).split("/")[0] == ".."


def _shown(path: str) -> str:
    plain = path.encode("utf-8", errors="replace").decode()
    return visible(plain if len(plain) <= 80 else plain[:77] + "...")
