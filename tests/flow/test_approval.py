"""What counts as agreed: a yes, or the digest of just what would be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from hivemind.deploy.calls import StackResource
from hivemind.deploy.removal import Content
from hivemind.flow.approval import approves, require_approval
from hivemind.flow.destroy import Leaving
from hivemind.flow.face import Decision, Proposal, ProposedDestroy, ProposedStep
from hivemind.steps.step import Step
from hivemind.values.errors import Refused, Stage
from hivemind.values.events import Event
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast


@dataclass
class Answering:
    """A face that gives one answer."""

    decision: Decision
    asked: Proposal | None = None

    def note(self, text: str, *, aside: bool = False) -> None: ...
    def findings(self, found: Sequence[Finding]) -> None: ...
    def progress(self, event: Event) -> None: ...
    def approve(self, proposal: Proposal) -> Decision:
        self.asked = proposal
        return self.decision


STEP = ProposedStep("shop", "confirm traffic", "Send traffic to r2?")


@pytest.mark.parametrize(
    ("decision", "goes_on"),
    [
        (Decision.yes(), True),
        (Decision.only(STEP.digest), True),
        (Decision.only(replace(STEP, question="Send traffic to r3?").digest), False),
        (Decision.only(replace(STEP, deployment_id="other").digest), False),
        (Decision.no("not now"), False),
    ],
)
def test_a_step_waits_for_an_answer_to_its_own_question(decision: Decision, goes_on: bool) -> None:
    face = Answering(decision)
    step = Step(STEP.step, stage=Stage.VERIFY, run=lambda _: None, approval=STEP.question)
    assert approves(face, STEP.deployment_id)(step) is goes_on
    assert face.asked == STEP


def test_a_no_is_refused_with_its_reason() -> None:
    require_approval(Decision.yes())
    with pytest.raises(Refused, match=r"^not now$") as refused:
        require_approval(Decision.no("not now", "Ask tomorrow."))
    assert refused.value.hint == "Ask tomorrow."


def content(name: str, policy: str = "Delete") -> Content:
    return Content(StackResource(name, f"{name}-1", "AWS::S3::Bucket", "CREATE_COMPLETE", ""), policy, holds_data=True)


def test_a_destroy_has_another_digest_where_anything_else_would_go() -> None:
    leaving = Leaving("shop", "arn:stack", (content("Files"), content("Db")))
    listed = ProposedDestroy("shop", leaving, keep_snapshots=True)
    assert replace(listed, leaving=replace(leaving, contents=leaving.contents[::-1])).digest == listed.digest
    others = [
        replace(listed, keep_snapshots=False),
        *(
            replace(listed, leaving=replace(leaving, **change))
            for change in (
                {"deployment_id": "shop-2"},
                {"stack_id": None},
                {"build_stack": "shop-builds"},
                {"protected": True},
                {"contents": (content("Files"),)},
                {"contents": (content("Files"), content("Db", "Retain"))},
            )
        ),
    ]
    assert len({listed.digest, *(one.digest for one in others)}) == len(others) + 1
