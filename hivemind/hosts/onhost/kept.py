"""Files and folders of an application that last: every release finds them in its place, as links to one copy.

The copy belongs to the application's user, who may put anything there. So nothing is followed there, and what is copied
is copied with that user's rights.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NoReturn

from hivemind.hosts.onhost.accounts import Account
from hivemind.hosts.onhost.layout import Layout, Release
from hivemind.hosts.onhost.report import InstallError

_SQLITE = b"SQLite format 3\0"
"""What a database begins with. Source: sqlite.org, "Database File Format"."""


class Kept:
    """What lasts of a service's application. paths: below the application's folder; one that ends with `/`, or has no
    dot in its name, is a folder where it is not there yet."""

    def __init__(self, layout: Layout, release: Release, paths: Sequence[str], account: Account | None) -> None:
        self._layout, self._release, self._paths, self._account = layout, release, tuple(paths), account

    def link(self) -> list[str]:
        """Puts links in the place of all paths, and fills what is not there yet with what this release came with.

        Where the release that runs now has something of its own in such a place, that is what it works with: it was
        made before the path was to last, or the application has put a new file in the place of the link. It is taken
        over, and what was there before is kept as `NAME.previous`. Returns what was taken over. Raises InstallError and
        OSError.
        """
        self._layout.kept.mkdir(parents=True, exist_ok=True)
        self._layout.kept.chmod(0o750)
        self._own(self._layout.kept)
        taken: list[str] = []
        for text in self._paths:
            path = PurePosixPath(text)
            with _folder_of(self._layout.kept, path, self._account) as there:
                live = self._live(path)
                if live is not None:
                    self._put(path.name, there, functools.partial(_copy, live))
                    taken.append(str(path))
                elif not _exists(path.name, there):
                    self._fill(path, text.endswith("/"), there)
            self._link(path)
        return taken

    def _live(self, path: PurePosixPath) -> Path | None:
        """What the release that runs now has in this place itself; None where it has nothing, or a link."""
        current = self._layout.current_id()
        place = self._layout.release(current).app / path if current else None
        return place if place and os.path.lexists(place) and not place.is_symlink() else None

    def _fill(self, path: PurePosixPath, is_folder: bool, there: int) -> None:
        for own in (self._release.path / "shipped" / path, self._release.app / path):
            if os.path.lexists(own) and not own.is_symlink():
                self._put(path.name, there, functools.partial(_copy, own))
                return
        if is_folder or "." not in path.name.lstrip("."):
            self._put(path.name, there, lambda made: made.mkdir(mode=0o750))

    def _put(self, name: str, there: int, make: Callable[[Path], object]) -> None:
        """Puts what `make` makes under a name into the lasting folder."""
        with self._aside() as aside:
            made = aside / "made"
            self._as_user(lambda: make(made))
            if _exists(name, there):
                before = f"{name}.previous"
                if _exists(before, there):
                    os.rename(before, aside / "older", src_dir_fd=there)
                os.rename(name, before, src_dir_fd=there, dst_dir_fd=there)
            os.rename(made, name, dst_dir_fd=there)

    def _link(self, path: PurePosixPath) -> None:
        """Puts the link into the release; what it came with goes aside."""
        with _folder_of(self._release.app, path, self._account) as here, self._aside() as aside:
            if _exists(path.name, here):
                shipped = self._release.path / "shipped" / path
                shipped.parent.mkdir(parents=True, exist_ok=True)
                keep = not _is_link(path.name, here) and not os.path.lexists(shipped)
                os.rename(path.name, shipped if keep else aside / "replaced", src_dir_fd=here)
            os.symlink(str(self._layout.kept / path), path.name, dir_fd=here)
            if self._account:
                os.chown(path.name, self._account.uid, self._account.gid, dir_fd=here, follow_symlinks=False)

    @contextlib.contextmanager
    def _aside(self) -> Iterator[Path]:
        """A folder of the user's, beside the lasting ones and on the same file system, that ends with the block."""
        aside = self._layout.kept.with_name(f".{self._layout.service}-{os.getpid()}")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(mode=0o700)
        self._own(aside)
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _own(self, path: Path) -> None:
        if self._account:
            self._account.own(path)

    def _as_user(self, act: Callable[[], object]) -> None:
        """Does it in a process with the application's rights. Raises InstallError with what went wrong."""
        if self._account is None:
            act()
            return
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _child(self._account, act, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as said:
            words = said.read().decode(errors="replace")
        _, status = os.waitpid(child, 0)
        if status != 0:
            raise InstallError(f"data: {words or 'the copy ended before its time'}")


def _child(account: Account, act: Callable[[], object], writing: int) -> NoReturn:
    code = 1
    try:
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
        os.umask(0o027)
        act()
        code = 0
    except BaseException as error:  # noqa: BLE001 - the parent says it
        os.write(writing, str(error).encode(errors="replace")[:2000])
    finally:
        os._exit(code)


@contextlib.contextmanager
def _folder_of(root: Path, path: PurePosixPath, account: Account | None) -> Iterator[int]:
    """The folder that a path below `root` lies in, open; made where it is not there. Raises InstallError where a part
    of it is a link or a file."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for part in path.parent.parts:
            made = not _exists(part, handle)
            if made:
                os.mkdir(part, 0o750, dir_fd=handle)
            try:
                deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
            except OSError:
                raise InstallError(f"data: {part} in {path} is a link or a file, expected a folder") from None
            os.close(handle)
            handle = deeper
            if made and account:
                os.fchown(handle, account.uid, account.gid)
        yield handle
    finally:
        os.close(handle)


def _exists(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _is_link(name: str, folder: int) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    elif not _copy_database(source, target):
        shutil.copy2(source, target)


def _copy_database(source: Path, target: Path) -> bool:
    """Copies a SQLite database as it is at one moment, while an application goes on writing. False for other files."""
    with source.open("rb") as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            return False
    try:
        import sqlite3
    except ImportError:
        return False
    old, new = sqlite3.connect(str(source), timeout=30), sqlite3.connect(str(target))
    try:
        old.backup(new)
    finally:
        old.close()
        new.close()
    return True
