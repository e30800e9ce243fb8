"""A reviewed plan is carried out as it was reviewed, or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hivemind.deploy.journal import Journal, new_attempt
from hivemind.flow.approval import refuse_changed, refuse_unreviewed
from hivemind.plan.digest import with_digest
from hivemind.plan.model import Action, Basis, Change, Plan, ReleaseChange
from hivemind.values.errors import PlanChanged

pytestmark = pytest.mark.fast


def plan(**other: Any) -> Plan:
    web = ReleaseChange("web", "old", "new", 1, "sources changed")
    subnet = Change("Subnet", "AWS::EC2::Subnet", Action.CREATE, "provisioner", "network")
    base = Plan("shop", "production", "eu-west-1", Basis.LIVE, 2, (subnet,), (web,), "template", "", cloud="local")
    return with_digest(replace(base, **other))


REVIEWED = plan()
RELEASED = ReleaseChange("web", "new", "new", 1, "unchanged")
DELETED = Change("Db", "AWS::RDS::DBInstance", Action.DELETE, "provisioner", "", holds_data=True)
BEFORE = ReleaseChange("web", "old", "old", 1, "unchanged")


def now(folder: Path, made: Plan, *, ran: Plan | None = None, well: bool = False) -> Any:
    """A run of a plan; before it, another one ran."""
    if ran is not None:
        with Journal(folder, "shop", new_attempt()) as journal:
            journal.started(ran.digest, "shop")
            if well:
                journal.finished("r2 is live")
            else:
                journal.failed("stack failed")
    return SimpleNamespace(plan=made, folder=folder)


@pytest.mark.parametrize("left", [REVIEWED, plan(changes=()), plan(changes=(), releases=(RELEASED,))])
def test_a_reviewed_plan_goes_on_where_its_run_stopped(tmp_path: Path, left: Plan) -> None:
    refuse_unreviewed(now(tmp_path, left, ran=REVIEWED), REVIEWED)


@pytest.mark.parametrize(
    "changed",
    [
        plan(changes=(), releases=(BEFORE,), template_digest="another"),  # the file was taken back: nothing to do
        plan(changes=(), releases=(BEFORE,)),
        plan(changes=(*REVIEWED.changes, DELETED)),
        plan(region="eu-west-3"),
        plan(cloud="aws"),
        plan(releases=(replace(REVIEWED.releases[0], source="newer"),)),
    ],
)
def test_after_a_failed_run_anything_but_its_rest_is_refused(tmp_path: Path, changed: Plan) -> None:
    with pytest.raises(PlanChanged, match="the plan changed since its review"):
        refuse_unreviewed(now(tmp_path, changed, ran=REVIEWED), REVIEWED)


def test_without_a_failed_run_of_it_a_reviewed_plan_is_done_as_it_is_or_not_at_all(tmp_path: Path) -> None:
    rest = plan(changes=())
    refuse_unreviewed(now(tmp_path, REVIEWED), REVIEWED)
    for ran, well in ((None, False), (plan(template_digest="another"), False), (REVIEWED, True)):
        with pytest.raises(PlanChanged):
            refuse_unreviewed(now(tmp_path, rest, ran=ran, well=well), REVIEWED)


def test_what_was_agreed_to_by_its_digest_is_just_that(tmp_path: Path) -> None:
    refuse_changed(now(tmp_path, REVIEWED, ran=REVIEWED), REVIEWED.digest)
    with pytest.raises(PlanChanged):
        refuse_changed(now(tmp_path, plan(changes=()), ran=REVIEWED), REVIEWED.digest)


REPLACED = Change("Db", "AWS::RDS::DBInstance", Action.REPLACE, "provisioner", "", holds_data=True, answer="replaced")
MILDER = replace(REVIEWED.changes[0], answer="nothing of it changes")


def answered(*changes: Change) -> Plan:
    return plan(changes=changes, unanswered=REVIEWED.digest)


def test_what_cloudformation_says_to_be_worse_than_was_reviewed_is_refused(tmp_path: Path) -> None:
    worse = answered(*REVIEWED.changes, REPLACED)
    for reviewed in (REVIEWED, answered(MILDER)):  # made without asking it, and with other answers
        with pytest.raises(PlanChanged, match=r"would do more than was reviewed: Db \(AWS::RDS::DBInstance\)"):
            refuse_unreviewed(now(tmp_path, worse), reviewed)
    refuse_unreviewed(now(tmp_path, worse), worse)


def test_what_is_milder_than_reviewed_or_was_not_asked_is_done(tmp_path: Path) -> None:
    refuse_unreviewed(now(tmp_path, answered(MILDER)), REVIEWED)
    refuse_unreviewed(now(tmp_path, REVIEWED), answered(*REVIEWED.changes, REPLACED))


def test_a_plan_that_asks_for_something_else_is_refused_whatever_cloudformation_says(tmp_path: Path) -> None:
    other = plan(changes=(MILDER,), unanswered="another")
    with pytest.raises(PlanChanged, match="the plan changed since its review"):
        refuse_unreviewed(now(tmp_path, other), REVIEWED)
