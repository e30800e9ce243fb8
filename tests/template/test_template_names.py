from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivemind.template import names
from hivemind.testing.strategies import names as blueprint_names


@pytest.mark.fast
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("web", "Instance", 1), "WebInstance1"),
        (("web", "TargetGroup"), "WebTargetGroup"),
        (("my-api", "TargetGroup"), "MyDashApiTargetGroup"),
        (("web-2", "Instance", 10), "WebDash2Instance10"),
        (("a", "Role"), "ARole"),
    ],
)
def test_a_logical_id_can_be_read(arguments: tuple[str, str, int], expected: str) -> None:
    assert names.logical_id(*arguments) == expected


@pytest.mark.fast
@pytest.mark.parametrize(
    "arguments",
    [
        ("Web", "Instance"),
        ("web--2", "Instance"),
        ("web-", "Instance"),
        ("2web", "Instance"),
        ("", "Instance"),
        ("web", "instance"),
        ("web", "DashInstance"),
        ("web", "VPCInstance"),
        ("web", "Instance2"),
        ("web", "Instance", 0),
        ("w" * 300, "Instance"),
    ],
)
def test_what_could_collide_is_refused(arguments: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="logical id"):
        names.logical_id(*arguments)


WORDS = st.tuples(st.sampled_from(ascii_uppercase), st.text(ascii_lowercase, min_size=1, max_size=4)).map("".join)
KINDS = st.lists(WORDS, min_size=1, max_size=3).map("".join).filter(lambda kind: not kind.startswith("Dash"))
INPUTS = st.tuples(blueprint_names(), KINDS, st.none() | st.integers(1, 30))


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(st.lists(INPUTS, unique=True, min_size=2, max_size=40))
def test_distinct_inputs_never_collide(inputs: list[tuple[str, str, int | None]]) -> None:
    ids = [names.logical_id(*one) for one in inputs]
    assert len(set(ids)) == len(ids)
    assert all(one.isalnum() for one in ids)


@pytest.mark.fast
def test_near_misses_differ() -> None:
    near = [
        ("a-b", "Cd"),
        ("ab", "Cd"),
        ("a", "BeCd"),
        ("a-dash-b", "Cd"),
        ("adashb", "Cd"),
        ("web", "Instance", 12),
        ("web1", "Instance", 2),
        ("web-1", "Instance", 2),
    ]
    assert len({names.logical_id(*one) for one in near}) == len(near)


@pytest.mark.fast
def test_what_belongs_to_the_deployment_is_no_logical_id_of_a_part() -> None:
    shared = [names.VPC, *names.PUBLIC_SUBNETS, names.LOAD_BALANCER, names.KEY_PAIR, names.SSH_ENDPOINT]
    assert all(one[:2].isupper() and not names.KIND.fullmatch(one[1:]) for one in shared)
