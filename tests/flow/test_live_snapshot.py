"""What an apply takes for what stands: the stack, and what only the record knows of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from one_account import IDS, TEMPLATE, Account

from hivemind.deploy.state import DeploymentState, DeploymentStatus, Recorded, Revision
from hivemind.flow.checking import Checked, check
from hivemind.flow.prepare import kept_now, live_snapshot
from hivemind.plan.model import Basis
from hivemind.plugins.loading import load
from hivemind.testing.project import hello

pytestmark = pytest.mark.fast


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    for name, text in hello("shop").items():
        (tmp_path / name).write_text(text)
    return check(tmp_path / "hivemind.yaml", load(third_party=False), lint=False)


def state(revision: int) -> DeploymentState:
    return DeploymentState(
        "shop",
        DeploymentStatus.DEPLOYED,
        sources={"web": "a", "job": "b"},
        parts={"web": {"the code": "c"}},
        revisions=(Revision(revision, "2026-11-30T00:00:00+00:00"),),
        recorded=Recorded("CREATE_COMPLETE", TEMPLATE, {}, {}, IDS),
    )


def test_the_stack_and_what_is_recorded_of_its_releases(checked: Checked) -> None:
    found = live_snapshot(checked, Account(), state(3))  # type: ignore[arg-type]
    assert (found.basis, found.status, found.stack_id) == (Basis.LIVE, "CREATE_COMPLETE", "arn:stack")
    assert (found.template, found.physical_ids) == (TEMPLATE, IDS)
    assert (found.artifacts, found.parts) == ({"web": "a", "job": "b"}, {"web": {"the code": "c"}})
    assert found.repairs == ()


@pytest.mark.parametrize(("recorded", "revision"), [(None, 2), (1, 2), (3, 3), (7, 7)])
def test_the_number_goes_on_from_the_higher_one(checked: Checked, recorded: int | None, revision: int) -> None:
    """The stack says r3: that was the last to change it, and it may not have ended well."""
    known = None if recorded is None else state(recorded)
    assert live_snapshot(checked, Account(), known).revision == revision  # type: ignore[arg-type]


def test_with_a_lost_record_nothing_counts_as_released(checked: Checked) -> None:
    found = live_snapshot(checked, Account(), None)  # type: ignore[arg-type]
    assert (found.artifacts, found.parts) == ({}, {})


def test_where_no_stack_stands_nothing_is_released_whatever_the_record_says(checked: Checked) -> None:
    found = live_snapshot(checked, Account(status=None), state(3))  # type: ignore[arg-type]
    assert (found.status, found.artifacts, found.template) == (None, {}, {})
    assert found.revision == 3


def test_an_instance_that_is_gone_is_to_be_put_right_where_the_stack_takes_an_update(checked: Checked) -> None:
    lost = {"i-1": "running"}
    ready = live_snapshot(checked, Account(instances=lost), state(3))  # type: ignore[arg-type]
    assert [one.logical_id for one in ready.repairs] == ["JobInstance1"]
    account = Account(status="UPDATE_ROLLBACK_FAILED", instances=lost)
    assert live_snapshot(checked, account, state(3)).repairs == ()  # type: ignore[arg-type]


def test_a_stack_that_is_changing_is_shown_as_it_is_where_nobody_waits(checked: Checked) -> None:
    account = Account(status="UPDATE_IN_PROGRESS")
    assert live_snapshot(checked, account, state(3), wait=False).status == "UPDATE_IN_PROGRESS"  # type: ignore[arg-type]


def test_the_local_cloud_shares_no_bucket(checked: Checked) -> None:
    assert kept_now(checked, Account(name="local")).place is None  # type: ignore[arg-type]
    assert kept_now(checked, Account(status=None)).place is None  # type: ignore[arg-type]
