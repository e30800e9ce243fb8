"""What instances say runs on them, in a record that was made from the stack."""

from __future__ import annotations

import pytest

from hivemind.cli.adopt import _words
from hivemind.deploy.state import DeploymentState, DeploymentStatus, Revision
from hivemind.flow.adoption import STACK, Adopted
from hivemind.flow.running_releases import RunningRelease, with_running

pytestmark = pytest.mark.fast
STATE = DeploymentState("shop-production-1", DeploymentStatus.DEPLOYED, revisions=(Revision(4, "2026-12-01"),))
ONE = RunningRelease("web", "i-1", "r6-0123456789ab", "a" * 64)


def test_an_apply_that_changed_no_resource_is_known_from_the_instances_alone() -> None:
    state = with_running(STATE, [ONE, RunningRelease("jobs", "i-3", "r2-abcdefabcdef", "b" * 64)])
    assert state.revision == 6
    assert dict(state.artifacts) == {"web": "a" * 64, "jobs": "b" * 64}
    assert dict(state.revisions[-1].artifacts) == dict(state.artifacts)


@pytest.mark.parametrize(
    "other",
    [
        RunningRelease("web", "i-2", "r5-000000000000", "c" * 64),
        RunningRelease("web", "i-2"),
        RunningRelease("web", "i-2", trouble="cannot reach i-2 by SSH"),
    ],
)
def test_a_service_whose_instances_differ_has_no_artifact(other: RunningRelease) -> None:
    assert dict(with_running(STATE, [ONE, other]).artifacts) == {}


def test_a_stack_that_is_further_keeps_its_number_and_a_foreign_release_says_nothing() -> None:
    assert with_running(STATE, [RunningRelease("web", "i-1", "r3-0123456789ab", "a" * 64)]).revision == 4
    assert with_running(STATE, [RunningRelease("web", "i-1", "2026-11-30", "a" * 64)]).revision == 4
    assert with_running(STATE, []).revision == 4


def test_people_are_told_what_runs_where_and_what_could_not_be_asked() -> None:
    lost = RunningRelease("web", "i-2", trouble="cannot reach i-2 by SSH: timed out")
    empty = RunningRelease("jobs", "i-3")
    words = _words(Adopted("shop-production-1", STATE, STACK, None, "UPDATE_COMPLETE", (ONE, lost, empty)))
    assert "web  i-1 runs r6-0123456789ab" in words
    assert "web  i-2 could not be asked: cannot reach i-2 by SSH: timed out" in words
    assert "jobs  i-3 runs no release" in words
