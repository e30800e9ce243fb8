"""Releases and a rollback under load lose nothing; the whole trial is `python -m benchmarks.load`."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.stress


STRATEGIES = (
    "strategy: rolling",
    "strategy: {type: blue-green, bake: 1}",
    "strategy: {type: blue-green, bake: 1, keep: true}",
)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_releases_and_a_rollback_lose_no_request_no_socket_and_no_row(tmp_path: Path, strategy: str) -> None:
    from benchmarks.load.trial import Trial, measured

    report = measured(tmp_path, Trial(1800, 30, releases=3, rollbacks=1, service=strategy), say=lambda _: None)
    assert report.good, "\n".join(report.lines())
    assert report.requests >= 1800
    assert {one.what for one in report.done} == {"release", "rollback"}
    kinds = {one.kind for one in report.answered}
    assert kinds == {"page", "fresh", "write", "long", "slow", "socket", "stream"}


def test_what_stops_before_it_starts_loses_requests_and_the_client_sees_it(tmp_path: Path) -> None:
    from benchmarks.load.trial import Trial, measured

    report = measured(
        tmp_path, Trial(300, 30, releases=1, rollbacks=0, service="strategy: recreate"), say=lambda _: None
    )
    assert not report.good
    assert {one.kind for one in report.lost} & {"page", "fresh", "write"}
    assert not report.wrong_rows, "a row that was accepted is there, also then"
