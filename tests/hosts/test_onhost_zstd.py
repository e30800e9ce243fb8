"""The reader of zstd against the library that writes it."""

from __future__ import annotations

import io
import random

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from hivemind.hosts.onhost import zstd
from hivemind.hosts.onhost.zstd import Reader, ZstdError

pytestmark = [
    pytest.mark.fast,
    pytest.mark.skipif(zstd.library() is None, reason="libzstd is not installed"),
]
CHUNK = Reader.CHUNK


def content(size: int, *, dense: bool) -> bytes:
    """dense: what can't be compressed."""
    return random.Random(size).randbytes(size) if dense else bytes(size)


def packed(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(data)


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5 * CHUNK, 5 * CHUNK + 10_240])
def test_it_reads_what_was_written(size: int, dense: bool) -> None:
    data = content(size, dense=dense)
    with Reader(io.BytesIO(packed(data))) as reader:
        assert reader.read() == data
        assert reader.read(10) == b""


@given(st.integers(0, 3 * CHUNK), st.lists(st.integers(1, CHUNK + 1), min_size=1, max_size=5), st.booleans())
def test_in_pieces_of_any_size(size: int, pieces: list[int], dense: bool) -> None:
    data, found = content(size, dense=dense), bytearray()
    with Reader(io.BytesIO(packed(data))) as reader:
        for number in range(size + 2):
            piece = reader.read(pieces[number % len(pieces)])
            if not piece:
                break
            found += piece
    assert found == data


@given(st.sampled_from([CHUNK - 1, CHUNK, 3 * CHUNK]), st.integers(1, 50))
def test_one_that_ends_too_early_is_refused(size: int, missing: int) -> None:
    whole = packed(content(size, dense=True))
    with Reader(io.BytesIO(whole[:-missing])) as reader, pytest.raises(ZstdError, match="truncated"):
        reader.read()
