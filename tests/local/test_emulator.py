"""The contract with ministack: every private name we use, and what we rely on. Fails when a new version moves them."""

from __future__ import annotations

import copy
import functools
import inspect
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest

pytest.importorskip("ministack", reason="needs the extra `local`")
from hivemind.local import emulator as module
from hivemind.local import protocols
from hivemind.local.emulator import Emulator, prepare_environment
from hivemind.local.model import Datum
from hivemind.local.operations import Targets
from hivemind.local.resources import catalog

CREATED_BY_US = (
    "AWS::EC2::EIP",
    "AWS::EC2::Instance",
    "AWS::EC2::InstanceConnectEndpoint",
    "AWS::EC2::KeyPair",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
)
WRAPPED = (
    "AWS::EC2::VPC",
    "AWS::EC2::Subnet",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EC2::Route",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBSubnetGroup",
    "AWS::SecretsManager::Secret",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::Role",
    "AWS::S3::Bucket",
)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as state, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prepare_environment(Path(state), 1, "eu-west-1")
        made = Emulator()
        from ministack.core import persistence

        # Whoever of this process loaded ministack first decided on a folder for all.
        folder, persistence.STATE_DIR = persistence.STATE_DIR, os.environ["STATE_DIR"]
        yield made
        persistence.STATE_DIR = folder
    os.environ.clear()
    os.environ.update(before)


def test_it_is_the_pinned_version() -> None:
    assert version("ministack") == module.VERSION


def test_types_we_add_are_missing_and_types_we_wrap_are_there(emulator: Emulator) -> None:
    kinds = emulator.kinds()
    assert [name for name in CREATED_BY_US if name in kinds] == []
    assert [name for name in WRAPPED if name not in kinds] == []
    assert all(kinds[name].update for name in WRAPPED if name != "AWS::IAM::Role")


def test_handlers_take_what_we_give(emulator: Emulator) -> None:
    for name in WRAPPED:
        kind = emulator.kinds()[name]
        for handler, count in ((kind.create, 3), (kind.delete, 2)):
            inspect.signature(handler).bind(*range(count))


def test_the_doors_that_stay_shut_are_where_we_shut_them(emulator: Emulator) -> None:
    """What `closing.py` replaces. That they are shut, `test_strangers.py` shows on a whole local cloud."""
    from ministack import app
    from ministack.services.cloudformation import changesets, engine, handlers, provisioners

    del emulator
    source = inspect.getsource(app.app)
    for name in ("_handle_pre_body_request", "_handle_post_body_shortcuts", "_handle_special_data_plane_request"):
        assert inspect.iscoroutinefunction(getattr(app, name))
        assert source.count(f"await {name}(") == 1
    assert source.count("_dispatch_service_request(") == 1
    assert set(app._state_map.values()) >= set(module.KEPT) - {"sts", "tagging"}
    assert len({each.validate_template_support for each in (changesets, engine, handlers)}) == 1
    made = inspect.getsource(provisioners._provision_resource)
    assert "return _custom_resource_create(" in made


def test_stores_are_apart_by_account_and_region(emulator: Emulator) -> None:
    with emulator.scope("111111111111", "eu-west-1"):
        assert (emulator.account, emulator.region) == ("111111111111", "eu-west-1")
        emulator.key_pairs["k"] = {"KeyName": "k"}
    with emulator.scope("222222222222", "eu-west-1"):
        assert "k" not in emulator.key_pairs
    assert ("111111111111", "eu-west-1", {"KeyName": "k"}) in list(emulator.everywhere(emulator.key_pairs))


def test_ref_of_secrets_and_profiles_is_still_the_other_way_round(emulator: Emulator) -> None:
    """The day this fails, `resources/identity.py` has nothing left to turn round."""
    kinds = emulator.kinds()
    with emulator.scope("111111111111", "eu-west-1"):
        name, attributes = kinds["AWS::SecretsManager::Secret"].create("S", {"SecretString": "x"}, "stack")
        assert not name.startswith("arn:")
        assert emulator.secret(attributes["Arn"]) is not None
        arn, _ = kinds["AWS::IAM::InstanceProfile"].create("P", {"Roles": []}, "stack")
        assert arn.startswith("arn:")
        assert emulator.instance_profile(arn.rpartition("/")[2]) is not None
        assert emulator.instance_profile("nobody") is None


