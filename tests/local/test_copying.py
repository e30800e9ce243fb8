"""Copies of the emulator's state: the same as those of `copy.deepcopy`."""

from __future__ import annotations

import copy
import threading
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.local.copying import Copying, quicken

pytestmark = pytest.mark.fast
LEAVES = st.none() | st.booleans() | st.integers() | st.text() | st.binary()
DATA = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@given(DATA)
def test_a_copy_is_equal_and_nothing_of_it_is_shared(value: object) -> None:
    holder = {"first": [value], "second": [value]}
    made = Copying.deepcopy(holder)
    assert made == holder
    made["first"].append("more")
    assert holder["first"] == [value]
    assert made["second"] == [value]


def test_what_pickle_does_not_take_is_copied_all_the_same() -> None:
    class Local:
        inner: list[int]

    made = Local()
    made.inner = [1]
    copied = Copying.deepcopy({"one": made})
    assert copied["one"] is not made
    copied["one"].inner.append(2)
    assert made.inner == [1]
    with pytest.raises(TypeError):
        Copying.deepcopy(threading.Lock())


def test_modules_that_import_copy_get_it() -> None:
    with_it, without = SimpleNamespace(copy=copy), SimpleNamespace(copy="another")
    quicken((with_it, without))
    assert with_it.copy.deepcopy({"a": [1]}) == {"a": [1]}
    assert (with_it.copy, without.copy) == (Copying, "another")
