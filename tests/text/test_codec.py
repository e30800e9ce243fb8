"""The codec: what does not fit is refused with its place. Round trips are in the tests of what is stored."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hivemind.text.codec import DecodeError, decode, encode

pytestmark = pytest.mark.fast


class Colour(enum.StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Part:
    size: int
    share: float = 0.5


@dataclass(frozen=True)
class Whole:
    name: str
    parts: tuple[Part, ...] = ()
    pair: tuple[str, int] | None = None
    named: Mapping[str, Part] = field(default_factory=dict)
    colour: Colour = Colour.RED
    path: Path | None = None
    anything: Any = None


FULL = Whole("a", (Part(1, 2.0),), ("x", 1), {"p": Part(3)}, Colour.RED, Path("/tmp"), {"k": [1]})


def test_round_trip() -> None:
    assert decode(Whole, encode(FULL)) == FULL
    assert decode(Whole, {"name": "a"}) == Whole("a")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "expected an object, found a list"),
        ({}, "name: missing"),
        ({"name": 1}, "name: expected str, found int"),
        ({"name": "a", "nmae": 1}, "nmae: unknown field"),
        ({"name": "a", "parts": [{"size": True}]}, r"parts\[0\].size: expected int, found bool"),
        ({"name": "a", "parts": {}}, "parts: expected a list, found an object"),
        ({"name": "a", "pair": ["x"]}, "pair: expected 2 items, found 1"),
        ({"name": "a", "named": {"p": None}}, "named.p: expected an object, found null"),
        ({"name": "a", "colour": "blue"}, "colour: 'blue' is not one of red"),
        ({"name": "a", "colour": []}, "colour: "),
        ({"name": "a", "path": 1}, "path: expected Path"),
    ],
)
def test_what_does_not_fit_says_where(data: Any, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        decode(Whole, data)


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        encode({"a": object()})
