"""The page on errors, `hivemind/values/errors.py`, names all that are meant for people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hivemind.values import errors

pytestmark = pytest.mark.fast
PACKAGE = Path(errors.__file__).parents[1]


def bases() -> dict[str, set[str]]:
    """Class -> names of its bases, over all of HiveMind."""
    return {
        name: set(re.findall(r"\w+", given))
        for path in PACKAGE.rglob("*.py")
        for name, given in re.findall(r"^class (\w+)\(([^)]*)\)", path.read_text(), re.MULTILINE)
    }


def test_every_error_for_people_is_named_below_the_one_that_it_is() -> None:
    known = bases()

    def is_error(name: str) -> bool:
        return name == "HiveMindError" or any(is_error(base) for base in known.get(name, ()) if base != name)

    above: list[str] = []
    named: set[tuple[str, str | None]] = set()
    for indent, name in re.findall(r"^( *)([A-Z]\w+)(?:  |$)", errors.__doc__ or "", re.MULTILINE):
        above = [*above[: len(indent) // 2], name]
        named.add((name, above[-2] if len(above) > 1 else None))
    derived = {(name, base) for name in known if is_error(name) for base in known[name] if is_error(base)}
    assert {pair for pair in named if is_error(pair[0])} == derived | {("HiveMindError", None)}