def test_an_instance_record_has_what_the_views_read(emulator: Emulator) -> None:
    with emulator.scope("111111111111", "eu-west-1"):
        record = emulator.launch("ami-1", "t3.micro", "subnet-1", "10.0.0.4", key_name="k", sg_ids=["sg-1"])
        wanted = {"InstanceId", "PrivateIpAddress", "SecurityGroups", "UserData", "ImageId", "State", "Placement"}
        assert wanted <= record.keys()
        assert record["InstanceId"] in emulator.instances
        emulator.discard_instance(record)
        assert record["InstanceId"] not in emulator.instances


def test_the_images_are_ours(emulator: Emulator) -> None:
    emulator.publish_images(catalog.IMAGES, catalog.IMAGE_PARAMETERS)
    assert all(emulator.image_exists(image) for image in catalog.IMAGE_PARAMETERS.values())
    assert not emulator.image_exists("ami-0abcdef1234567890")


def test_operations_can_be_replaced(emulator: Emulator) -> None:
    seen = {}
    for service, name in (
        ("alb", "RegisterTargets"),
        ("alb", "DeregisterTargets"),
        ("alb", "DescribeTargetHealth"),
        ("ec2", "RunInstances"),
        ("rds", "DeleteDBSnapshot"),
        ("cloudformation", "CreateStack"),
    ):
        emulator.replace_operation(service, name, functools.partial(seen.setdefault, (service, name)))
    assert None not in seen.values()


class Unprobed:
    """Health checks that have not begun."""

    def describe(self, _: str) -> tuple[()]:
        return ()


def test_groups_and_requests_change_the_targets_of_a_load_balancer_at_once(emulator: Emulator) -> None:
    """Groups do it in threads, while the event loop answers requests."""
    targets = Targets(emulator, Unprobed(), 1.0)
    arn, each, threads = "arn:busy", 60, 4
    places = [{"TargetGroupArn": arn, "Targets.member.1.Id": f"i-{number}"} for number in range(threads * each)]
    account = ("111111111111", "eu-west-1")
    answered: list[int] = []

    def work(mine: list[dict[str, str]]) -> None:
        with emulator.scope(*account):
            for place in mine:
                answered.append(targets.register(place)[0])
                answered.append(targets.describe({"TargetGroupArn": arn})[0])
            for place in mine[::2]:
                answered.append(targets.deregister(place)[0])
                answered.append(targets.describe({"TargetGroupArn": arn})[0])

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with emulator.scope(*account), ThreadPoolExecutor(threads) as pool:
            emulator.target_groups[arn] = {"TargetGroupArn": arn, "Port": 80, "TargetType": "ip"}
            list(pool.map(work, (places[number::threads] for number in range(threads))))
            left = emulator.targets.pop(arn)
            emulator.target_groups.pop(arn)
    finally:
        sys.setswitchinterval(usual)
    assert (len(answered), set(answered)) == (threads * each * 3, {200})
    assert len(left) == threads * each // 2


def test_answers_have_the_form_of_the_service(emulator: Emulator) -> None:
    assert b"<TerribleResponse" in emulator.xml("ec2", "Terrible", "<a/>")[2]
    for service in ("ec2", "alb", "rds", "cloudformation"):
        status, _, content = emulator.error(service, "Bad", "it is bad")
        assert status == 400
        assert b"Bad" in content
        assert b"it is bad" in content


def test_interrupted_operations_are_settled(emulator: Emulator) -> None:
    with emulator.scope("111111111111", "eu-west-1"):
        for name, status in (("a", "CREATE_IN_PROGRESS"), ("b", "UPDATE_IN_PROGRESS"), ("c", "CREATE_COMPLETE")):
            emulator.stacks[name] = {"StackName": name, "StackId": f"arn:{name}", "StackStatus": status}
        emulator.end_interrupted("cut")
        states = {name: emulator.stacks[name]["StackStatus"] for name in ("a", "b", "c")}
        assert states == {"a": "CREATE_FAILED", "b": "UPDATE_ROLLBACK_FAILED", "c": "CREATE_COMPLETE"}
        assert emulator.stack_events["arn:a"][-1]["ResourceStatusReason"] == "cut"
    assert ("111111111111", "eu-west-1", "c") in emulator.live_stacks()


