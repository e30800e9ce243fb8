"""The instances' /etc: one copy of this machine's, and over it, for each instance, what it changed.

An overlay mount carries it, since a copy for each instance takes longer than all else that starts one. Where the kernel
or the file system permits no overlay, the instance copies the rest itself when it starts.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hivemind.local.mounts import mount

ETC = "/etc"
_BASE, _WORK = "etc.base", "etc.work"


def base(directory: Path) -> Path:
    """The copy of this machine's /etc as it is now, made where there is none yet.

    directory: holds copies, one for each state of /etc. What not everyone may read is not in it.
    """
    entries = tuple(_readable(ETC))
    seen = hashlib.sha256()
    for path, mode, status in entries:
        seen.update(f"{path}\0{mode}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    made = directory / seen.hexdigest()[:16]
    if not made.is_dir():
        directory.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=directory, prefix=f"{made.name}."))
        _copy(entries, str(scratch))
        with contextlib.suppress(OSError):  # another thread was faster
            scratch.rename(made)
        shutil.rmtree(scratch, ignore_errors=True)
    return made


def lay(tree: Path, copy: Path | None) -> None:
    """Makes the /etc of a new instance. copy: of `base`, to be shown under its own; None: it gets one of its own."""
    if copy is None:
        _copy(tuple(_readable(ETC)), str(tree / "etc"))
        return
    (tree / _BASE).symlink_to(os.path.relpath(copy, tree))
    (tree / _WORK).mkdir()


def text(tree: Path, name: str) -> str:
    """The content of a file of an instance's /etc, as laid out; empty where there is none."""
    for folder in (tree / "etc", tree / _BASE):
        with contextlib.suppress(OSError):
            return (folder / name).read_text(errors="replace")
    return ""


def show(tree: Path) -> bool:
    """Runs inside, before anything else is mounted: shows the whole /etc. Whether it is mounted; else `etc` of the tree
    is whole and to be mounted."""
    if not (tree / _WORK).is_dir():
        return False
    folders = [os.open(tree / name, os.O_PATH) for name in (_BASE, "etc", _WORK)]
    try:
        lower, upper, work = (f"/proc/self/fd/{folder}" for folder in folders)
        layers = f"lowerdir={lower},upperdir={upper},workdir={work}"
        for options in (layers, f"{layers},userxattr"):
            with contextlib.suppress(OSError):
                mount("overlay", ETC, "overlay", 0, options)
                return True
        _complete(str((tree / _BASE).resolve()), str(tree / "etc"))
        (tree / _WORK).rmdir()
        return False
    finally:
        for folder in folders:
            os.close(folder)


def _readable(folder: str, below: str = "") -> Iterator[tuple[str, int, os.stat_result]]:
    """(path below, mode, status) of what everyone may read; a folder comes before what is in it.

    Names are texts and not Paths, whose making would take as long as the rest.
    """
    with contextlib.suppress(OSError), os.scandir(folder + below) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            with contextlib.suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                mode, path = status.st_mode, f"{below}/{entry.name}"
                if stat.S_ISLNK(mode) or (mode & stat.S_IROTH and (stat.S_ISDIR(mode) or stat.S_ISREG(mode))):
                    yield path, mode, status
                    if stat.S_ISDIR(mode):
                        yield from _readable(folder, path)


def _copy(entries: tuple[tuple[str, int, os.stat_result], ...], target: str) -> None:
    os.makedirs(target, exist_ok=True)  # noqa: PTH103
    os.chmod(target, 0o755)  # noqa: PTH101  - whatever the daemon's umask
    for path, mode, _ in entries:
        with contextlib.suppress(OSError):
            _copy_one(ETC + path, target + path, mode)


def _copy_one(source: str, place: str, mode: int) -> None:
    if stat.S_ISLNK(mode):
        os.symlink(os.readlink(source), place)  # noqa: PTH115, PTH211
    elif stat.S_ISDIR(mode):
        os.mkdir(place)  # noqa: PTH102
        os.chmod(place, 0o755)  # noqa: PTH101
    else:
        shutil.copyfile(source, place)
        os.chmod(place, stat.S_IMODE(mode) & 0o755 | stat.S_IWUSR)  # noqa: PTH101


def _complete(source: str, target: str) -> None:
    """Copies what the target does not have."""
    for path, mode, _ in tuple(_readable(source)):
        if not os.path.lexists(target + path):
            _copy_one(source + path, target + path, mode)
