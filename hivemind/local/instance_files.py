"""An instance's own file tree: laid out by the daemon, mounted inside the instance.

Own are /etc, /home, /opt, /root, /srv, /tmp, /var/lib, /var/log and /run; the rest is this machine's, read-only where
the kernel lets us. What the running Python needs and would be hidden by that (a virtual environment in
somebody's home) is shown again at its place.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from hivemind.local import instance_etc, interpreters
from hivemind.local.mounts import MS_NODEV, MS_NOEXEC, MS_NOSUID, bind, mount, read_only, writable

OWN = ("etc", "home", "opt", "root", "srv", "tmp", "var/lib", "var/log")
SHIMS = "/run/hivemind/bin"


_SUDO = """#!/bin/sh
# This instance's login is root already.
user=root
while [ $# -gt 0 ]; do
  case "$1" in
    -u) user=$2; shift 2 ;;
    --user=*) user=${{1#--user=}}; shift ;;
    -i|-s) shift; [ $# -gt 0 ] || exec /bin/sh -l ;;
    -g|-C|-h|-p|-R|-T|-D) shift 2 ;;
    --) shift; break ;;
    -*) shift ;;
    *=*) export "$1"; shift ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || exit 0
{drop}exec "$@"
"""
_DROP = """if [ "$user" != root ]; then
  uid=$(id -u "$user") && gid=$(id -g "$user") || exit 1
  exec setpriv --reuid="$uid" --regid="$gid" --clear-groups -- "$@"
fi
"""


def lay_out(tree: Path, *, hostname: str, address: str, uid: int | None, etc: Path | None) -> None:
    """Makes the tree of an instance at its first start; a tree that is there stays as it is, but for /tmp.

    uid: of the instance's own user `hivemind`; None where no other user can be had, then the name means
    the instance's root. etc: the copy of this machine's /etc (`instance_etc.base`) that is shown under the instance's
    own; None where nothing can be mounted.
    """
    shutil.rmtree(tree / "tmp", ignore_errors=True)
    first = not (tree / "etc/hivemind").is_dir()
    for name in OWN:
        _folder(tree / name)
    (tree / "tmp").chmod(0o1777)
    if not first:
        return
    instance_etc.lay(tree, etc)
    _accounts(tree, uid)
    _write(tree / "etc/hostname", hostname + "\n")
    _write(tree / "etc/hosts", f"127.0.0.1 localhost\n{address} {hostname}\n")
    home, own = tree / "home/admin", tree / "var/lib/hivemind"
    for directory in (home, own):
        _folder(directory)
    (tree / "root").chmod(0o711)
    if uid is not None:
        os.chown(own, uid, uid)
    for directory in (tree / "etc/hivemind", tree / "etc/hivemind/boot.d"):
        _folder(directory)


def _folder(path: Path) -> None:
    """A folder that everyone in the instance may enter, whatever the daemon's umask."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for one in missing:
        one.chmod(0o755)


def _accounts(tree: Path, uid: int | None) -> None:
    own = 0 if uid is None else uid
    added = {
        "passwd": (
            "admin:x:0:0:Debian:/home/admin:/bin/bash",
            f"hivemind:x:{own}:{own}::/var/lib/hivemind:/usr/sbin/nologin",
        ),
        "group": (f"hivemind:x:{own}:",),
    }
    for name, ours in added.items():
        taken = {line.split(":", 1)[0] for line in ours}
        there = instance_etc.text(tree, name).splitlines()
        kept = [line for line in there if line.split(":", 1)[0] not in taken]
        _write(tree / "etc" / name, "".join(f"{line}\n" for line in (*kept, *ours)))


def _write(path: Path, text: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    path.write_text(text)
    path.chmod(0o644)


def needed() -> tuple[str, ...]:
    """Directories that the instance's own tree would hide but its programs need: of the running Python, of
    HiveMind, and of the other interpreters on the PATH, which applications may ask for."""
    package = Path(__file__).resolve().parents[1]
    checkout = str(package.parent)
    wanted = {sys.prefix, sys.base_prefix, str(package), str(Path(sys.executable).resolve().parents[1])}
    wanted |= {entry for entry in sys.path if entry and Path(entry).is_dir() and str(Path(entry).resolve()) != checkout}
    wanted |= set(interpreters.folders())
    hidden = tuple(f"/{name}/" for name in (*OWN, "run"))
    found = sorted({str(Path(one).resolve()) for one in wanted} | {str(Path(one).absolute()) for one in wanted})
    chosen: list[str] = []
    for one in found:
        if f"{one}/".startswith(hidden) and not any(f"{one}/".startswith(f"{other}/") for other in chosen):
            chosen.append(one)
    return tuple(chosen)


def enter(tree: Path, keep: Iterable[str]) -> list[str]:
    """Runs inside, in a mount namespace of its own: puts the tree's directories in place.

    Returns what the kernel did not permit, one sentence each; raises OSError when not even bind mounts work.
    """
    refused: list[str] = []
    shown = {"etc"} if instance_etc.show(tree) else set()
    own = {name: os.open(tree / name, os.O_PATH) for name in OWN if Path("/", name).is_dir() and name not in shown}
    kept = {place: os.open(place, os.O_PATH) for place in keep if Path(place).is_dir()}
    if not read_only("/", recursive=True):
        refused.append("only permissions protect this machine's files")
    sources = {descriptor: f"/proc/self/fd/{descriptor}" for descriptor in (*own.values(), *kept.values())}
    for name, descriptor in own.items():
        bind(sources[descriptor], f"/{name}")
    for name in (*own, *shown):
        writable(f"/{name}")
    for place, options in (("/run", "mode=755"), ("/dev/shm", "mode=1777")):
        try:
            mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, options)
        except OSError as error:
            refused.append(f"{place} belongs to this machine: {error.strerror}")
    for place, descriptor in kept.items():
        Path(place).mkdir(parents=True, exist_ok=True)
        bind(sources[descriptor], place)
    try:
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    except OSError as error:
        refused.append(f"/proc shows this machine's processes: {error.strerror}")
    for descriptor in (*own.values(), *kept.values()):
        os.close(descriptor)
    return refused


def shims(directory: Path, *, drop: bool) -> None:
    """Writes `sudo` and this Python's names into a directory of the PATH. drop: `sudo -u` can become another user."""
    directory.mkdir(parents=True, exist_ok=True)
    sudo = directory / "sudo"
    sudo.write_text(_SUDO.format(drop=_DROP if drop else ""))
    sudo.chmod(0o755)
    python = Path(sys.executable).resolve()
    for name in ("python3", f"python3.{sys.version_info.minor}"):
        with contextlib.suppress(FileNotFoundError):
            (directory / name).unlink()
        (directory / name).symlink_to(python)
