"""Plan: what would change, as data that can be saved, shown and applied."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from hivemind.blueprint.strategy import Colour
from hivemind.plan.costs.model import Cost
from hivemind.values.stack_statuses import Rest, rest_of

EMPTY: Mapping[str, Any] = MappingProxyType({})


class Basis(enum.StrEnum):
    """What a plan was compared with: nothing, the last known state, or the cloud as it stands."""

    NONE = "none"
    RECORDED = "recorded"
    LIVE = "live"


class Action(enum.StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


class Trouble(enum.StrEnum):
    """What is wrong with an instance that the template knows nothing of, and an apply puts right.

    TERMINATED: it does not exist any more. STOPPED: it does not run. EMPTY: it has no release. UNHEALTHY: the load
    balancer gets no good answer from it. DEREGISTERED: the load balancer does not know it.
    """

    TERMINATED = "terminated"
    STOPPED = "stopped"
    EMPTY = "empty"
    UNHEALTHY = "unhealthy"
    DEREGISTERED = "deregistered"


UNRELEASED = frozenset({Trouble.EMPTY, Trouble.UNHEALTHY})
"""Troubles of an instance that it gets its release for, once more."""


@dataclass(frozen=True)
class Repair:
    """An instance that an apply puts right. instance: its EC2 id."""

    service: str
    logical_id: str
    instance: str
    trouble: Trouble


@dataclass(frozen=True)
class Standing:
    """The instances of a service as they stand. current: the colour of those that serve. coming: of newer ones that
    were made and do not serve yet, because a run ended before they did. resting: of those before, kept as a way back.
    answers: whether any of them gets requests and answers."""

    current: Colour = Colour.BLUE
    coming: Colour | None = None
    resting: tuple[Colour, ...] = ()
    answers: bool = False


@dataclass(frozen=True)
class Snapshot:
    """What stands now, or what was recorded.

    status: CloudFormation status, None where there is no stack. template: as deployed. parameters:
    as deployed, NoEcho ones left out. physical_ids, outputs: by logical id / output key.
    artifacts: service -> digest of what is released. parts: service -> its parts' digests, by the part in words.
    revision: number, 0 for none. repairs: instances that are not in order; one that is terminated is in neither
    template nor physical_ids. drifted: whether a resource differed from the template when CloudFormation last compared
    them. standing: service -> which of its instances serve, of services that the load balancer was asked about.
    """

    basis: Basis
    stack_id: str | None = None
    status: str | None = None
    template: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    parameters: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    outputs: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    physical_ids: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    artifacts: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    revision: int = 0
    parts: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: EMPTY)
    repairs: tuple[Repair, ...] = ()
    drifted: bool = False
    standing: Mapping[str, Standing] = field(default_factory=lambda: EMPTY)


NOTHING = Snapshot(Basis.NONE)


@dataclass(frozen=True)
class Change:
    """One resource's change. path: the blueprint part it comes from. properties: changed property names;
    replacing: those of them that force a replacement. holds_data: whether data could be lost. policy: the
    DeletionPolicy or UpdateReplacePolicy that would apply. before, after: changed values, for show. because:
    logical ids of replaced resources whose new identity brings this change about. may_replace: properties whose
    change interrupts or replaces the resource as the service decides. answer: what CloudFormation said to it, where
    that is something else than its resource type's schema had led to expect: a clause."""

    logical_id: str
    type: str
    action: Action
    plugin: str
    path: str
    properties: tuple[str, ...] = ()
    replacing: tuple[str, ...] = ()
    holds_data: bool = False
    policy: str | None = None
    before: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    after: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    because: tuple[str, ...] = ()
    may_replace: tuple[str, ...] = ()
    answer: str = ""


@dataclass(frozen=True)
class Interruption:
    """A time in which something does not answer because of the changes. of: `services.web` or `resources.db`. minutes:
    about how long on AWS. reason: a clause that goes on after "because". way_out: a sentence, or empty."""

    of: str
    minutes: int
    reason: str
    way_out: str = ""


@dataclass(frozen=True)
class ReleaseChange:
    """A service's release. source: digest of sources now (Provenance.digest); before: of those released. instances: how
    many there are, at least. group: how far an Auto Scaling group scales, in words, empty for a fixed number. way: how
    it takes the place of the one before, in words; empty for the usual one, in place and one after another."""

    service: str
    before: str | None
    source: str
    instances: int
    reason: str
    group: str = ""
    way: str = ""

    @property
    def needed(self) -> bool:
        return self.before != self.source


