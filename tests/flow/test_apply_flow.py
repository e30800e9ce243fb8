"""The flow of an apply without any agent: what it records of steps that go well, fail, or are cut off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hivemind import CheckResult, CheckStatus, Event, Failure, HiveMindError, Stage, StageError, Step, Verdict
from hivemind.checks.verifying import ChecksFailed
from hivemind.deploy.journal import read_journal
from hivemind.deploy.stack import StackResult
from hivemind.deploy.state import DeploymentState, DeploymentStatus, StateStore
from hivemind.flow.apply import Applied, apply
from hivemind.flow.checking import Checked
from hivemind.flow.collecting import linked
from hivemind.flow.recording import record_step
from hivemind.flow.run import Run
from hivemind.plugins.calling import PluginSource
from hivemind.steps.deployment import Deployment
from hivemind.testing import apply_of, checked, hello, plugins_of
from hivemind.values.cloud import WebAddress
from hivemind.values.events import EventKind

pytestmark = pytest.mark.fast
ID = "shop-production-000000000000-us-east-1"
GOOD = Verdict((CheckResult("http web", CheckStatus.PASSED, "200", 1.0),))
BAD = Verdict((*GOOD.results, CheckResult("orders", CheckStatus.FAILED, "no table", 1.0)))
AGENT = PluginSource("agent", "builtin", "tests")
STACK = StackResult(
    stack_id="arn:stack",
    status="CREATE_COMPLETE",
    changed=True,
    outputs={"ALBDNSName": "alb.test", "WebInstanceIds": "i-1"},
    physical_ids={"WebInstance1": "i-1"},
    seconds={"VPC": 1.0, "WebInstance1": 2.0},
)


@dataclass
class FakeCloud:
    """What the flow asks of a cloud when no agent does anything in it."""

    name: str = "local"
    account: str = "000000000000"
    region: str = "us-east-1"
    endpoint: str | None = None

    def web_address(self, name: str, port: int, *, tls: bool) -> WebAddress:
        return WebAddress(f"http://{name}:{port}", (name, port), name)


def returns(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


def fails(error: BaseException) -> Callable[[Any], Any]:
    def work(_: Any) -> Any:
        raise error

    return work


def verifies(verdict: Verdict) -> Callable[[Any], Any]:
    return returns(verdict) if verdict.good else fails(ChecksFailed(verdict))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    folder = tmp_path_factory.mktemp("project")
    files = hello("shop")
    for name, content in files.items():
        (folder / name).write_text(content)
    return checked(folder, files["hivemind.yaml"], plugins_of(), lint=False)


@pytest.fixture
def store(tmp_path: Path) -> StateStore:
    return StateStore(tmp_path / "deployments")


def run_of(project: Checked, store: StateStore, work: Mapping[str, Callable[[Any], Any]], *more: Step) -> Run:
    """An apply whose steps do what `work` says in place of the agents."""
    told = apply_of(project, deployment_id=ID)
    cloud: Any = FakeCloud()
    deployment = Deployment(
        id=ID,
        cloud=cloud,
        store=store,
        hooks=project.plugins,
        held=lambda: None,
        parameters={"Revision": "r1"},
        assemble=lambda blueprint: replace(project.assembly, template={"Path": _path(blueprint)}),
    )
    done = {
        "stack": returns(STACK),
        "build web": returns(SimpleNamespace(digest="abc")),
        "prepare web 1": returns("a connection"),
        "release web": returns(None),
        "health path": returns({"web": "/up"}),
        "traffic web": returns(()),
        "verify": verifies(GOOD),
    } | dict(work)
    stages = {"stack": Stage.PROVISION, "build web": Stage.BUILD, "verify": Stage.VERIFY}
    needs = {"release web": ("build web", "prepare web 1"), "traffic web": ("release web",), "verify": ("record",)}
    steps = [Step(name, stages.get(name, Stage.DEPLOY), one, needs.get(name, ())) for name, one in done.items()]
    owned = linked(told, [(AGENT, one) for one in (*steps, *more, record_step(told))])
    return Run(project, told, deployment, owned)


def _path(blueprint: Any) -> str:
    return str(blueprint.services["web"].health.path)


def carried_out(run: Run) -> tuple[Applied, list[Event]]:
    seen: list[Event] = []
    return apply(run, seen.append), seen


def test_a_revision_is_recorded_with_its_verdict(project: Checked, store: StateStore) -> None:
    applied, seen = carried_out(run_of(project, store, {}))
    state = store.load(ID)
    assert (state.status, state.revision, state.failure_analysis) == (DeploymentStatus.DEPLOYED, 1, None)
    assert state.revisions[0].verdict == "good"
    assert state.artifacts == {"web": "abc"}
    assert state.urls == {"web": "http://alb.test:80"}
    assert state.checkout == str(project.folder.resolve())
    assert state.recorded is not None
    assert state.recorded.template == {"Path": "/up"}, "as the stack is once the path is known"
    assert state.revisions[0].template_digest == replace(project.assembly, template={"Path": "/up"}).digest
    assert (applied.revision, applied.created, applied.urls) == ("r1", 2, {"web": "http://alb.test:80"})
    assert [event.kind for event in seen if event.stage == "attempt"] == [EventKind.STARTED, EventKind.FINISHED]


def test_a_bad_verdict_is_a_revision_that_failed(project: Checked, store: StateStore) -> None:
    with pytest.raises(ChecksFailed, match="1 of 2 checks failed"):
        carried_out(run_of(project, store, {"verify": verifies(BAD)}))
    state = store.load(ID)
    assert (state.status, state.revisions[0].verdict) == (DeploymentStatus.FAILED, "bad")
    assert state.verification_results == BAD
    assert state.artifacts == {"web": "abc"}, "what is deployed is known all the same"


def test_what_needs_the_verdict_does_not_run_on_a_bad_one(project: Checked, store: StateStore) -> None:
    done: list[str] = []
    tell = Step("tell the team", Stage.OBSERVE, lambda _: done.append("told"), needs=("verify",))
    with pytest.raises(ChecksFailed):
        carried_out(run_of(project, store, {"verify": verifies(BAD)}, tell))
    carried_out(run_of(project, store, {}, tell))
    assert done == ["told"]


@pytest.mark.parametrize(
    ("step", "stage", "recorded"),
    [("stack", Stage.PROVISION, False), ("release web", Stage.DEPLOY, False), ("verify", Stage.VERIFY, True)],
)
def test_a_failure_is_recorded_with_its_place(
    project: Checked, store: StateStore, step: str, stage: Stage, recorded: bool
) -> None:
    error = StageError(stage, "it broke", subject="Web", path="services.web")
    with pytest.raises(StageError) as caught:
        carried_out(run_of(project, store, {step: fails(error)}))
    assert caught.value is error
    assert str(error.place).endswith("hivemind.yaml:4:3")
    state = store.load(ID)
    assert state.status is DeploymentStatus.FAILED
    assert state.failure_analysis is not None
    assert state.failure_analysis.subject == "Web"
    assert bool(state.revisions) is recorded
    last = list(read_journal(store.folder(ID)))[-1]
    assert (last.stage, last.kind, last.message) == ("attempt", EventKind.FAILED, "it broke")


def test_an_interruption_is_recorded_as_one(project: Checked, store: StateStore) -> None:
    run = run_of(project, store, {}, Step("gate", Stage.REGISTER, returns(None), before=("traffic",), approval="?"))

    def nobody(_: Step) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(run, lambda _: None, nobody)
    state = store.load(ID)
    assert state.status is DeploymentStatus.FAILED
    assert state.failure_analysis is not None
    assert state.failure_analysis.root_cause == "interrupted"


def test_a_second_failure_in_a_row_is_counted(project: Checked, store: StateStore) -> None:
    for _ in range(3):
        with pytest.raises(HiveMindError):
            carried_out(run_of(project, store, {"stack": fails(HiveMindError("no"))}))
    assert store.load(ID).retry_count == 2
    carried_out(run_of(project, store, {}))
    assert store.load(ID).status is DeploymentStatus.DEPLOYED


def test_a_step_that_only_warns_leaves_a_live_release(project: Checked, store: StateStore) -> None:
    purge = Step("purge", Stage.OBSERVE, fails(HiveMindError("no zone")), ("record",), failure=Failure.WARN)
    applied, _ = carried_out(run_of(project, store, {}, purge))
    assert applied.warnings == {"purge": "no zone"}
    assert store.load(ID).status is DeploymentStatus.DEPLOYED


def test_the_intent_is_on_disk_before_the_first_step(project: Checked, store: StateStore) -> None:
    found: list[DeploymentState] = []

    def look(_: Any) -> StackResult:
        found.append(store.load(ID))
        return STACK

    carried_out(run_of(project, store, {"stack": look}))
    assert [(one.status, one.stack_info.stack_name if one.stack_info else None) for one in found] == [
        (DeploymentStatus.APPLYING, "shop-production")
    ]
