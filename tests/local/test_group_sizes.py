"""How many instances a group wants, by the use of their processors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.local.scaling import Load, Size, wanted

COOLDOWN = 60.0


@pytest.mark.fast
@pytest.mark.parametrize(
    ("size", "load", "expected"),
    [
        (Size(2, 6, 2), Load(100, 61), 4),  # twice the target needs twice as many
        (Size(2, 6, 2), Load(100, 59), 2),  # the last change has had no effect yet
        (Size(2, 6, 5), Load(100, 61), 6),  # never more than most
        (Size(2, 6, 4), Load(10, 119), 4),  # down more carefully than up
        (Size(2, 6, 4), Load(10, 121), 3),  # one at a time
        (Size(2, 6, 2), Load(0, 999), 2),  # never fewer than least
        (Size(2, 6, 4), Load(47, 999), 4),  # near the target
        (Size(2, 6, 4), None, 4),
        (Size(3, 6, 2), None, 3),  # bounds that changed
        (Size(1, 1, 2), Load(99, 999), 1),
    ],
)
def test_capacity_follows_the_metric(size: Size, load: Load | None, expected: int) -> None:
    assert wanted(size, load, 50, COOLDOWN) == expected


@pytest.mark.property
@given(st.integers(1, 9), st.integers(0, 9), st.integers(0, 20), st.floats(0, 100), st.floats(0, 500))
def test_bounds_always_hold(least: int, more: int, desired: int, percent: float, since: float) -> None:
    size = Size(least, least + more, desired)
    assert least <= wanted(size, Load(percent, since), 60, COOLDOWN) <= least + more