@dataclass(frozen=True)
class RemoteBuild:
    """A build instance that a release is built on. machine: its processor. stack: of the build instances, which is
    made for them and removed after them."""

    service: str
    size: str
    os: str
    machine: str
    stack: str


@dataclass(frozen=True)
class PlannedStep:
    """A step that a plugin of others adds to the apply. owner: the plugin, with its version. needs: milestones that
    come first. approval: what a person is asked before it starts; empty: nothing."""

    name: str
    owner: str
    stage: str
    needs: tuple[str, ...]
    approval: str = ""


@dataclass(frozen=True)
class LeftBehind:
    """A deployment of the same project, environment and cloud under another name or in another region, which a plan
    that makes a new one leaves as it is. holds: logical ids of what holds data in it."""

    deployment: str
    name: str
    region: str
    holds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What `apply` would do. digest: sha256 hex over everything in it except `basis`, the revision
    numbers and the time, so that a plan on a weaker basis matches a live one that says the same.
    stack_status: CloudFormation's, where the stack as it stands takes no update; stack_holds: what is in
    one that can only be deleted. cloud: `aws` or `local`, which it was made for; empty: not said. builds: instances
    that build what is released, needed unless it was built before; built: services of which this machine has just that
    already, no part of the digest. again: whether it was made to release all services, whatever is released. steps:
    those that plugins of others add, in an order in which they can run; none where nothing changes. left_behind: what
    was deployed under another name or in another region, as this machine knows; no part of the digest. repairs:
    instances that are not in order and are put right. interruptions: what does not answer for a time. cost: a month on
    AWS, None in the local cloud; no part of the digest. role_arn: of the role that CloudFormation works as; empty for
    the stack's own or the caller's rights. capabilities: that CloudFormation wants acknowledged for the template; no
    part of the digest, which has the template's. guarded: logical ids that the stack policy guards; no part of the
    digest. unanswered: the digest that it had before CloudFormation answered something else than it says; empty where
    it did not. scaled: a clause for each number of instances that is not the blueprint's, or was not; no part of the
    digest, which has the template's."""

    name: str
    environment: str
    region: str
    basis: Basis
    revision: int
    changes: tuple[Change, ...]
    releases: tuple[ReleaseChange, ...]
    template_digest: str
    digest: str
    made_at: str = ""
    stack_status: str | None = None
    stack_holds: tuple[str, ...] = ()
    cloud: str = ""
    builds: tuple[RemoteBuild, ...] = ()
    built: tuple[str, ...] = ()
    again: bool = False
    steps: tuple[PlannedStep, ...] = ()
    left_behind: tuple[LeftBehind, ...] = ()
    repairs: tuple[Repair, ...] = ()
    interruptions: tuple[Interruption, ...] = ()
    cost: Cost | None = None
    role_arn: str = ""
    capabilities: tuple[str, ...] = ()
    guarded: tuple[str, ...] = ()
    unanswered: str = ""
    scaled: tuple[str, ...] = ()

    @property
    def own_digest(self) -> str:
        """The digest without what CloudFormation answered: of what was asked for."""
        return self.unanswered or self.digest

    @property
    def recovers(self) -> bool:
        """Whether the stack takes no update before an earlier one is taken back."""
        return rest_of(self.stack_status) in (Rest.UPDATE_FAILED, Rest.ROLLBACK_FAILED, Rest.CLOSED)

    @property
    def empty(self) -> bool:
        return (
            not self.changes
            and not self.recovers
            and not self.repairs
            and not any(release.needed for release in self.releases)
        )

    def touched(self, done: Iterable[str]) -> frozenset[str]:
        """Of resources that an update reports as done (logical ids), those that it creates or changes by this plan. A
        cloud may report the others as well; of a plan that changes none, all are by repairs."""
        made = {change.logical_id for change in self.changes if change.action is not Action.DELETE}
        return frozenset(done).intersection(made) if self.changes else frozenset(done)

    @property
    def losing_data(self) -> tuple[Change, ...]:
        """Changes that replace or delete something that holds data."""
        return tuple(
            change for change in self.changes if change.holds_data and change.action in (Action.REPLACE, Action.DELETE)
        )
