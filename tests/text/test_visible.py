"""Text of others does not steer the terminal that shows it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.text.visible import coloured, is_visible, visible

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain äöü 你好 🙂", "plain äöü 你好 🙂"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2Jgone", "\ufffd[2Jgone"),
        ("a\rb\nc", "a\ufffdb\ufffdc"),
        ("user\u202etxt.exe", "user\ufffdtxt.exe"),
        ("zero\u200bwidth", "zero\ufffdwidth"),
    ],
)
def test_what_steers_is_marked(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_steers_afterwards_and_nothing_else_changes(text: str) -> None:
    assert is_visible(visible(text))
    assert is_visible(visible(text, keep="\n\t").translate({10: None, 9: None}))
    if is_visible(text):
        assert visible(text) == text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain\ttext", "plain\ttext"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m\x1b[0m"),
        ("\x1b]0;title\x07\x1b[2Jgone\x00", "\ufffd]0;title\ufffd\ufffd[2Jgone\ufffd"),
    ],
)
def test_a_line_of_a_log_keeps_its_colours_and_steers_nothing(line: str, shown: str) -> None:
    assert coloured(line) == shown
