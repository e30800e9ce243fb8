"""Which signature tells best what a text says, whatever the order in which plugins bring them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind import Signature, Speaker, Stage, Weight
from hivemind.builds.build_causes import SIGNATURES as BUILD
from hivemind.deploy.stack_causes import SIGNATURES as CLOUD
from hivemind.hosts.application_causes import SIGNATURES as APPLICATION
from hivemind.values.signatures import match

pytestmark = pytest.mark.fast


def signature(name: str, pattern: str, **more: object) -> Signature:
    return Signature(name, pattern, **{"speaker": Speaker.BUILD, **more})  # type: ignore[arg-type]


def found(signatures: list[Signature], *lines: str, speaker: Speaker = Speaker.BUILD) -> str | None:
    one = match(signatures, lines, speaker)
    return f"{one.signature.id}:{one.number}" if one else None


GENERAL = signature("general", "failed", specificity=10)
SPECIAL = signature("special", "disk .* failed", specificity=20)


def test_in_one_line_the_more_specific_counts() -> None:
    assert found([GENERAL, SPECIAL], "disk sda failed") == "special:0"
    assert found([GENERAL, SPECIAL], "network failed") == "general:0"


def test_one_that_overrides_another_counts_before_it_whatever_the_numbers_say() -> None:
    mine = signature("mine", "sda", specificity=1, overrides=("special",))
    assert found([GENERAL, SPECIAL, mine], "disk sda failed") == "mine:0"
    theirs = signature("theirs", "disk", specificity=0, overrides=("mine",))
    assert found([GENERAL, SPECIAL, mine, theirs], "disk sda failed") == "theirs:0"


def test_two_that_override_each_other_end_and_keep_their_rank() -> None:
    one = signature("one", "x", specificity=2, overrides=("two",))
    two = signature("two", "x", specificity=1, overrides=("one",))
    assert found([one, two], "x") == found([two, one], "x")


def test_a_build_is_read_from_its_beginning_and_an_application_from_its_end() -> None:
    lines = ("first failed", "ready", "second failed")
    assert found([GENERAL], *lines) == "general:0"
    told = signature("told", "failed", speaker=Speaker.APPLICATION)
    assert found([GENERAL, told], *lines, speaker=Speaker.APPLICATION) == "told:2"


def test_a_line_that_names_a_cause_counts_before_one_that_only_says_that_something_failed() -> None:
    wrapper = signature("wrapper", "exit code", weight=Weight.WRAPPER)
    noise = signature("noise", "^warning: ", weight=Weight.NOISE)
    lines = ("warning: disk sda failed", "exit code 1", "network failed")
    assert found([wrapper, noise, GENERAL], *lines) == "general:2"
    assert found([wrapper, noise, GENERAL], *lines[:2]) == "wrapper:1"
    assert found([noise, GENERAL], lines[0]) is None


def test_a_signature_of_another_stage_does_not_count() -> None:
    late = signature("late", "x", stages=(Stage.VERIFY,))
    assert match([late], ["x"], Speaker.BUILD, Stage.BUILD) is None
    assert match([late], ["x"], Speaker.BUILD, Stage.VERIFY) is not None
    assert match([late], ["x"], Speaker.BUILD) is not None


def test_a_remedy_has_the_names_of_the_case_and_keeps_other_braces() -> None:
    one = signature("key", r"KeyError: '(\w+)'( again)?", remedy="services.{service}.env: {{1}: VALUE}{2} {3} {name}")
    at = match([one], ["KeyError: 'TOKEN'"], Speaker.BUILD)
    assert at is not None
    assert at.remedy("web") == "services.web.env: {TOKEN: VALUE} {3} {name}"


def test_an_expression_that_is_none_says_whose_it_is() -> None:
    with pytest.raises(ValueError, match=r"signature broken: '\(' is not a regular expression"):
        signature("broken", "(")
    with pytest.raises(ValueError, match="signature far"):
        signature("far", "x", point="[")


def test_ids_are_unique_and_below_those_of_plugins() -> None:
    every = (*CLOUD, *APPLICATION, *BUILD)
    assert len({one.id for one in every}) == len(every)
    assert max(one.specificity for one in every) < Signature("any", "x", Speaker.CLOUD).specificity


WORDS = st.sampled_from(
    ["disk", "failed", "sda", "KeyError: 'A_B'", "not found", "error: ", "ECONNREFUSED :5432", "\n"]
)


@given(st.permutations((*CLOUD, *APPLICATION, *BUILD)), st.lists(st.lists(WORDS).map(" ".join), max_size=4))
def test_the_order_in_which_signatures_come_means_nothing(shuffled: list[Signature], lines: list[str]) -> None:
    for speaker in Speaker:
        assert match(shuffled, lines, speaker) == match((*CLOUD, *APPLICATION, *BUILD), lines, speaker)
