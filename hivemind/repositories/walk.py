"""Walks a tree without following links out of it, within bounds, and keeps what it leaves out."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from hivemind.repositories.ignores import ALWAYS, Ignores, is_saved_plan, is_virtual_environment
from hivemind.repositories.tracked import Tracked

_DEEPEST = 64
_MOST_LINKS = 1_000
"""Links to folders that are entered: links that name each other could lead on for ever."""
_MOST_COUNTED = 20
"""Times the bound of files that are counted beyond it, to say where they are."""
_NO_REMARK = frozenset({"__pycache__", ".DS_Store", ".hivemind", ".git"})


@dataclass(frozen=True)
class LeftOut:
    """What a tree has and a release does not. path: relative, with `/`; of a folder with `/` at its end. why: in words,
    after the path and a comma."""

    path: str
    why: str


@dataclass(frozen=True)
class Walked:
    """files: relative paths with `/`, sorted. left_out: what is not among them although nothing says to ignore it.
    truncated: whether a bound cut the list short; biggest: the largest folders then, with their bytes and files."""

    files: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()
    truncated: bool = False
    biggest: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True)
class _Folder:
    """A folder to look into. through: real paths of the folders that links were followed from, and of those that they
    led to."""

    path: str
    ignores: Ignores
    depth: int
    through: tuple[Path, ...] = ()


def walk(root: Path, *, max_files: int, max_bytes: int) -> Walked:
    """The files under `root`.

    Links to files and folders inside the tree count as what they lead to, unless that is a folder around them. What git
    tracks is there even where a `.gitignore` names it; a `.hivemindignore` decides over both. Raises OSError where
    `root` itself can't be listed.
    """
    return _Walk(root, max_files, max_bytes).run()


class _Walk:
    def __init__(self, root: Path, max_files: int, max_bytes: int) -> None:
        self._root, self._max_files, self._max_bytes = root, max_files, max_bytes
        self._tracked = Tracked(root)
        self._files: list[str] = []
        self._left_out: list[LeftOut] = []
        self._bytes: Counter[str] = Counter()
        self._count: Counter[str] = Counter()
        self._size = self._seen = self._links = 0
        self._over = False

    def run(self) -> Walked:
        pending = [_Folder("", Ignores(), 0)]
        while pending and self._seen < self._max_files * _MOST_COUNTED:
            pending += self._look_into(pending.pop())
        left_out = tuple(sorted(self._left_out, key=lambda one: one.path))
        biggest = tuple(biggest_of(self._bytes, self._count)) if self._over else ()
        return Walked(tuple(sorted(self._files)), left_out, self._over, biggest)

    def _look_into(self, folder: _Folder) -> list[_Folder]:
        place = self._root / folder.path if folder.path else self._root
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            if not folder.path:
                raise
            self._leave_out(f"{folder.path}/", f"it cannot be read: {error.strerror}")
            return []
        ignores = folder.ignores.entering(place, folder.path)
        deeper: list[_Folder] = []
        for entry in entries:
            path = f"{folder.path}/{entry.name}" if folder.path else entry.name
            if not _encodable(path):
                self._leave_out(path, "its name is not UTF-8 or has a line break")
            elif entry.is_dir(follow_symlinks=False):
                deeper += self._folder(entry.path, path, folder, ignores)
            elif not ignores.ignores(path, is_folder=False):
                deeper += self._other(entry, path, folder, ignores)
            elif self._tracked.has(path) and not ignores.ignores(path, is_folder=False, tracked=True):
                self._other(entry, path, folder, ignores)
        return deeper

    def _folder(self, place: str, path: str, outer: _Folder, ignores: Ignores) -> list[_Folder]:
        name = path.rpartition("/")[2]
        if name in ALWAYS:
            if name not in _NO_REMARK and self._tracked.under(path):
                self._leave_out(f"{path}/", "it is committed, but HiveMind never packs folders of this name")
        elif ignores.ignores(path, is_folder=True):
            self._tracked_below(path, ignores)
        elif is_virtual_environment(place):
            pass
        elif outer.depth >= _DEEPEST:
            self._leave_out(f"{path}/", f"it is more than {_DEEPEST} folders deep")
        else:
            return [_Folder(path, ignores, outer.depth + 1, outer.through)]
        return []

    def _tracked_below(self, folder: str, ignores: Ignores) -> None:
        """The files that git tracks in a folder that a `.gitignore` names."""
        if ignores.ignores(folder, is_folder=True, tracked=True):
            return
        for path in self._tracked.under(folder):
            place = self._root / path
            if place.is_file() and not place.is_symlink() and not ignores.ignores(path, is_folder=False, tracked=True):
                self._add(path, place.stat().st_size)

    def _other(self, entry: os.DirEntry[str], path: str, outer: _Folder, ignores: Ignores) -> list[_Folder]:
        """Takes a file, or what a link leads to: a folder is to be looked into."""
        try:
            if not entry.is_symlink():
                if not entry.is_file(follow_symlinks=False):
                    self._leave_out(path, "it is neither a file nor a folder")
                elif outer.path or not is_saved_plan(entry.path):
                    self._add(path, entry.stat(follow_symlinks=False).st_size)
                return []
            real = Path(entry.path).resolve(strict=True)
        except (OSError, RuntimeError):
            self._leave_out(path, "it is a link that leads nowhere")
            return []
        if not real.is_relative_to(self._root):
            self._leave_out(path, "it is a link that leads out of the folder of hivemind.yaml")
        elif real.is_file():
            self._add(path, real.stat().st_size)
        elif real.is_dir():
            return self._linked(Path(entry.path).parent.resolve(), real, path, outer, ignores)
        return []

    def _linked(self, here: Path, real: Path, path: str, outer: _Folder, ignores: Ignores) -> list[_Folder]:
        through = (*outer.through, here)
        inside = real.relative_to(self._root).parts
        if any(folder.is_relative_to(real) for folder in through):
            self._leave_out(path, "it is a link to a folder around it")
        elif ALWAYS.intersection(inside) or is_virtual_environment(str(real)):
            self._leave_out(path, f"it is a link to {'/'.join(inside)}, which HiveMind never packs")
        elif outer.depth >= _DEEPEST or self._links >= _MOST_LINKS:
            self._leave_out(path, "it is a link to a folder, and there are too many of them")
        else:
            self._links += 1
            return [_Folder(path, ignores, outer.depth + 1, (*through, real))]
        return []

    def _add(self, path: str, size: int) -> None:
        self._seen += 1
        for folder in _folders(path):
            self._bytes[folder] += size
            self._count[folder] += 1
        self._over = self._over or len(self._files) >= self._max_files or self._size + size > self._max_bytes
        if not self._over:
            self._files.append(path)
            self._size += size

    def _leave_out(self, path: str, why: str) -> None:
        if len(self._left_out) < self._max_files:
            self._left_out.append(LeftOut(path, why))


def biggest_of(sizes: Counter[str], counts: Counter[str], most: int = 3) -> list[tuple[str, int, int]]:
    """The folders that hold most bytes, each as deep as nearly all of its bytes are. sizes, counts: of every folder,
    with all below it."""
    children: dict[str, list[str]] = {}
    for folder in sizes:
        children.setdefault(folder.rpartition("/")[0], []).append(folder)
    found = []
    for top in sorted(children.get("", ()), key=lambda folder: -sizes[folder])[:most]:
        folder = top
        while deeper := [one for one in children.get(folder, ()) if sizes[one] * 5 >= sizes[folder] * 4]:
            folder = deeper[0]
        found.append((folder, sizes[folder], counts[folder]))
    return found


def _folders(path: str) -> list[str]:
    """The folders that a file is in: `a/b/c` is in `a` and `a/b`."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _encodable(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\n" not in path
