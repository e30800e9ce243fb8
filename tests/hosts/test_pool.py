from __future__ import annotations

import threading

import pytest

from hivemind.hosts.pool import on_each, results
from hivemind.values.errors import Stage, StageError

pytestmark = pytest.mark.fast


def test_results_come_in_the_order_of_the_subjects() -> None:
    assert results(on_each(range(5), lambda number: number * number)) == (0, 1, 4, 9, 16)
    assert results(on_each((), str)) == ()


def test_every_piece_of_work_ends_before_an_error_is_raised() -> None:
    done: list[int] = []

    def work(number: int) -> int:
        if number % 2:
            raise StageError(Stage.DEPLOY, f"{number} failed", lines=[f"line {number}"])
        done.append(number)
        return number

    outcomes = on_each(range(6), work, most=2)
    assert sorted(done) == [0, 2, 4]
    assert [outcome.error is None for outcome in outcomes] == [True, False] * 3
    with pytest.raises(StageError, match=r"1 failed \(and 2 more: 3 failed; 5 failed\)") as caught:
        results(outcomes)
    assert caught.value.lines == ("line 1", "line 3", "line 5")


def test_no_more_at_a_time_than_said() -> None:
    lock, running, most = threading.Lock(), 0, 0
    gate = threading.Barrier(3)

    def work(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        gate.wait(10)
        with lock:
            running -= 1

    results(on_each(range(6), work, most=3))
    assert most == 3
