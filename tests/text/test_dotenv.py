from __future__ import annotations

import pytest

from hivemind.text.dotenv import read

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("# nothing\n\n   \n", {}),
        ("A=1", {"A": "1"}),
        ("A = 1 \r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("export A=1\n\texport  B=2", {"A": "1", "B": "2"}),
        ("A=1 # said\nB=1#2\nC=a b", {"A": "1", "B": "1#2", "C": "a b"}),
        ("A='x y # $HOME \\n'", {"A": "x y # $HOME \\n"}),
        ('A="x \\"y\\" \\$z $z \\n \\q" # said', {"A": 'x "y" $z $z \n \\q'}),
        ('A="one\ntwo"\nB=3', {"A": "one\ntwo", "B": "3"}),
        ("A=p=q==", {"A": "p=q=="}),
        ("\ufeffA=1", {"A": "1"}),
    ],
)
def test_what_is_understood(text: str, values: dict[str, str]) -> None:
    found = read(text)
    assert found.wrong == ()
    assert found.values == values


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("A=1\nhunter2\n", 2, 8, "expected = after hunter2"),
        ("A=1\n  1A=hunter2", 2, 3, "expected a name"),
        ("A-B=hunter2", 1, 2, "expected = after A"),
        ("A: hunter2", 1, 2, "expected = after A"),
        ("A='hunter2\nB=1\n", 1, 3, "the quote of A is not closed"),
        ("A='hunter2' x", 1, 12, "expected the end of the line after the value of A"),
        ("A=1\nB=\n", 2, 1, "B has no value"),
        ("A=1\n\nA=hunter2", 3, 1, "A is on line 1 already"),
    ],
)
def test_what_is_wrong_has_its_place(text: str, line: int, column: int, message: str) -> None:
    (wrong,) = read(text).wrong
    assert (wrong.line, wrong.column) == (line, column)
    assert wrong.message.startswith(message)


def test_every_wrong_line_is_named_and_no_value_shown() -> None:
    found = read("=hunter2\nA hunter2\nB='hunter2")
    assert [one.line for one in found.wrong] == [1, 2, 3]
    assert "hunter2" not in " ".join(one.message for one in found.wrong) + repr(read("A=hunter2"))
