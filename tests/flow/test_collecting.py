"""The steps of a run, collected from plugins: what they wait for, and what is refused before anything is done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from hivemind import Apply, Destroy, Failure, Stage, Step, hook, milestones
from hivemind.flow.collecting import Owned, collected
from hivemind.flow.planning import planned
from hivemind.flow.recording import record_step
from hivemind.flow.run import told
from hivemind.local.cloud import host_platform
from hivemind.plan.model import NOTHING
from hivemind.plan.show import lines
from hivemind.plugins.calling import PluginError
from hivemind.plugins.loading import Plugins
from hivemind.steps.run import Goal
from hivemind.testing import checked, plugins_of
from hivemind.testing.project import hello

pytestmark = pytest.mark.fast


def plugin(*steps: Step) -> object:
    """A plugin that adds these steps to every apply."""

    @hook
    def hivemind_steps(run: Apply | Destroy) -> tuple[Step, ...]:
        return steps if isinstance(run, Apply) else ()

    return SimpleNamespace(hivemind_steps=hivemind_steps, __name__="tests")


def step(name: str, needs: Sequence[str] = (), before: Sequence[str] = (), approval: str = "") -> Step:
    return Step(name, Stage.OBSERVE, lambda _: None, tuple(needs), tuple(before), Failure.WARN, approval)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in hello("shop").items():
        (tmp_path / name).write_text(content)
    return tmp_path


def run_of(folder: Path, plugins: Plugins) -> Apply:
    made = checked(folder, hello("shop")["hivemind.yaml"], plugins, lint=False)
    _, plan, sources = planned(made, NOTHING, host_platform, region="us-east-1", cloud="local", made_at="")
    return told(made, plan, NOTHING, sources)


def owned(folder: Path, **plugins: object) -> Owned:
    run = run_of(folder, plugins_of())
    return collected(run, plugins_of(**plugins), own=(record_step(run),))


def needs(found: Owned) -> dict[str, set[str]]:
    return {one.name: set(one.needs) for one in found.steps}


def test_what_the_agents_contribute(folder: Path) -> None:
    assert needs(owned(folder)) == {
        "build web": set(),
        "health path": {"stack", "release web"},
        "prepare web 1": {"instance WebInstance1"},
        "record": {"stack", "health path", "build web", "upload web", "prepare web 1", "release web", "traffic web"},
        "release web": {"build web", "stack", "prepare web 1"},
        "stack": set(),
        "traffic web": {"release web", "health path"},
        "upload web": {"build web", "stack"},
        "verify": {"record"},
    }


def test_every_step_has_the_agent_that_it_belongs_to(folder: Path) -> None:
    owners = {name: source.name for name, source in owned(folder).owners.items()}
    assert owners == {
        "build web": "compiler",
        "health path": "provisioner",
        "instance WebInstance1": "provisioner",
        "prepare web 1": "deployer",
        "record": "flow",
        "release web": "deployer",
        "stack": "provisioner",
        "traffic web": "deployer",
        "upload web": "deployer",
        "verify": "qa",
    }


def test_a_word_for_a_kind_means_all_of_it(folder: Path) -> None:
    found = needs(owned(folder, cdn=plugin(step("purge", needs=["traffic"]), step("gate", ["release"], ["traffic"]))))
    assert found["purge"] == {"traffic web"}
    assert found["gate"] == {"release web"}
    assert found["traffic web"] == {"release web", "health path", "gate"}


def test_plugins_can_wait_for_each_others_steps(folder: Path) -> None:
    found = needs(owned(folder, a=plugin(step("one", needs=["two"])), b=plugin(step("two", before=["verify"]))))
    assert found["one"] == {"two"}
    assert found["verify"] == {"record", "two"}


def test_what_is_not_in_this_run_is_nothing_to_wait_for(folder: Path) -> None:
    run = run_of(folder, plugins_of())
    found = collected(run, plugins_of(cdn=plugin(step("purge", needs=["drain", "upload"]))))
    assert needs(found)["purge"] == {"upload web"}


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([step("purge", needs=["trafic web"])], 'step "purge" needs "trafic web", which is not a milestone'),
        ([step("purge", before=["verifi"])], 'step "purge" comes before "verifi", which is not a milestone'),
        ([step("purge", needs=["purge"])], 'step "purge" waits for itself: it needs "purge"'),
        ([step("purge", needs=["verify"], before=["stack"])], 'steps wait for each other: "'),
        ([step("stack")], 'plugin "provisioner" (hivemind.agents.provisioner) already contributes a step "stack"'),
        ([step("purge", before=["instance WebInstance1"])], "an event within a step"),
    ],
)
def test_what_cannot_run_is_refused_with_the_plugins_name(folder: Path, steps: list[Step], message: str) -> None:
    with pytest.raises(PluginError) as caught:
        owned(folder, cdn=plugin(*steps))
    assert message in caught.value.message
    assert 'plugin "cdn" (tests) in hivemind_steps' in caught.value.message


def test_the_nearest_milestone_is_named(folder: Path) -> None:
    with pytest.raises(PluginError) as caught:
        owned(folder, cdn=plugin(step("purge", needs=["trafic web"])))
    assert caught.value.hint == "Did you mean traffic web?"


def test_both_owners_of_a_name_are_named(folder: Path) -> None:
    with pytest.raises(PluginError) as caught:
        owned(folder, first=plugin(step("purge")), second=plugin(step("purge")))
    assert 'plugin "second" (tests)' in caught.value.message
    assert 'plugin "first" (tests) already contributes a step' in caught.value.message


def test_a_circle_names_each_step_with_its_owner(folder: Path) -> None:
    with pytest.raises(PluginError) as caught:
        owned(folder, a=plugin(step("one", needs=["two"])), b=plugin(step("two", needs=["one"])))
    assert '"one" (a) -> "two" (b)' in caught.value.message or '"two" (b) -> "one" (a)' in caught.value.message


def test_a_plan_shows_steps_of_others_and_their_owners(folder: Path) -> None:
    gate = step("gate", needs=["release"], before=["traffic"], approval="Send traffic to r1?")
    plugins = plugins_of(cdn=plugin(step("purge", needs=["traffic web"]), gate))
    plan = run_of(folder, plugins).plan
    assert [(one.name, one.owner, one.approval) for one in plan.steps] == [
        ("gate", "cdn", "Send traffic to r1?"),
        ("purge", "cdn", ""),
    ]
    shown = lines(plan)
    assert "  * gate   by cdn, after release web   asks: Send traffic to r1?" in shown
    assert "  * purge  by cdn, after traffic web" in shown
    assert plan.digest != run_of(folder, plugins_of()).plan.digest


def test_a_destroy_drains_before_it_deletes(folder: Path) -> None:
    from hivemind.deploy.calls import StackResource
    from hivemind.deploy.removal import Content
    from hivemind.template.resource_types import TARGET_GROUP

    group = Content(
        StackResource("WebTargetGroup", "arn", TARGET_GROUP, "CREATE_COMPLETE", ""), "Delete", holds_data=False
    )
    run = Destroy("shop", "local", "us-east-1", Goal.DESTROY, "arn:stack", (group,), left="shop-builds")
    found = collected(run, plugins_of())
    assert needs(found) == {
        "drain WebTargetGroup": set(),
        "instances gone": set(),
        "stack": {"drain WebTargetGroup"},
    }
    assert {one.stage for one in found.steps} == {Stage.CLEANUP}
    assert milestones.drain("WebTargetGroup") in found.owners
