"""What a face answers to a step that waits for it, as the step's own error."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from hivemind.flow.approval import approves
from hivemind.flow.face import Decision, Proposal, ProposedStep
from hivemind.steps.step import Step
from hivemind.values.errors import Stage

pytestmark = pytest.mark.fast
GATE = Step("gate", Stage.REGISTER, lambda _: None, approval="Send traffic to it?")
PROPOSED = ProposedStep("shop-production", "gate", "Send traffic to it?")


@dataclass
class Answering:
    """A face that gives one answer."""

    decision: Decision
    proposals: list[Proposal] = field(default_factory=list)

    def note(self, text: str, *, aside: bool = False) -> None: ...

    def findings(self, found: object) -> None: ...

    def progress(self, event: object) -> None: ...

    def interrupted(self, offers: object) -> None: ...

    def approve(self, proposal: Proposal) -> Decision:
        self.proposals.append(proposal)
        return self.decision


@pytest.mark.parametrize("decision", [Decision.yes(), Decision.only(PROPOSED.digest)])
def test_a_step_that_is_agreed_to_goes_on(decision: Decision) -> None:
    face = Answering(decision)
    assert approves(face, "shop-production")(GATE) is None
    assert face.proposals == [PROPOSED]


@pytest.mark.parametrize(
    ("decision", "message", "hint"),
    [
        (
            Decision.no("It is Friday.", "Come back on Monday."),
            "gate was not approved: it is Friday",
            "on Monday. Later",
        ),
        (Decision.no(""), "gate was not approved", "Later steps did not run."),
        (Decision.only("0" * 64), "gate was not approved: what was agreed to is another proposal", "Later steps"),
    ],
)
def test_an_error_says_why_it_was_not_approved(decision: Decision, message: str, hint: str) -> None:
    refused = approves(Answering(decision), "shop-production")(GATE)
    assert refused is not None
    assert refused.message == message
    assert hint in str(refused.hint)
