"""From which certainty on Recon acts: half. What is less certain is shown, and left to a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.agents.recon import hivemind_detect
from hivemind.detections.answer import answer
from hivemind.detections.detection import Detection, Precedence, all_of, best
from hivemind.repositories.repository import read

pytestmark = pytest.mark.fast


def need(value: str, confidence: float, file: str = "a.py") -> Detection:
    return Detection("need", value, file, 1, Precedence.CODE, confidence)


@pytest.mark.parametrize(
    ("confidences", "acted_upon"),
    [
        ([0.49], False),
        ([0.5], True),
        ([0.28, 0.28], False),  # 48 % together
        ([0.3, 0.3], True),  # 51 %
        ([0.2, 0.2, 0.2], False),
        ([0.4, 0.1, 0.1], True),
    ],
)
def test_a_need_is_acted_upon_from_half_on(confidences: list[float], acted_upon: bool) -> None:
    found = [need("postgres", confidence, f"{number}.py") for number, confidence in enumerate(confidences)]
    assert [one.value for one in all_of(found, "need")] == (["postgres"] if acted_upon else [])
    assert [one.value for one in all_of(found, "need", least=0)] == ["postgres"], "it is shown all the same"


def test_a_need_keeps_the_names_that_the_code_has_for_it_beside_a_compose_file() -> None:
    compose = Detection("need", "postgres", "compose.yaml", 4, Precedence.CONTAINER, 0.7)
    code = Detection("need", "postgres", "a.py", 1, Precedence.CODE, 0.95, "psycopg in setup.py, DB_HOST, DB_NAME")
    [found] = all_of([code, compose], "need")
    assert (found.file, found.note) == ("compose.yaml", "psycopg in setup.py, DB_HOST, DB_NAME")


def test_what_serves_is_started_from_half_on() -> None:
    for confidence in (0.49, 0.5):
        start = Detection("start", "python a.py", "a.py", None, Precedence.CODE, confidence)
        assert answer([start]).serves is (confidence == 0.5)


def test_the_same_file_counts_once() -> None:
    assert all_of([need("redis", 0.4), need("redis", 0.4)], "need") == ()


def test_a_likely_command_is_better_than_an_unlikely_one_of_a_weightier_file() -> None:
    def start(value: str, confidence: float, precedence: Precedence) -> Detection:
        return Detection("start", value, "x", 1, precedence, confidence)

    for confidence, chosen in ((0.49, "plain"), (0.5, "weighty")):
        found = [start("weighty", confidence, Precedence.DECLARED), start("plain", 0.8, Precedence.CONVENTION)]
        decided = best(found, "start", least=0.5)
        assert decided is not None
        assert decided.value == chosen


def test_recon_shows_and_does_not_add_what_is_less_than_likely(tmp_path: Path) -> None:
    """A database driver that no code reads an address for is a guess."""
    (tmp_path / "app.py").write_text("from flask import Flask\napp = Flask('a')\n")
    (tmp_path / "requirements.txt").write_text("flask\ngunicorn\n")
    seen = hivemind_detect(repository=read(tmp_path), path=".")
    for confidence, needs in ((0.49, set()), (0.5, {"mysql"})):
        found = answer([*seen, need("mysql", confidence)])
        assert {one.value for one in found.several["needs"]} == needs, confidence
        assert {one.value for one in found.unlikely} == {"mysql"} - needs, confidence
