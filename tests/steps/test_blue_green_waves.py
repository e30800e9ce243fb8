"""Blue-green: new instances beside those that serve, in one update; those go in the last, and never before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hivemind.agents.deployer.steps import steps
from hivemind.blueprint.strategy import Colour
from hivemind.flow.planning import planned
from hivemind.flow.run import told
from hivemind.plan.colours import standing
from hivemind.plan.model import NOTHING, Action, Basis, Repair, Snapshot, Trouble
from hivemind.plan.show import lines
from hivemind.steps.run import Apply
from hivemind.steps.waves import waves
from hivemind.template.former import with_former
from hivemind.template.names import colour_of, instance, instances_output
from hivemind.testing import checked, hello, plugins_of
from hivemind.values.artifact import LOCAL, Platform, machine_here

pytestmark = pytest.mark.fast
BLUE_GREEN = "instances: 2\nstrategy: blue-green"
Project = Callable[..., Apply]
BLUE, GREEN = {"WebInstance1", "WebInstance2"}, {"WebGreenInstance1", "WebGreenInstance2"}


def platform(system: str, size: str) -> Platform:
    del system, size
    return Platform(LOCAL, machine_here(), None, (("3.11", "/usr/bin/python3"),), None)


@pytest.fixture
def applied(tmp_path: Path) -> Project:
    """An apply of a project to what stands. version: of its code."""

    def run(snapshot: Snapshot = NOTHING, service: str = BLUE_GREEN, version: str = "1", more: str = "") -> Apply:
        files = hello("shop", service=service, more=more)
        for name, content in files.items():
            (tmp_path / name).write_text(content.replace('VERSION = "1"', f'VERSION = "{version}"'))
        known = checked(tmp_path, files["hivemind.yaml"], plugins_of(), lint=False)
        known, plan, sources = planned(known, snapshot, platform, region="us-east-1", cloud="local", made_at="")
        return told(known, plan, snapshot, sources)

    return run


def deployed(run: Apply, *, registered: set[str] | None = None, template: dict[str, object] | None = None) -> Snapshot:
    """The stack after an apply. registered: logical ids of instances that get requests, and answer."""
    made = dict(template or run.assembly.template)
    ids = {name: f"id-{name}" for name in made["Resources"]}  # type: ignore[attr-defined]
    known = Snapshot(
        Basis.LIVE,
        "arn:stack",
        "UPDATE_COMPLETE",
        made,
        {"ImageDebian12X8664": "ami-1"},
        physical_ids=ids,
        artifacts={name: source.digest for name, source in run.sources.items()},
        revision=1,
    )
    serve = {f"id-{one}" for one in BLUE if registered is None} | {f"id-{one}" for one in registered or ()}
    return replace(known, standing={"web": standing("web", known, registered=serve, healthy=serve)})


def half(first: Apply, second: Apply, registered: set[str]) -> Snapshot:
    """The stack between the two updates of the second apply."""
    template = with_former(second.assembly.template, first.assembly.template, sorted(BLUE))
    return replace(deployed(first, registered=registered, template=template), artifacts=deployed(first).artifacts)


def changed(run: Apply) -> dict[str, Action]:
    return {one.logical_id: one.action for one in run.plan.changes if colour_of("web", one.logical_id)}


def test_a_release_makes_green_instances_and_blue_ones_go_last(applied: Project) -> None:
    run = applied(deployed(applied()), version="2")
    assert changed(run) == {**dict.fromkeys(BLUE, Action.DELETE), **dict.fromkeys(GREEN, Action.CREATE)}
    first, last = waves(run)
    (share,) = first.shares
    assert {node.logical_id for node in share.nodes} == GREEN
    assert set(share.before) == BLUE
    assert first.later == BLUE, "which stay as they are until then"
    assert [one.leaving for one in last.shares] == [BLUE]
    assert run.plan.interruptions == ()
    (release,) = run.plan.releases
    assert release.reason == "sources or settings changed"
    assert "      green beside blue, then blue goes" in lines(run.plan)


def test_nothing_to_release_leaves_the_colour_as_it_is(applied: Project) -> None:
    green = applied(deployed(applied()), version="2")
    stands = deployed(green, registered=GREEN)
    assert applied(stands, version="2").plan.empty
    only_more = applied(stands, BLUE_GREEN.replace("2", "3"), version="2")
    assert changed(only_more) == {"WebGreenInstance3": Action.CREATE}
    assert [len(wave.shares) for wave in waves(only_more)] == [1]
    assert changed(applied(stands, version="3")).keys() == BLUE | GREEN, "and back to blue"


@pytest.mark.parametrize(("change", "count"), [("disk: 20", 1), ("size: t3.large", 1), ("os: amazon-linux-2023", 2)])
def test_other_instances_interrupt_nothing_even_where_there_is_one(applied: Project, change: str, count: int) -> None:
    service = BLUE_GREEN.replace("2", str(count))
    run = applied(deployed(applied(service=service)), f"{service}\n{change}")
    assert Action.REPLACE not in changed(run).values()
    assert run.plan.interruptions == ()
    assert [len(share.moved) for wave in waves(run) for share in wave.shares] == [0, 0]


def test_rolling_and_what_does_not_serve_are_released_in_place(applied: Project) -> None:
    assert changed(applied(deployed(applied(service="instances: 2")), "instances: 2", version="2")) == {}
    assert changed(applied(deployed(applied(), registered=set()), version="2")) == {}, "nothing serves: nothing to keep"


def test_a_run_that_ended_before_the_switch_is_continued_or_taken_back(applied: Project) -> None:
    first = applied()
    stands = half(first, applied(deployed(first), version="2"), registered=BLUE)
    lacking = tuple(Repair("web", one, f"id-{one}", Trouble.EMPTY) for one in sorted(GREEN))
    stands = replace(stands, repairs=lacking)
    again = applied(stands, version="2")
    assert changed(again) == dict.fromkeys(BLUE, Action.DELETE)
    assert {node.logical_id for wave in waves(again) for share in wave.shares for node in share.nodes} == GREEN
    assert waves(again)[0].later == BLUE
    back = applied(stands, version="1")
    assert changed(back) == dict.fromkeys(GREEN, Action.DELETE)
    assert [one.needed for one in back.plan.releases] == [False]
    assert back.plan.repairs == ()


def test_a_run_that_ended_after_the_switch_is_continued(applied: Project) -> None:
    first = applied()
    second = applied(deployed(first), version="2")
    stands = replace(half(first, second, registered=GREEN), artifacts=deployed(second).artifacts)
    run = applied(stands, version="2")
    assert changed(run) == dict.fromkeys(BLUE, Action.DELETE)
    assert [wave.later for wave in waves(run)] == [frozenset()]
    assert not any(one.needed for one in run.plan.releases)
    other = applied(stands, version="3")
    assert {name for name, action in changed(other).items() if action is Action.CREATE} == {
        "WebTealInstance1",
        "WebTealInstance2",
    }
    assert waves(other)[0].later == GREEN, "blue, which has no requests any more, goes at once"


def test_jobs_are_resumed_where_a_run_may_have_ended_without_them(applied: Project) -> None:
    """The run before was killed after its switch: nothing is released any more, blue goes, and green has the jobs."""
    service = BLUE_GREEN
    job = "  nightly: {kind: job, schedule: 0 3 * * *, start: python job.py}\n"
    first = applied(service=service, more=job)
    second = applied(deployed(first), service, "2", job)
    assert "jobs web" not in {step.name for step in steps(second)}
    stands = replace(half(first, second, registered=GREEN), artifacts=deployed(second).artifacts)
    (resumed,) = [step for step in steps(applied(stands, service, "2", job)) if step.name == "jobs web"]
    assert resumed.before == ("stack",), "while blue is still there"


def test_kept_instances_stay_until_the_next_apply(applied: Project) -> None:
    keeping = "instances: 2\nstrategy: {type: blue-green, keep: true}"
    run = applied(deployed(applied(service=keeping)), keeping, version="2")
    (wave,) = waves(run)
    assert wave.later == BLUE
    assert "green beside blue, then blue stays, without requests" in "\n".join(lines(run.plan))


def test_an_infrastructure_change_leaves_the_instances_alone(applied: Project) -> None:
    drain = "instances: 2\nstrategy: {type: blue-green, drain: 60}"
    run = applied(deployed(applied()), drain)
    assert [one.logical_id for one in run.plan.changes] == ["WebTargetGroup"]
    assert not any(wave.shares for wave in waves(run))


def test_recreate_says_what_it_interrupts(applied: Project) -> None:
    service = "instances: 2\nstrategy: recreate"
    assert applied(service=service).plan.interruptions == (), "nothing runs yet"
    run = applied(deployed(applied(service=service)), service, version="2")
    (found,) = run.plan.interruptions
    assert (found.of, found.minutes) == ("services.web", 2)
    assert "      all instances stop, then start with it" in lines(run.plan)
    assert applied(deployed(run), service, version="2").plan.interruptions == ()


def test_names_of_colours_lead_back() -> None:
    for colour in Colour:
        assert colour_of("web-api", instance("web-api", 12, colour)) is colour
    for other in ("WebInstanceProfile", "WebGreenInstance", instance("web-green", 1), instances_output("web")):
        assert colour_of("web", other) is None
