from __future__ import annotations

import re
from pathlib import Path

import pytest

from hivemind.lint.explained import EXPLAINED
from hivemind.template import names

pytestmark = pytest.mark.fast

PAGE = (Path(__file__).parents[2] / "docs" / "template.md").read_text(encoding="utf-8")


def test_every_remark_that_is_left_out_is_listed_with_its_reason() -> None:
    listed = re.findall(r"^\| ([EWI]\d+) \|", PAGE, flags=re.MULTILINE)
    assert listed == sorted({one.rule for one in EXPLAINED})


def test_calls_on_the_page_give_what_it_says() -> None:
    calls = re.findall(r"^\| `(names\.[a-z_]+\([^`]*\))` \| `(\w+)` \|", PAGE, flags=re.MULTILINE)
    assert len(calls) == 5
    for call, expected in calls:
        assert eval(call, {"names": names}) == expected


def test_outputs_on_the_page_exist() -> None:
    golden = (Path(__file__).parents[1] / "golden" / "grown" / "template.yaml").read_text(encoding="utf-8")
    outputs = golden[golden.index("\nOutputs:") :]
    section = PAGE[PAGE.index("Outputs:") : PAGE.index("Every resource that supports tags")]
    named = re.findall(r"`([A-Z]\w+)`", section)
    assert len(named) >= 9
    assert all(f"\n  {name}:" in outputs for name in named)