def test_metrics_are_kept(emulator: Emulator) -> None:
    """Where GetMetricStatistics and alarms of this account and region find them, and nowhere else."""
    from ministack import app

    cloudwatch = app._get_module("cloudwatch")
    instance = {"InstanceId": "i-kept"}
    for value in (12.5, 40.0):
        emulator.put_metric(Datum("111111111111", "eu-west-1", "AWS/EC2", "CPUUtilization", instance, value, "Percent"))

    def told(account: str, region: str) -> list[tuple[str, float, float, float]]:
        now = datetime.now(UTC)
        asked = {
            "Namespace": "AWS/EC2",
            "MetricName": "CPUUtilization",
            "Dimensions": [{"Name": "InstanceId", "Value": "i-kept"}],
            "StartTime": (now - timedelta(hours=1)).isoformat(),
            "EndTime": (now + timedelta(hours=1)).isoformat(),
            "Period": 7200,
            "Statistics": ["Sum", "Maximum", "SampleCount"],
        }
        with emulator.scope(account, region):
            status, _, body = cloudwatch._get_metric_statistics({}, asked, is_cbor=False, is_json=True)
        assert status == 200
        points = json.loads(body)["Datapoints"]
        return [(one["Unit"], one["Sum"], one["Maximum"], one["SampleCount"]) for one in points]

    assert told("111111111111", "eu-west-1") == [("Percent", 52.5, 40.0, 2.0)]
    assert told("222222222222", "eu-west-1") == []
    assert told("111111111111", "eu-west-2") == []


def test_state_is_saved_as_files(emulator: Emulator) -> None:
    from ministack import app
    from ministack.core import persistence

    with emulator.scope("111111111111", "eu-west-1"):
        emulator.key_pairs["saved"] = {"KeyName": "saved", "Blob": b"\x00"}
    emulator.save()
    path = Path(os.environ["STATE_DIR"], "ec2.json")
    ours = path.read_text()
    assert "saved" in ours
    persistence.save_state("ec2", app._get_module("ec2").get_state())
    assert json.loads(path.read_text()) == json.loads(ours), "as ministack itself writes it"
    read = persistence.load_state("ec2")
    assert read is not None
    assert dict(read["key_pairs"].all_items()) == dict(emulator.key_pairs.all_items())


def test_a_stack_knows_on_disk_of_what_goes_while_all_is_saved(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed then, nothing would ever delete what no stack knows of."""
    from ministack import app

    groups = app._get_module("autoscaling")
    read = groups.get_state
    with emulator.scope("111111111111", "eu-west-1"):
        held = {"LogicalResourceId": "Web", "PhysicalResourceId": "going-web"}
        stack = {"StackName": "going", "StackId": "arn:going", "StackStatus": "DELETE_IN_PROGRESS"}
        emulator.stacks["going"] = {**stack, "_resources": {"Web": held}}
        emulator.scaling_groups["going-web"] = {"AutoScalingGroupName": "going-web"}

        def goes_meanwhile() -> object:
            state = copy.deepcopy(read())
            emulator.scaling_groups.pop("going-web", None)
            emulator.stacks["going"]["_resources"].pop("Web", None)
            return state

        monkeypatch.setattr(groups, "get_state", goes_meanwhile)
        emulator.save()
        emulator.stacks.pop("going")
    folder = Path(os.environ["STATE_DIR"])
    for name in ("autoscaling", "cloudformation"):
        assert "going-web" in (folder / f"{name}.json").read_text()
    written = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.json")}
    assert written["cloudformation.json"] == max(written.values())


def test_only_what_changed_is_saved(emulator: Emulator) -> None:
    emulator.save()
    paths = [Path(os.environ["STATE_DIR"], f"{name}.json") for name in ("iam", "ec2")]
    before = [path.stat().st_mtime_ns for path in paths]
    with emulator.scope("111111111111", "eu-west-1"):
        emulator.key_pairs["more"] = {"KeyName": "more"}
    emulator.save()
    after = [path.stat().st_mtime_ns for path in paths]
    assert (after[0], after[1] > before[1]) == (before[0], True)


def test_the_services_write_as_their_descriptions_say(emulator: Emulator) -> None:
    from botocore.session import get_session
    from ministack import app
    from ministack.core import responses

    served = {name for name, one in app.SERVICE_REGISTRY.items() if one["module"] in module.SERVICES}
    assert set(protocols.PROTOCOLS) == served
    for name, known in protocols.PROTOCOLS.items():
        said = get_session().get_service_model(responses._BOTOCORE_NAME.get(name, name)).metadata
        assert known == {key: said[key] for key in ("protocol", "jsonVersion") if key in said}, name
    emitted = {"Content-Type": "application/json"}
    responses.fix_error_content_type("ssm", 400, emitted)
    assert emitted == {"Content-Type": "application/x-amz-json-1.1"}
    assert responses._service_model("dynamodb").metadata["protocol"] == "json"
