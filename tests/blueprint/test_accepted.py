"""The schema is asked once about the same data, and always about data that it does not accept."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.blueprint import validate as module
from hivemind.blueprint.source import from_text
from hivemind.blueprint.validate import validate
from hivemind.values.errors import FindingsError
from hivemind.values.schemaparts import SchemaPart

pytestmark = pytest.mark.fast
GOOD = "hivemind: 1\nname: shop\nservices: {web: {port: 8000}}\nenvironments: {test: {services: {web: {port: 9000}}}}\n"


class Kept(set[str]):
    knows = set.__contains__
    keep = set.add


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    calls: list[object] = []
    compiled = module.compiled
    monkeypatch.setattr(module, "compiled", lambda schema: calls.append(schema) or compiled(schema))
    return calls


def test_accepted_data_are_compared_once(parts: dict[str, SchemaPart], asked: list[object]) -> None:
    kept = Kept()
    first = validate(from_text(GOOD, Path("hivemind.yaml")), parts, accepted=kept)
    second = validate(from_text(GOOD, Path("hivemind.yaml")), parts, accepted=kept)
    assert len(asked) == 1
    assert first == second


@pytest.mark.parametrize("change", [("9000", "9001"), ("8000", "'8000'"), ("shop", "shop2")])
def test_other_data_are_compared(parts: dict[str, SchemaPart], asked: list[object], change: tuple[str, str]) -> None:
    kept = Kept()
    validate(from_text(GOOD, Path("hivemind.yaml")), parts, accepted=kept)
    try:
        validate(from_text(GOOD.replace(*change), Path("hivemind.yaml")), parts, accepted=kept)
    except FindingsError:
        assert change[1] == "'8000'"
    assert len(asked) == 2


def test_another_schema_is_another_answer(parts: dict[str, SchemaPart], asked: list[object]) -> None:
    kept = Kept()
    validate(from_text(GOOD, Path("hivemind.yaml")), parts, accepted=kept)
    validate(from_text(GOOD, Path("hivemind.yaml")), {"qa": parts["qa"]}, accepted=kept)
    assert len(asked) == 2


def test_what_was_refused_is_refused_again(parts: dict[str, SchemaPart]) -> None:
    kept = Kept()
    said = []
    for _ in range(2):
        with pytest.raises(FindingsError) as refused:
            validate(from_text(GOOD + "colour: red\n", Path("hivemind.yaml")), parts, accepted=kept)
        said.append(refused.value.findings)
    assert said[0] == said[1]
    assert not kept
