"""Of several instances never more than half are out of service."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind import Stage, Step, hook
from hivemind.flow.checking import Checked
from hivemind.flow.collecting import collected
from hivemind.flow.recording import record_step
from hivemind.plan.groups import group_changes
from hivemind.plan.make import make_plan
from hivemind.plan.model import Basis, Repair, Snapshot, Trouble
from hivemind.steps.run import Apply
from hivemind.steps.waves import Wave, waves
from hivemind.testing import apply_of, checked, hello, plugins_of

pytestmark = pytest.mark.fast


def project(folder: Path, service: str, more: str = "") -> Checked:
    files = hello("shop", service=service, more=more)
    for name, content in files.items():
        (folder / name).write_text(content)
    return checked(folder, files["hivemind.yaml"], plugins_of(), lint=False)


def deployed(before: Checked, **changes: object) -> Snapshot:
    """The stack of a blueprint, all of it made."""
    known = apply_of(before)
    return Snapshot(
        Basis.LIVE,
        "arn:stack",
        "CREATE_COMPLETE",
        before.assembly.template,
        {"ImageDebian12X8664": "ami-1"},
        physical_ids={name: f"id-{name}" for name in before.assembly.resources},
        artifacts={name: source.digest for name, source in known.sources.items()},
        revision=1,
        **changes,  # type: ignore[arg-type]
    )


def update(after: Checked, snapshot: Snapshot) -> Apply:
    first = apply_of(after)
    digests = {name: source.digest for name, source in first.sources.items()}
    plan = make_plan(after.blueprint, after.assembly, snapshot, digests, "", region="us-east-1", cloud="aws")
    return apply_of(after, plan=plan, snapshot=snapshot)


def shown(found: tuple[Wave, ...]) -> list[tuple[str, list[str], list[int]]]:
    """Each wave: its milestone, the instances that are out of service, the numbers of those that get a release."""
    return [
        (
            wave.stack,
            sorted(one for share in wave.shares for one in share.moved),
            [node.number for share in wave.shares for node in share.nodes],
        )
        for wave in found
    ]


@pytest.mark.parametrize("change", ["disk: 20", "os: amazon-linux-2023"])
def test_two_instances_are_replaced_one_after_another(tmp_path: Path, change: str) -> None:
    snapshot = deployed(project(tmp_path, "instances: 2"))
    run = update(project(tmp_path, f"instances: 2\n{change}"), snapshot)
    assert shown(waves(run)) == [("stack", ["WebInstance1"], [1]), ("stack wave 2", ["WebInstance2"], [2])]
    assert waves(run)[0].later == {"WebInstance2"}
    assert [share.traffic for wave in waves(run) for share in wave.shares] == ["traffic web", "traffic web wave 2"]
    assert run.plan.interruptions == ()


def test_of_five_at_most_two_change_at_a_time(tmp_path: Path) -> None:
    snapshot = deployed(project(tmp_path, "instances: 5"))
    run = update(project(tmp_path, "instances: 5\nsize: t3.large"), snapshot)
    assert [len(moved) for _, moved, _ in shown(waves(run))] == [2, 2, 1]
    assert [nodes for *_, nodes in shown(waves(run))] == [[], [], []], "what only restarts keeps its release"
    assert all(share.stopped and not share.replaced for wave in waves(run) for share in wave.shares)


def test_what_has_no_release_gets_it_before_the_others_change(tmp_path: Path) -> None:
    """Instance 1 was made by a run that ended before its release: instance 2 serves alone."""
    before = project(tmp_path, "instances: 2")
    lacking = Repair("web", "WebInstance1", "id-WebInstance1", Trouble.EMPTY)
    after = project(tmp_path, "instances: 2\ndisk: 20")
    snapshot = deployed(before, repairs=(lacking,))
    changed = dict(snapshot.template["Resources"])
    changed["WebInstance1"] = after.assembly.resources["WebInstance1"]
    half = Snapshot(**{**snapshot.__dict__, "template": {**snapshot.template, "Resources": changed}})
    assert shown(waves(update(after, half))) == [("stack", [], [1]), ("stack wave 2", ["WebInstance2"], [2])]


def test_one_instance_has_no_other_and_the_plan_says_so(tmp_path: Path) -> None:
    snapshot = deployed(project(tmp_path, "instances: 1"))
    run = update(project(tmp_path, "instances: 1\ndisk: 20"), snapshot)
    assert shown(waves(run)) == [("stack", ["WebInstance1"], [1])]
    (found,) = run.plan.interruptions
    assert (found.of, found.minutes) == ("services.web", 4)
    assert "its only instance is replaced" in found.reason


def test_nothing_moves_in_a_first_apply(tmp_path: Path) -> None:
    run = apply_of(project(tmp_path, "instances: 3"))
    assert shown(waves(run)) == [("stack", [], [1, 2, 3])]
    assert run.plan.interruptions == ()


GROUP = "instances: {min: 2, max: 4}"


def test_a_group_is_one_node_and_its_launch_template_changes_in_one_update(tmp_path: Path) -> None:
    snapshot = deployed(project(tmp_path, GROUP))
    run = update(project(tmp_path, f"{GROUP}\ndisk: 20"), snapshot)
    assert {change.logical_id for change in run.plan.changes} >= {"WebLaunchTemplate"}
    assert [(wave.stack, wave.shares) for wave in waves(run)] == [("stack", ())], "CloudFormation replaces in turn"
    (node,) = run.nodes(run.blueprint.services["web"])
    assert (node.logical_id, node.existing, node.is_group) == ("WebScalingGroup", "id-WebScalingGroup", True)


def test_instances_go_when_the_group_that_follows_them_has_the_traffic(tmp_path: Path) -> None:
    snapshot = deployed(project(tmp_path, "instances: 2"))
    run = update(project(tmp_path, GROUP), snapshot)
    first, second = waves(run)
    assert first.later == {"WebInstance1", "WebInstance2"}
    assert [node.logical_id for share in first.shares for node in share.nodes] == ["WebScalingGroup"]
    assert [(share.leaving, share.nodes) for share in second.shares] == [(first.later, ())]
    owned = collected(run, plugins_of(), own=(record_step(run),))
    needs = {step.name: step.needs for step in owned.steps}
    assert "traffic web" in needs["stack wave 2"]
    assert run.plan.interruptions == ()


def test_a_group_goes_when_the_instances_that_follow_it_have_the_traffic(tmp_path: Path) -> None:
    snapshot = deployed(project(tmp_path, GROUP))
    run = update(project(tmp_path, "instances: 2"), snapshot)
    first, second = waves(run)
    assert first.later == {"WebScalingGroup", "WebScalingAccess"}
    assert [node.number for share in first.shares for node in share.nodes] == [1, 2]
    assert [share.leaving for share in second.shares] == [first.later]


def test_a_plan_says_what_becomes_of_the_instances_of_a_group(tmp_path: Path) -> None:
    one, several = "instances: {min: 1, max: 1}", deployed(project(tmp_path, GROUP))
    taken = update(project(tmp_path, "instances: 2"), several).plan
    renewed = update(project(tmp_path, f"{GROUP}\ndisk: 20"), several).plan
    alone = update(project(tmp_path, f"{one}\ndisk: 20"), deployed(project(tmp_path, one))).plan
    assert list(group_changes(taken.changes)) == [
        "services.web: instances take the place of its group, which goes when they have the traffic."
    ]
    assert list(group_changes(renewed.changes)) == [
        "services.web: its group replaces all instances, one after another."
    ]
    assert renewed.interruptions == ()
    (outage,) = alone.interruptions
    assert (outage.of, outage.minutes) == ("services.web", 4)
    assert "max: 2" in outage.way_out


def test_a_terminated_instance_is_made_again(tmp_path: Path) -> None:
    before = project(tmp_path, "instances: 2")
    snapshot = deployed(before, repairs=(Repair("web", "WebInstance1", "i-1", Trouble.TERMINATED),))
    resources = {name: part for name, part in snapshot.template["Resources"].items() if name != "WebInstance1"}
    ids = {name: one for name, one in snapshot.physical_ids.items() if name != "WebInstance1"}
    gone = Snapshot(
        **{**snapshot.__dict__, "template": {**snapshot.template, "Resources": resources}, "physical_ids": ids}
    )
    run = update(before, gone)
    assert [(change.logical_id, change.action.value) for change in run.plan.changes] == [("WebInstance1", "create")]
    assert shown(waves(run)) == [("stack", [], [1])]


def test_a_plugin_that_comes_between_releases_and_traffic_does_so_once(tmp_path: Path) -> None:
    class Gate:
        @staticmethod
        @hook
        def hivemind_steps(run: object) -> tuple[Step, ...]:
            del run
            return (Step("confirm", Stage.REGISTER, lambda _: None, needs=("release",), before=("traffic",)),)

    snapshot = deployed(project(tmp_path, "instances: 2"))
    run = update(project(tmp_path, "instances: 2\ndisk: 20"), snapshot)
    owned = collected(run, plugins_of(gate=Gate), own=(record_step(run),))
    needs = {step.name: step.needs for step in owned.steps}
    assert needs["confirm"] == ("release web",)
    assert "confirm" in needs["traffic web"]
    assert "confirm" not in needs["traffic web wave 2"]
    assert "traffic web" in needs["stack wave 2"]
    assert {"stack wave 2", "release web wave 2", "traffic web wave 2"} <= set(needs["record"])
