"""Releases and a rollback under load lose nothing; the whole trial is `python -m benchmarks.load`."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.stress


def test_releases_and_a_rollback_lose_no_request_no_socket_and_no_row(tmp_path: Path) -> None:
    from benchmarks.load.trial import Trial, measured

    report = measured(tmp_path, Trial(requests=2400, rate=40, releases=3, rollbacks=1), say=lambda _: None)
    assert report.good, "\n".join(report.lines())
    assert report.requests >= 2400
    assert {one.what for one in report.done} == {"release", "rollback"}
    kinds = {one.kind for one in report.answered}
    assert kinds == {"page", "fresh", "write", "long", "slow", "socket", "stream"}
