"""What the flow asks of whoever shows it: the command line, a web page, a test.

A face calls `hivemind.pipeline` once for what a person wants. On the way it is told what happens, and it is asked
before anything changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from hivemind.steps.run import Goal

if TYPE_CHECKING:
    from hivemind.deploy.state import Revision
    from hivemind.flow.destroy import Leaving
    from hivemind.plan.model import Plan
    from hivemind.values.events import Event
    from hivemind.values.findings import Finding
    from hivemind.values.interrupts import Offer, OnInterrupt


@dataclass(frozen=True)
class Decision:
    """The answer to a proposal. digest: of the one proposal that is agreed to; None: of whichever was shown. reason,
    hint: why it is not agreed to, and what to do."""

    agreed: bool
    digest: str | None = None
    reason: str = "Not approved. Nothing was changed."
    hint: str | None = None

    @classmethod
    def yes(cls) -> Decision:
        """Agrees to what was shown."""
        return cls(True)

    @classmethod
    def only(cls, digest: str) -> Decision:
        """Agrees to the proposal with this digest, and to no other."""
        return cls(True, digest)

    @classmethod
    def no(cls, reason: str, hint: str | None = None) -> Decision:
        """Agrees to nothing."""
        return cls(False, None, reason, hint)


@dataclass(frozen=True)
class ProposedApply:
    """A plan that would be carried out. reviewed: whether it was agreed to before, as a saved plan: it is shown, and
    the answer is yes."""

    plan: Plan
    reviewed: bool = False

    @property
    def digest(self) -> str:
        return self.plan.digest


@dataclass(frozen=True)
class ProposedDestroy:
    """A deployment that would be deleted. name: the application's. keep_snapshots: whether final snapshots stay. goal:
    what it is deleted for."""

    name: str
    leaving: Leaving
    keep_snapshots: bool
    goal: Goal = Goal.DESTROY

    @property
    def digest(self) -> str:
        """sha256 hex over what goes, what stays and on what terms."""
        what = self.leaving
        going = sorted([one.resource.logical_id, one.resource.physical_id, one.policy] for one in what.contents)
        whole = [
            what.deployment_id,
            what.stack_id,
            what.build_stack,
            what.protected,
            sorted(map(str, what.guarded)),
            self.keep_snapshots,
            going,
        ]
        return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


@dataclass(frozen=True)
class ProposedStep:
    """A step of a run that waits for somebody. step: its name. question: what is to be agreed to."""

    deployment_id: str
    step: str
    question: str

    @property
    def digest(self) -> str:
        """sha256 hex over all of it."""
        return hashlib.sha256(json.dumps([self.deployment_id, self.step, self.question]).encode()).hexdigest()


@dataclass(frozen=True)
class ProposedAbort:
    """A creation or update that would be canceled. stack: its name. status: as CloudFormation says it."""

    deployment_id: str
    stack: str
    status: str

    @property
    def digest(self) -> str:
        """sha256 hex over all of it."""
        return hashlib.sha256(json.dumps([self.deployment_id, self.stack, self.status]).encode()).hexdigest()


@dataclass(frozen=True)
class ProposedUnlock:
    """A deployment that would be taken from the run that holds it. holder: in words. nonce: of its lock."""

    deployment_id: str
    holder: str
    nonce: str

    @property
    def digest(self) -> str:
        """sha256 hex over the deployment and that very lock."""
        return hashlib.sha256(json.dumps([self.deployment_id, self.nonce]).encode()).hexdigest()


@dataclass(frozen=True)
class ServiceReturn:
    """releases: instance id -> the release that becomes current on it. before: the one that is. switches: whether the
    instances of `releases` have it running and others, those of `before`, serve: nothing is installed, requests go from
    these to those. installs: whether instances lack it, and get it from the deployment's bucket."""

    service: str
    releases: Mapping[str, str]
    before: Mapping[str, str]
    switches: bool = False
    installs: bool = False


@dataclass(frozen=True)
class ProposedReturn:
    """Earlier releases that would become current again. current: number of the revision that is deployed. to: the
    earlier one."""

    deployment_id: str
    current: int
    to: Revision
    services: tuple[ServiceReturn, ...]

    @property
    def digest(self) -> str:
        """sha256 hex over what would change on which instance."""
        changes = [[one.service, sorted(one.releases.items()), sorted(one.before.items())] for one in self.services]
        whole = [self.deployment_id, self.current, self.to.number, changes]
        return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


@dataclass(frozen=True)
class ProposedUnset:
    """The value of a secret that would be deleted. reference: where it is kept. kept_for: `service.VARIABLE`, of all
    that it is kept for."""

    variable: str
    reference: str
    region: str
    kept_for: tuple[str, ...]

    @property
    def digest(self) -> str:
        """sha256 hex over the place and whose it is."""
        return hashlib.sha256(json.dumps([self.reference, self.region, list(self.kept_for)]).encode()).hexdigest()


Proposal: TypeAlias = (
    ProposedApply | ProposedDestroy | ProposedStep | ProposedAbort | ProposedUnlock | ProposedReturn | ProposedUnset
)


class Face(Protocol):
    """Shows the flow to somebody, and asks them."""

    def note(self, text: str, *, aside: bool = False) -> None:
        """A line for people. aside: one that nobody needs who reads data."""

    def findings(self, found: Sequence[Finding]) -> None:
        """Findings that did not stop the flow, each told once."""

    def approve(self, proposal: Proposal) -> Decision:
        """Shows what would be done, and decides: once before anything changes, and again for each step that waits for
        an approval of its own."""

    def interrupted(self, offers: Sequence[Offer]) -> OnInterrupt | None:
        """Somebody pressed Ctrl-C while something is under way that can be taken back. None: nobody can be asked. A
        KeyboardInterrupt, a second Ctrl-C, detaches."""

    def progress(self, event: Event) -> None:
        """What happened just now. Called from any thread."""
