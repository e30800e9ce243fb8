"""Starts a program that ends with its parent; when asked to, as another user and with folders it could not reach.

A held folder is an open one: the program finds it as /proc/self/fd/N, whoever owns the folders above it.

Run by path (`python -I -S launch.py ... -- PROGRAM`), so it needs the standard library only. It exists
because neither a threaded parent's preexec function nor a shell can do this safely.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

MOUNTS = "/mnt"
"""Where mounted folders appear to the program, in a mount namespace of its own."""
_PR_SET_PDEATHSIG = 1
_CLONE_NEWNS, _CLONE_NEWUSER = 0x20000, 0x10000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18


def _mount(libc: ctypes.CDLL, source: str, target: str, kind: str | None, flags: int) -> None:
    if libc.mount(source.encode(), target.encode(), kind.encode() if kind else None, flags, None) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"mount {source} on {target}: {os.strerror(code)}")


def _mount_all(libc: ctypes.CDLL, folders: dict[str, str]) -> None:
    """folders: name below MOUNTS -> source."""
    if libc.unshare(_CLONE_NEWNS) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"unshare: {os.strerror(code)}")
    _mount(libc, "none", "/", None, _MS_REC | _MS_PRIVATE)
    sources = {name: os.open(source, os.O_PATH | os.O_DIRECTORY) for name, source in folders.items()}
    _mount(libc, "tmpfs", MOUNTS, "tmpfs", 0)
    os.chmod(MOUNTS, 0o755)  # noqa: PTH101
    for name, descriptor in sources.items():
        target = f"{MOUNTS}/{name}"
        os.mkdir(target, 0o755)  # noqa: PTH102
        _mount(libc, f"/proc/self/fd/{descriptor}", target, None, _MS_BIND)
        os.close(descriptor)


def _appear_as(libc: ctypes.CDLL, uid: int) -> None:
    """Makes the program see itself as another user, with the rights it has (a user namespace)."""
    mine, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWUSER) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"unshare: {os.strerror(code)}")
    lines = {"setgroups": "deny", "uid_map": f"{uid} {mine} 1", "gid_map": f"{uid} {group} 1"}
    for name, text in lines.items():
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
            file.write(text)


def main(arguments: list[str]) -> None:
    """arguments: parent=PID [uid=N gid=N] [appear=N] [hold=N=FOLDER] [mount=NAME=SOURCE ...] -- PROGRAM [ARGUMENT ...]

    hold: opens a folder as descriptor N. mount: shows one below MOUNTS. appear: as which user id it sees itself.
    """
    split = arguments.index("--")
    options = [argument.split("=", 1) for argument in arguments[:split]]
    program = arguments[split + 1 :]
    values = {name: value for name, value in options if name != "mount"}
    folders = dict(value.split("=", 1) for name, value in options if name == "mount")
    if "hold" in values:
        number, folder = values["hold"].split("=", 1)
        os.dup2(os.open(folder, os.O_RDONLY | os.O_DIRECTORY), int(number), inheritable=True)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if folders:
            _mount_all(libc, folders)
    if "uid" in values:
        os.setgroups([])
        os.setgid(int(values["gid"]))
        os.setuid(int(values["uid"]))
    if "appear" in values:
        _appear_as(libc, int(values["appear"]))
    if sys.platform == "linux":
        # After the change of user, which clears it. SIGINT is PostgreSQL's fast shutdown.
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    if os.getppid() != int(values["parent"]):
        sys.exit(1)
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
