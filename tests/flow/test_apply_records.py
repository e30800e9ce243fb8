"""An apply from its first step to its last, with steps and cloud played: what its state says at each moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hivemind.checks.verifying import ChecksFailed
from hivemind.deploy.stack import StackResult
from hivemind.deploy.state import DeploymentStatus, StateStore
from hivemind.flow.apply import Applied, apply
from hivemind.flow.collecting import Owned
from hivemind.flow.recording import record_step
from hivemind.flow.run import Run
from hivemind.plan.model import Basis, Snapshot
from hivemind.releases.release import CheckResult, CheckStatus, Verdict
from hivemind.steps.deployment import Deployment
from hivemind.steps.step import Context, Failure, Step
from hivemind.testing import ManualClock, checked, plugins_of
from hivemind.testing.project import hello
from hivemind.testing.samples import apply_of
from hivemind.values.cloud import WebAddress
from hivemind.values.errors import Stage, StageError
from hivemind.values.events import Event

pytestmark = pytest.mark.fast
ID = "shop-production-000000000000-us-east-1"
STACK = StackResult(
    stack_id="arn:stack",
    status="CREATE_COMPLETE",
    changed=True,
    outputs={"ALBDNSName": "shop.elb", "WebInstanceIds": "i-1"},
    physical_ids={"WebInstance1": "i-1", "VPC": "vpc-1"},
    seconds={"WebInstance1": 2.0, "VPC": 1.0},
)
GOOD = Verdict((CheckResult("http web /", CheckStatus.PASSED, "200"),))
BAD = Verdict((CheckResult("http web /", CheckStatus.FAILED, "no answer"),))


def verdict(told: Verdict) -> Verdict:
    if not told.good:
        raise ChecksFailed(told)
    return told


def web_address(name: str, port: int, *, tls: bool = False) -> WebAddress:
    return WebAddress(f"http://{name}:{port}", ("127.0.0.1", port), name)


CLOUD = SimpleNamespace(
    name="local", account="000000000000", region="us-east-1", endpoint="http://127.0.0.1:1", web_address=web_address
)


@dataclass
class World:
    """One deployment. does: step -> what it does instead of succeeding. done: steps in the order in which they ran."""

    folder: Path
    does: dict[str, Callable[[], Any]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    clock: ManualClock = field(default_factory=ManualClock)

    @property
    def store(self) -> StateStore:
        return StateStore(self.folder / "states")

    @property
    def state(self) -> Any:
        return self.store.load(ID)

    def run(self, *more: Step, **changes: Any) -> Run:
        (self.folder / "app.py").write_text(hello("shop")["app.py"])
        made = checked(self.folder, hello("shop")["hivemind.yaml"], plugins_of(), lint=False)
        told = apply_of(made, deployment_id=ID, **changes)
        deployment = Deployment(ID, CLOUD, self.store, made.plugins, lambda: None, clock=self.clock)  # type: ignore[arg-type]
        own = record_step(told)
        releasing = [(service.name, [node.number for node in nodes]) for service, nodes in told.releasing()]
        prepared = [f"prepare {name} {number}" for name, numbers in releasing for number in numbers]
        built = [f"build {name}" for name, _ in releasing]
        after = {"stack": (), **dict.fromkeys(built, ()), **dict.fromkeys(prepared, ("stack",))}
        after |= {f"release {name}": (*built, *prepared) for name, _ in releasing}
        after |= {"health path": tuple(f"release {name}" for name, _ in releasing)}
        results = {"stack": STACK, "health path": {}, "verify": GOOD}
        results |= dict.fromkeys(built, SimpleNamespace(digest="a" * 64))
        steps = [self.step(name, needs, results.get(name)) for name, needs in after.items()]
        steps.append(replace(own, needs=("stack", "health path", *built, *prepared)))
        steps.append(self.step("verify", ("record",), GOOD))
        return Run(made, told, deployment, Owned((*steps, *more), {}))

    def step(self, name: str, needs: tuple[str, ...], result: Any) -> Step:
        def work(_: Context) -> Any:
            self.done.append(name)
            self.clock.advance(1.0)
            return self.does[name]() if name in self.does else result

        return Step(name, Stage.VERIFY if name == "verify" else Stage.DEPLOY, work, needs)

    def apply(self, *more: Step, **changes: Any) -> Applied:
        return apply(self.run(*more, **changes), self.told.append)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def raising(error: BaseException) -> Callable[[], Any]:
    def work() -> Any:
        raise error

    return work


def test_a_good_one_is_recorded_whole(world: World) -> None:
    applied = world.apply()
    assert (applied.revision, applied.verdict, applied.created) == ("r1", GOOD, 2)
    assert applied.urls == {"web": "http://shop.elb:80"}
    assert applied.warnings == {}
    state = world.state
    assert (state.status, state.deployment_stage, state.cloud) == (DeploymentStatus.DEPLOYED, "production", "local")
    assert (state.stack_info.stack_name, state.stack_info.stack_id) == ("shop-production", "arn:stack")
    assert state.artifacts == {"web": "a" * 64}
    assert state.urls == applied.urls
    (revision,) = state.revisions
    assert (revision.number, revision.verdict) == (1, "good")
    assert revision.seconds["deploy"] >= 1
    assert state.recorded.physical_ids == STACK.physical_ids
    assert state.checkout == str(world.folder.resolve())
    assert [event.kind.value for event in world.told][-1] == "finished"
    assert "r1 is live" in world.told[-1].message


def test_before_its_first_step_the_state_names_the_stack(world: World) -> None:
    seen = []
    world.does["stack"] = lambda: (seen.append(world.state), STACK)[1]
    world.apply()
    (state,) = seen
    assert state.status is DeploymentStatus.APPLYING
    assert state.stack_info.stack_name == "shop-production"
    assert state.revisions == ()


def test_while_it_verifies_the_revision_is_there_without_a_verdict(world: World) -> None:
    seen = []
    world.does["verify"] = lambda: (seen.append(world.state), GOOD)[1]
    world.apply()
    (state,) = seen
    assert state.status is DeploymentStatus.APPLYING
    assert [(one.number, one.verdict) for one in state.revisions] == [(1, None)]
    assert state.artifacts == {"web": "a" * 64}


def test_a_failing_step_ends_it_and_is_recorded_as_its_cause(world: World) -> None:
    error = StageError(
        Stage.DEPLOY, "web did not start", subject="web 1", lines=["no DATABASE_URL"], path="services.web"
    )
    world.does["release web"] = raising(error)
    with pytest.raises(StageError, match="did not start") as caught:
        world.apply()
    assert caught.value.place is not None
    assert "hivemind.yaml:" in caught.value.place
    assert "verify" not in world.done
    state = world.state
    assert state.status is DeploymentStatus.FAILED
    assert state.failure_analysis.subject == "web 1"
    assert "no DATABASE_URL" in state.failure_analysis.quotes
    assert state.revisions == ()
    assert world.told[-1].kind.value == "failed"


def test_bad_checks_are_a_revision_with_its_verdict(world: World) -> None:
    world.does["verify"] = lambda: verdict(BAD)
    with pytest.raises(ChecksFailed):
        world.apply()
    state = world.state
    assert state.status is DeploymentStatus.FAILED
    assert [(one.number, one.verdict) for one in state.revisions] == [(1, "bad")]
    assert state.verification_results == BAD
    assert state.failure_analysis.subject == "http web /"
    assert state.failure_analysis.quotes == ("http web /: no answer",)
    assert "hivemind logs" in state.failure_analysis.remediation


def test_what_checks_said_is_known_where_a_later_step_fails(world: World) -> None:
    world.does["purge"] = raising(StageError(Stage.OBSERVE, "no zone", subject="zone"))
    with pytest.raises(StageError, match="no zone"):
        world.apply(world.step("purge", ("verify",), None))
    state = world.state
    assert state.status is DeploymentStatus.FAILED
    assert [(one.number, one.verdict) for one in state.revisions] == [(1, "good")]
    assert state.verification_results == GOOD
    assert state.failure_analysis.subject == "zone"


def test_interrupted_it_says_so_and_raises_it(world: World) -> None:
    world.does["health path"] = raising(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        world.apply()
    assert world.state.status is DeploymentStatus.FAILED
    assert world.state.failure_analysis.root_cause == "interrupted"
    assert world.state.revisions == ()


def test_tries_are_counted_until_one_succeeds(world: World) -> None:
    world.does["stack"] = raising(StageError(Stage.PROVISION, "no room"))
    counts = []
    for _ in range(3):
        with pytest.raises(StageError):
            world.apply()
        counts.append(world.state.retry_count)
    world.does.clear()
    world.apply()
    assert counts == [0, 1, 2]
    assert (world.state.retry_count, world.state.failure_analysis) == (3, None)
    world.apply()
    assert world.state.retry_count == 0


def test_a_second_revision_keeps_the_first(world: World) -> None:
    world.apply()
    standing = Snapshot(Basis.LIVE, stack_id="arn:stack", status="CREATE_COMPLETE", revision=1)
    run = world.run()
    run = replace(run, apply=replace(run.apply, snapshot=standing, plan=replace(run.apply.plan, revision=2)))
    steps = tuple(
        replace(record_step(run.apply), needs=one.needs) if one.name == "record" else one for one in run.steps.steps
    )
    apply(replace(run, steps=replace(run.steps, steps=steps)), world.told.append)
    assert [(one.number, one.verdict) for one in world.state.revisions] == [(1, "good"), (2, "good")]


def test_a_step_that_only_warns_is_told_and_stops_nothing(world: World) -> None:
    def fails(_: Context) -> None:
        raise StageError(Stage.OBSERVE, "the chat does not answer")

    applied = world.apply(Step("tell", Stage.OBSERVE, fails, ("record",), failure=Failure.WARN))
    assert applied.warnings == {"tell": "the chat does not answer"}
    assert world.state.status is DeploymentStatus.DEPLOYED


def test_the_journal_holds_every_step_with_its_seconds(world: World) -> None:
    world.apply()
    ends = {event.step: event.data.get("seconds") for event in world.told if event.kind.value == "finished"}
    assert set(world.done) <= ends.keys()
    assert (world.store.folder(ID) / "journal.jsonl").read_text().count("\n") == len(world.told)
