"""mount(2) and mount_setattr(2), as instances need them in a mount namespace of their own."""

from __future__ import annotations

import ctypes
import os

MS_REC, MS_BIND, MS_PRIVATE, MS_NOSUID, MS_NODEV, MS_NOEXEC = 0x4000, 0x1000, 1 << 18, 2, 4, 8
_MOUNT_SETATTR, _AT_RECURSIVE, _AT_FDCWD, _RDONLY = 442, 0x8000, -100, 1


def bind(source: str, target: str) -> None:
    """Shows a directory at another place too, in this mount namespace. Raises OSError."""
    # Recursive: the kernel refuses to ordinary users a copy that would uncover what is mounted below.
    mount(source, target, None, MS_BIND | MS_REC)


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """mount(2). Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    encoded = None if kind is None else kind.encode()
    if libc.mount(source.encode(), target.encode(), encoded, ctypes.c_ulong(flags), options.encode() or None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def read_only(path: str, *, recursive: bool) -> bool:
    """Makes a mount read-only, with `recursive` all below, too. Whether the kernel did."""
    return _attribute(path, _RDONLY, 0, recursive)


def writable(path: str) -> bool:
    """Makes a mount writable again. Whether the kernel did."""
    return _attribute(path, 0, _RDONLY, recursive=False)


def _attribute(path: str, on: int, off: int, recursive: bool) -> bool:
    """mount_setattr(2), Linux 5.12 and later."""
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = (ctypes.c_uint64 * 4)(on, off, 0, 0)
    result = libc.syscall(
        ctypes.c_long(_MOUNT_SETATTR),
        ctypes.c_int(_AT_FDCWD),
        path.encode(),
        ctypes.c_uint(_AT_RECURSIVE if recursive else 0),
        attributes,
        ctypes.c_size_t(32),
    )
    return bool(result == 0)
