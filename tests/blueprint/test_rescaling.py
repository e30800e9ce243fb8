from __future__ import annotations

from dataclasses import replace

import pytest

from hivemind.blueprint.model import Blueprint, Service
from hivemind.blueprint.rescaling import rescaled, words
from hivemind.blueprint.scaled import Scaled
from hivemind.blueprint.scaling import Scaling
from hivemind.template.fragment import Assembly
from hivemind.template.scaled import scaled_in, with_scaled

pytestmark = pytest.mark.fast

SHOP = Blueprint("shop", services={"web": Service("web", instances=2), "mail": Service("mail")})
FOUR = Scaled(4, 2, "ana@laptop", "2026-12-01T10:00:00+00:00")
LATER = {"by": "ben@desk", "since": "2026-12-02T10:00:00+00:00"}


def numbers(blueprint: Blueprint) -> dict[str, int]:
    return {name: one.instances for name, one in blueprint.services.items()}


def test_a_number_holds_until_the_file_says_another() -> None:
    kept = rescaled(SHOP, {"web": FOUR})
    assert numbers(kept) == {"web": 4, "mail": 1}
    assert kept.scaled == {"web": FOUR}
    (said,) = words(kept, {"web": FOUR})
    assert said == "web: instances: 4 by hivemind scale (ana@laptop), hivemind.yaml says 2"
    edited = replace(SHOP, services={**SHOP.services, "web": Service("web", instances=3)})
    now = rescaled(edited, {"web": FOUR})
    assert (numbers(now)["web"], dict(now.scaled)) == (3, {})
    (said,) = words(now, {"web": FOUR})
    assert said == "web: instances: 3 by hivemind.yaml, no more 4 by hivemind scale"


def test_what_is_wanted_takes_its_place() -> None:
    asked = rescaled(SHOP, {"web": FOUR}, {"web": 0}, **LATER)
    assert numbers(asked)["web"] == 0
    assert asked.scaled["web"] == Scaled(0, 2, *LATER.values())
    assert rescaled(SHOP, {"web": FOUR}, {"web": 4}, **LATER).scaled == {"web": FOUR}, "who asked first"
    assert rescaled(SHOP, {"web": FOUR}, {"web": 2}, **LATER).scaled == {}, "what the file says needs no word"
    dropped = rescaled(SHOP, {"web": FOUR}, {"web": None}, **LATER)
    assert (numbers(dropped), dict(dropped.scaled)) == (numbers(SHOP), {})


def test_a_group_scales_by_itself() -> None:
    grouped = replace(SHOP, services={"web": Service("web", instances=2, scaling=Scaling(2, 6))})
    assert rescaled(grouped, {"web": FOUR}, {"web": 5}, **LATER).scaled == {}


def test_it_is_kept_in_the_metadata_of_the_template() -> None:
    assembly = Assembly({"Metadata": {"Mine": 1}, "Resources": {}}, {}, {}, {})
    kept = with_scaled(assembly, {"web": FOUR})
    assert kept.template["Metadata"]["Mine"] == 1
    assert scaled_in(kept.template) == {"web": FOUR}
    assert with_scaled(assembly, {}) is assembly


@pytest.mark.parametrize(
    "metadata", [None, {}, {"HiveMind": 1}, {"HiveMind": {"Scaled": []}}, {"HiveMind": {"Scaled": {"web": {"a": 1}}}}]
)
def test_what_nobody_can_read_counts_as_nothing(metadata: object) -> None:
    assert scaled_in({"Metadata": metadata}) == {}
