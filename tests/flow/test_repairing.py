"""What is wrong with instances although the template is the same; what status says is not in order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from hivemind.blueprint.strategy import Colour
from hivemind.deploy.state import DeploymentState, DeploymentStatus, Recorded, Revision
from hivemind.flow.repairing import with_repairs
from hivemind.flow.reporting import Status
from hivemind.flow.status import InstanceStatus, LiveStatus
from hivemind.plan.model import Basis, Snapshot, Trouble
from hivemind.releases.release import ProcessState
from hivemind.releases.targets import Target, TargetHealth

pytestmark = pytest.mark.fast


def tagged(service: str) -> dict[str, Any]:
    return {"Type": "AWS::EC2::Instance", "Properties": {"Tags": [{"Key": "hivemind:service", "Value": service}]}}


TEMPLATE = {
    "Resources": {
        "WebInstance1": tagged("web"),
        "WebInstance2": tagged("web"),
        "JobInstance1": tagged("job"),
        "WebTargetGroup": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup"},
    },
}
IDS = {"WebInstance1": "i-1", "WebInstance2": "i-2", "JobInstance1": "i-3", "WebTargetGroup": "arn"}
SNAPSHOT = Snapshot(Basis.LIVE, "arn:stack", "CREATE_COMPLETE", TEMPLATE, physical_ids=IDS)
STATE = DeploymentState(
    "shop",
    DeploymentStatus.DEPLOYED,
    sources={"web": "a", "job": "b"},
    recorded=Recorded("CREATE_COMPLETE", TEMPLATE, {}, {}, IDS),
)


@dataclass
class Cloud:
    """instances: id -> state. targets: id -> health."""

    instances: dict[str, str] = field(default_factory=lambda: dict.fromkeys(("i-1", "i-2", "i-3"), "running"))
    targets: dict[str, str] = field(default_factory=lambda: dict.fromkeys(("i-1", "i-2"), "healthy"))
    shares_ports: bool = False

    def client(self, service: str) -> Cloud:
        del service
        return self

    def describe_instances(self, *, Filters: list[dict[str, Any]]) -> dict[str, Any]:
        known = [one for one in Filters[0]["Values"] if one in self.instances]
        return {
            "Reservations": [{"Instances": [{"InstanceId": o, "State": {"Name": self.instances[o]}} for o in known]}]
        }

    def describe_target_health(self, *, TargetGroupArn: str) -> dict[str, Any]:
        del TargetGroupArn
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": name, "Port": 8000}, "TargetHealth": {"State": state}}
                for name, state in self.targets.items()
            ]
        }


def found(cloud: Cloud, state: DeploymentState | None = STATE) -> list[tuple[str, str]]:
    answer = with_repairs(cloud, SNAPSHOT, state)  # type: ignore[arg-type]
    return [(one.logical_id, one.trouble.value) for one in answer.repairs]


def test_nothing_is_wrong_with_what_is_in_order() -> None:
    assert found(Cloud()) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"instances": {"i-1": "terminated", "i-2": "running", "i-3": "running"}}, [("WebInstance1", "terminated")]),
        ({"instances": {"i-1": "running", "i-2": "running"}}, [("JobInstance1", "terminated")]),
        ({"instances": {"i-1": "running", "i-2": "stopping", "i-3": "running"}}, [("WebInstance2", "stopped")]),
        ({"targets": {"i-1": "healthy"}}, [("WebInstance2", "deregistered")]),
        ({"targets": {"i-1": "healthy", "i-2": "draining"}}, [("WebInstance2", "deregistered")]),
        ({"targets": {"i-1": "healthy", "i-2": "unhealthy"}}, [("WebInstance2", "unhealthy")]),
        ({"targets": {"i-1": "healthy", "i-2": "initial"}}, []),
        ({"targets": {"i-1": "healthy"}, "shares_ports": True}, [("WebInstance2", "empty")]),
    ],
)
def test_what_is_wrong(change: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(Cloud(**change)) == expected


def test_an_instance_that_no_run_has_recorded_has_no_release() -> None:
    known = replace(STATE, recorded=Recorded("CREATE_COMPLETE", TEMPLATE, {}, {}, {**IDS, "WebInstance2": "i-9"}))
    assert found(Cloud(), known) == [("WebInstance2", "empty")]


def test_where_nothing_was_released_nothing_lacks_it() -> None:
    assert found(Cloud(targets={}), None) == []
    assert found(Cloud(targets={}), replace(STATE, sources={})) == []


def test_a_terminated_instance_is_as_if_it_had_never_been() -> None:
    cloud = Cloud(instances={"i-2": "running", "i-3": "running"})
    answer = with_repairs(cloud, SNAPSHOT, STATE)  # type: ignore[arg-type]
    assert "WebInstance1" not in answer.template["Resources"]
    assert "WebInstance1" not in answer.physical_ids
    assert "WebInstance1" in SNAPSHOT.template["Resources"]


HEALTHY = InstanceStatus("i-1", "running", TargetHealth(Target("i-1", 8000), "healthy"), web=True)
RELEASED = replace(STATE, revisions=(Revision(1, "", {}, {}, ""),))


def status(
    *instances: InstanceStatus, state: DeploymentState = RELEASED, databases: dict[str, str] | None = None
) -> Status:
    return Status(state, LiveStatus("UPDATE_COMPLETE", {"web": instances}, databases or {}), None)


@pytest.mark.parametrize(
    ("found", "problems"),
    [
        (status(HEALTHY), ()),
        (status(HEALTHY, databases={"Db": "backing-up"}), ()),
        (status(HEALTHY, databases={"Db": "stopped"}), ("Db is stopped.",)),
        (status(HEALTHY, state=replace(STATE, revisions=())), ("Nothing is released yet.",)),
        (
            status(HEALTHY, state=replace(RELEASED, status=DeploymentStatus.FAILED)),
            ("The last run did not end well.",),
        ),
        (
            status(InstanceStatus("i-1", "running", None, web=True)),
            ("web i-1: running, not registered with the load balancer.",),
        ),
        (status(InstanceStatus("i-1", "stopped", None, web=True)), ("web i-1: stopped.",)),
        (status(InstanceStatus("i-1", "running", None, process=ProcessState("i-1", "running", 4000.0, 2))), ()),
        (
            status(InstanceStatus("i-1", "running", None, process=ProcessState("i-1", "running", 2.0, 1))),
            ("web i-1: its process is restarting, restarted 1 time.",),
        ),
        (Status(RELEASED, None, "no network"), ("The cloud cannot be asked: no network.",)),
        (Status(RELEASED, LiveStatus(None, {}, {}), None), ("The stack is missing.",)),
    ],
)
def test_what_is_not_in_order(found: Status, problems: tuple[str, ...]) -> None:
    assert found.problems == problems


GREEN = {
    "Resources": {**TEMPLATE["Resources"], "WebGreenInstance1": tagged("web")},
    "Outputs": {"WebInstanceIds": {"Value": {"Fn::Join": [",", [{"Ref": "WebGreenInstance1"}]]}}},
}
BESIDE = replace(SNAPSHOT, template=GREEN, physical_ids={**IDS, "WebGreenInstance1": "i-4"})


@pytest.mark.parametrize(
    ("registered", "current", "coming", "lacking"),
    [
        (("i-1", "i-2"), Colour.BLUE, Colour.GREEN, ["WebGreenInstance1"]),
        (("i-1", "i-2", "i-4"), Colour.BLUE, Colour.GREEN, ["WebGreenInstance1"]),
        (("i-4",), Colour.GREEN, None, []),
        ((), Colour.GREEN, None, []),
    ],
)
def test_which_instances_serve_is_what_the_load_balancer_says(
    registered: tuple[str, ...], current: Colour, coming: Colour | None, lacking: list[str]
) -> None:
    """Green is newer, by the template. Instances that rest lack nothing; those that come lack their release."""
    cloud = Cloud(dict.fromkeys(("i-1", "i-2", "i-3", "i-4"), "running"), dict.fromkeys(registered, "healthy"))
    state = replace(STATE, recorded=Recorded("UPDATE_COMPLETE", GREEN, {}, {}, BESIDE.physical_ids))
    answer = with_repairs(cloud, BESIDE, state)  # type: ignore[arg-type]
    known = answer.standing["web"]
    assert (known.current, known.coming, known.answers) == (current, coming, bool(registered))
    assert [one.logical_id for one in answer.repairs if one.trouble is Trouble.EMPTY] == lacking
