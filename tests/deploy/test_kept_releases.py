"""Which revision a rollback returns to, and which releases on the instances are its."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.deploy.kept_releases import changed_services, kept_on_all, names_of, to_return_to
from hivemind.deploy.state import DeploymentState, DeploymentStatus, Revision

pytestmark = pytest.mark.fast


def revision(number: int, web: str, verdict: str | None = "good", back_to: int | None = None) -> Revision:
    return Revision(
        number, "2026-12-01T00:00:00Z", {"web": f"{web}-archive-of-it"}, releases={"web": web}, verdict=verdict,
        back_to=back_to,
    )  # fmt: skip


def state(*revisions: Revision, sources: Mapping[str, str] | None = None) -> DeploymentState:
    last = revisions[-1]
    return DeploymentState(
        "shop", DeploymentStatus.DEPLOYED, revisions=revisions, artifacts=last.artifacts,
        sources=last.releases if sources is None else sources,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("revisions", "number"),
    [
        ([revision(1, "a")], None),
        ([revision(1, "a"), revision(2, "b")], 1),
        ([revision(1, "a"), revision(2, "b", "bad"), revision(3, "c")], 1),
        ([revision(1, "a"), revision(2, "b", None), revision(3, "c")], 1),
        ([revision(1, "a"), revision(2, "a"), revision(3, "a")], None),
        # back to r1: what was left, and what runs, are not returned to
        ([revision(1, "a"), revision(2, "b"), revision(3, "a", back_to=1)], None),
        ([revision(1, "z"), revision(2, "a"), revision(3, "b"), revision(4, "a", back_to=2)], 1),
        # an apply after it: the return is a good revision like others
        ([revision(1, "a"), revision(2, "b"), revision(3, "a", back_to=1), revision(4, "c")], 3),
    ],
)
def test_the_last_good_revision_is_the_one(revisions: list[Revision], number: int | None) -> None:
    found = to_return_to(state(*revisions), None)
    assert (found.number if found else None) == number


def test_a_named_one_is_found_whatever_it_was() -> None:
    whole = state(revision(1, "a"), revision(2, "b", "bad"), revision(3, "a", back_to=1))
    found = to_return_to(whole, 2)
    assert found is not None
    assert found.verdict == "bad"
    assert to_return_to(whole, 3) is None, "it is the one that is deployed"
    assert to_return_to(whole, 9) is None


def test_a_service_that_was_interrupted_counts_as_changed() -> None:
    assert changed_services(state(revision(1, "a"), revision(2, "a")), revision(1, "a")) == ()
    assert changed_services(state(revision(1, "a"), revision(2, "a"), sources={}), revision(1, "a")) == ("web",)
    assert changed_services(state(revision(2, "b")), Revision(1, "then")) == (), "made before releases were recorded"


def test_a_release_has_the_name_of_the_revision_that_installed_it() -> None:
    whole = state(revision(1, "a"), revision(2, "b"), revision(3, "a", back_to=1), revision(4, "c"))
    names = names_of(whole, whole.revisions[2], "web")
    assert names == ("r3-a-archive-of", "r1-a-archive-of")
    assert kept_on_all(names, {"i-1": ["r1-a-archive-of", "r2-b-archive-of"], "i-2": ["r1-a-archive-of"]}) == {
        "i-1": "r1-a-archive-of",
        "i-2": "r1-a-archive-of",
    }
    assert kept_on_all(names, {"i-1": ["r1-a-archive-of"], "i-2": ["r4-c-archive-of"]}) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["good", "bad", None])), min_size=1, max_size=12))
def test_it_is_earlier_good_and_another_one_than_runs(history: list[tuple[str, str | None]]) -> None:
    whole = state(*(revision(number, *one) for number, one in enumerate(history, 1)))
    found = to_return_to(whole, None)
    others = [one for one in whole.revisions[:-1] if one.verdict == "good" and one.releases != whole.sources]
    assert found == (others[-1] if others else None)
