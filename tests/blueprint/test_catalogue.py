"""The catalogue of findings reads as sentences: what `hivemind explain` and docs/findings.md print."""

from __future__ import annotations

import re

import pytest

from hivemind.blueprint.catalogue import CATALOGUE, ENTRIES, Entry

pytestmark = pytest.mark.fast


def test_no_id_has_two_meanings() -> None:
    ids = [entry.id for entry in ENTRIES]
    assert sorted({one for one in ids if ids.count(one) > 1}) == []


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=list(CATALOGUE))
def test_an_entry_is_made_of_sentences_with_code_in_backquotes(entry: Entry) -> None:
    assert not entry.title.endswith(".")
    for text in (entry.meaning, entry.fix):
        assert re.match(r"[A-Z`]", text), text
        assert text.endswith("."), text
        assert "  " not in text, "code is quoted by backquotes, not by blanks"
        assert text.count("`") % 2 == 0, text
