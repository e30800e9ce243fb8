"""Decompresses zstd through the library that every supported system carries for its package manager."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import IO, Any

MAGIC = b"\x28\xb5\x2f\xfd"
NAMES = ("libzstd.so.1", "libzstd.1.dylib", "/opt/homebrew/lib/libzstd.1.dylib", "/usr/local/lib/libzstd.1.dylib")


class ZstdError(Exception):
    """The stream is damaged, or there is no library to read it with."""


class _Buffer(ctypes.Structure):
    _fields_ = (("address", ctypes.c_void_p), ("size", ctypes.c_size_t), ("position", ctypes.c_size_t))


@functools.lru_cache(maxsize=1)
def library() -> Any:
    """The loaded library; None where there is none."""
    for name in NAMES:
        try:
            found = ctypes.CDLL(name)
            found.ZSTD_createDStream.restype = ctypes.c_void_p
            found.ZSTD_freeDStream.argtypes = (ctypes.c_void_p,)
            found.ZSTD_decompressStream.restype = ctypes.c_size_t
            found.ZSTD_decompressStream.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
            found.ZSTD_isError.argtypes = (ctypes.c_size_t,)
            found.ZSTD_getErrorName.argtypes = (ctypes.c_size_t,)
            found.ZSTD_getErrorName.restype = ctypes.c_char_p
        except (OSError, AttributeError):
            continue
        return found
    return None


class Reader:
    """A readable stream of what a zstd file holds. Close it, or use it as a context manager."""

    CHUNK = 1 << 17

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._library = library()
        if self._library is None:
            raise ZstdError("this instance has no libzstd")
        self._stream = self._library.ZSTD_createDStream()
        self._input = b""
        self._position = 0
        self._holding = ctypes.create_string_buffer(1)
        self._output = ctypes.create_string_buffer(self.CHUNK)
        self._ready = b""
        self._left = 0
        self._full = False

    def __enter__(self) -> Reader:  # noqa: PYI034 - Python 3.9 has no Self
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Frees what the library holds."""
        if self._stream:
            self._library.ZSTD_freeDStream(self._stream)
            self._stream = None

    def read(self, size: int = -1) -> bytes:
        """So many bytes, fewer at the end only; all that is left for a negative number. Raises ZstdError."""
        parts = []
        wanted = size
        while wanted != 0:
            if not self._ready:
                self._ready = self._more()
                if not self._ready:
                    break
            taken = self._ready if wanted < 0 else self._ready[:wanted]
            self._ready = self._ready[len(taken) :]
            parts.append(taken)
            if wanted > 0:
                wanted -= len(taken)
        return b"".join(parts)

    def _more(self) -> bytes:
        """The next piece of output; nothing at the end."""
        while True:
            if self._position == len(self._input) and not self._full:
                self._input, self._position = self._source.read(self.CHUNK), 0
                self._holding = ctypes.create_string_buffer(self._input, max(1, len(self._input)))
                if not self._input:
                    if self._left:
                        raise ZstdError("it is truncated")
                    return b""
            given = _Buffer(ctypes.cast(self._holding, ctypes.c_void_p), len(self._input), self._position)
            made = _Buffer(ctypes.cast(self._output, ctypes.c_void_p), self.CHUNK, 0)
            self._left = self._call(self._library.ZSTD_decompressStream, ctypes.byref(made), ctypes.byref(given))
            self._position = given.position
            # Nothing is left of a frame that has ended, also where its last piece fills the buffer.
            self._full = made.position == self.CHUNK and self._left != 0
            if made.position:
                return self._output.raw[: made.position]

    def _call(self, function: Callable[..., int], *arguments: Any) -> int:
        result = function(self._stream, *arguments)
        if self._library.ZSTD_isError(result):
            raise ZstdError(self._library.ZSTD_getErrorName(result).decode())
        return result
