"""The flow through a face without a terminal, which agrees by digest: all that a web page needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from hivemind import pipeline
from hivemind.pipeline import Decision, Proposal
from hivemind.testing.project import Project, ask, hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.asked import Asked, DestroyTerms, Terms
from hivemind.values.errors import PlanChanged, Refused, Stage
from hivemind.values.events import Event, EventKind
from hivemind.values.findings import Finding
from hivemind.values.interrupts import Offer, OnInterrupt

pytestmark = pytest.mark.slow
SMALL = "environments: {production: {stage: stage-1}}\n"


@dataclass
class Page:
    """Keeps what it is told. agreed: the digest of what somebody looked at and agreed to; None: to nothing."""

    agreed: str | None = None
    said: list[str] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    seen: list[Event] = field(default_factory=list)

    def note(self, text: str, *, aside: bool = False) -> None:
        self.said.append(text)

    def findings(self, found: Sequence[Finding]) -> None:
        self.found += found

    def approve(self, proposal: Proposal) -> Decision:
        self.asked.append(proposal.digest)
        return Decision.only(self.agreed) if self.agreed else Decision.no("nobody looked at it")

    def interrupted(self, offers: Sequence[Offer]) -> OnInterrupt | None:
        return None

    def progress(self, event: Event) -> None:
        self.seen.append(event)

    @property
    def stages(self) -> set[str]:
        return {event.stage for event in self.seen if event.kind is EventKind.FINISHED}


@dataclass
class Looking(Page):
    """Looks at the list of deployments whenever something happens."""

    listed: list[str | None] = field(default_factory=list)

    def progress(self, event: Event) -> None:
        super().progress(event)
        known = {one.deployment_id: one.status.value for part in pipeline.deployments() for one in part.states}
        self.listed.append(known.get(event.deployment_id))


@pytest.mark.stress
def test_plan_apply_status_and_destroy(local_home: LocalCloudHome, local_project: Callable[..., Project]) -> None:
    project = local_project(hello("page", more=SMALL))
    here = Asked(project.folder, local=True)
    assert pipeline.status(here, Page()) is None
    assert pipeline.destruction(here, Page(), DestroyTerms()) is None

    planned = pipeline.plan(here, Page()).plan
    assert {change.service for change in planned.releases} == {"web"}
    page = Page(planned.digest)
    ended = pipeline.apply(here, page, Terms())
    assert ended.applied is not None
    assert page.asked == [planned.digest], "asked once, about what the plan had shown"
    assert {Stage.BUILD, Stage.VERIFY, "attempt"} <= page.stages
    assert ask(ended.state.urls["web"]).text.startswith("hello|1|")

    known = pipeline.status(here, Page())
    assert known is not None
    assert known.found is not None
    assert known.found.works
    again = Page()
    assert pipeline.apply(here, again, Terms()).applied is None
    assert again.asked == [], "nobody is asked where there is nothing to do"

    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    changed = Page(planned.digest)
    with pytest.raises(PlanChanged, match=planned.digest[:12]):
        pipeline.apply(here, changed, Terms())
    with pytest.raises(Refused, match="nobody looked at it"):
        pipeline.apply(here, Page(), Terms())
    assert changed.seen == []
    assert ask(ended.state.urls["web"]).text.startswith("hello|1|"), "what is served is what was agreed to"

    listed = pipeline.destruction(here, Page(), DestroyTerms())
    assert listed is not None
    assert "WebInstance1" in {one.resource.logical_id for one in listed.leaving.contents}
    kept = Page(replace(listed, keep_snapshots=False).digest)
    with pytest.raises(PlanChanged):
        pipeline.destroy(here, kept, DestroyTerms())
    assert kept.seen == []
    looking = Looking(listed.digest)
    gone = pipeline.destroy(here, looking, DestroyTerms())
    assert gone is not None
    assert looking.listed[-2] == "destroying", "a list says so while the stack is deleted"
    assert gone.deletion.left == ()
    assert pipeline.status(here, Page()) is None
