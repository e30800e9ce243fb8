"""CloudFormation on the local cloud: what AWS does, seen through boto3's eyes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from stacks import (
    IMAGE,
    TRUST,
    Stack,
    attribute,
    balancer,
    body,
    compute,
    data,
    database,
    instance,
    network,
    ref,
    resource,
)

from hivemind.testing.clients import raw
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.clock import SYSTEM_CLOCK, polls

pytestmark = pytest.mark.slow
BUCKET = {"Bucket": resource("AWS::S3::Bucket")}


@pytest.fixture
def client(cloudformation: Any) -> Any:
    return cloudformation


@pytest.fixture
def image(cloud: Any) -> str:
    return str(cloud.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"])


def test_a_whole_application(cloud: Any, stack: Stack, image: str) -> None:
    """Creation, values of Ref and GetAtt, an update in place, deletion with a snapshot."""
    resources = network() | compute(image, "whole") | data() | balancer()
    outputs = {
        "Address": attribute("Web", "PrivateIp"),
        "Zone": attribute("Web", "AvailabilityZone"),
        "Secret": ref("Secret"),
        "Profile": ref("Profile"),
        "Dns": attribute("Balancer", "DNSName"),
        "Host": attribute("Db", "Endpoint.Address"),
        "Port": attribute("Db", "Endpoint.Port"),
    }
    assert stack.create(body(resources, **outputs)) == "CREATE_COMPLETE", stack.reason()
    values = stack.outputs()
    assert values["Address"].startswith("10.0.1.")
    assert values["Zone"] == "eu-west-1a"
    assert values["Secret"].startswith("arn:aws:secretsmanager:eu-west-1:")
    assert "/" not in values["Profile"]
    assert values["Dns"].endswith(".elb.amazonaws.com")
    instance_id = stack.resource("Web")
    assert cloud.host_key(instance_id).startswith("ssh-ed25519 ")
    listed = cloud.client("ec2").describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
    assert (listed["State"]["Name"], listed["PrivateIpAddress"]) == ("running", values["Address"])
    assert "SSH HOST KEY" in cloud.client("ec2").get_console_output(InstanceId=instance_id)["Output"]

    resources["Web"]["Properties"]["Tags"] = [{"Key": "colour", "Value": "blue"}]
    resources["Db"]["Properties"]["AllocatedStorage"] = "30"
    assert stack.update(body(resources, **outputs)) == "UPDATE_COMPLETE", stack.reason()
    assert stack.resource("Web") == instance_id
    assert stack.outputs() == values
    rds = cloud.client("rds")
    assert (
        rds.describe_db_instances(DBInstanceIdentifier=stack.resource("Db"))["DBInstances"][0]["AllocatedStorage"] == 30
    )

    assert stack.delete() == "DELETE_COMPLETE", stack.reason()
    assert rds.describe_db_instances()["DBInstances"] == []
    (snapshot,) = rds.describe_db_snapshots()["DBSnapshots"]
    assert snapshot["Status"] == "available"
    rds.delete_db_snapshot(DBSnapshotIdentifier=snapshot["DBSnapshotIdentifier"])
    assert rds.describe_db_snapshots()["DBSnapshots"] == []
    with pytest.raises(ConnectionRefusedError):
        cloud.dial(instance_id, 22, timeout=2)


def test_each_resource_is_seen_in_progress(local_home: Any, client: Any, stack: Stack) -> None:
    local_home.fault("delay", "AWS::S3::Bucket", seconds=1.0)
    stack.id = client.create_stack(StackName=stack.name, TemplateBody=body(BUCKET))["StackId"]
    seen = set()
    for _ in polls(SYSTEM_CLOCK, deadline=60, first=0.1, most=0.1):
        seen |= {(e["LogicalResourceId"], e["ResourceStatus"]) for e in stack.events()}
        if stack.describe()["StackStatus"] != "CREATE_IN_PROGRESS":
            break
    assert ("Bucket", "CREATE_IN_PROGRESS") in seen
    assert ("Bucket", "CREATE_COMPLETE") in {(e["LogicalResourceId"], e["ResourceStatus"]) for e in stack.events()}


def test_a_failure_rolls_back_and_names_its_cause(local_home: Any, client: Any, stack: Stack) -> None:
    local_home.fault("fail", "AWS::EC2::Subnet", message="no room", logical_id="B")
    assert stack.create(body(network())) == "ROLLBACK_COMPLETE"
    assert stack.reason() == "no room"
    assert ("Vpc", "DELETE_COMPLETE") in {(e["LogicalResourceId"], e["ResourceStatus"]) for e in stack.events()}
    with pytest.raises(client.exceptions.AlreadyExistsException):
        stack.create(body(network()))


def test_what_a_rollback_could_not_delete_stays_in_the_stack(local_home: Any, client: Any, stack: Stack) -> None:
    local_home.fault("fail", "AWS::EC2::Subnet")
    local_home.fault("dependency", "AWS::EC2::VPC")
    assert stack.create(body(network())) == "ROLLBACK_FAILED"
    (left,) = client.describe_stack_resources(StackName=stack.id)["StackResources"]
    assert (left["LogicalResourceId"], left["ResourceStatus"]) == ("Vpc", "DELETE_FAILED")
    local_home.clear_faults()
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_failed_update_goes_back(local_home: Any, client: Any, stack: Stack) -> None:
    assert stack.create(body(BUCKET)) == "CREATE_COMPLETE"
    before = stack.resource("Bucket")
    local_home.fault("fail", "AWS::SSM::Parameter", message="no")
    more = BUCKET | {"P": resource("AWS::SSM::Parameter", "Bucket", Type="String", Value="x")}
    assert stack.update(body(more)) == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.resource("Bucket") == before


def test_iam_resources_need_the_capability(client: Any, image: str) -> None:
    with pytest.raises(client.exceptions.InsufficientCapabilitiesException, match="CAPABILITY_IAM"):
        client.create_stack(StackName="stack", TemplateBody=body(network() | compute(image, "k")))


def test_names_that_count_in_all_regions_are_each_stacks_own(local_home: Any, tmp_path: Path, stack: Stack) -> None:
    global_ones = {
        "Role": resource("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST),
        "Profile": resource("AWS::IAM::InstanceProfile", Roles=[ref("Role")]),
        **BUCKET,
    }
    other = Stack(raw(local_home.connect(tmp_path, "stack", "eu-west-3"), "cloudformation"), "stack")
    both = stack, other
    try:
        for one in both:
            assert one.create(body(global_ones)) == "CREATE_COMPLETE"
        names = {part: [one.resource(part) for one in both] for part in global_ones}
        assert all(first != second for first, second in names.values())
        tagged = {"Tags": [{"Key": "team", "Value": "shop"}]}
        role = resource("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST, **tagged)
        assert other.update(body(global_ones | {"Role": role})) == "UPDATE_COMPLETE"
        assert [other.resource(part) for part in global_ones] == [found[1] for found in names.values()]
        assert stack.delete() == "DELETE_COMPLETE"
        assert other.update(body(global_ones)) == "UPDATE_COMPLETE", "its role is still there"
    finally:
        other.delete()


def test_nothing_to_update_is_said(client: Any, stack: Stack) -> None:
    assert stack.create(body(BUCKET)) == "CREATE_COMPLETE"
    with pytest.raises(client.exceptions.ClientError, match="No updates are to be performed"):
        stack.update(body(BUCKET))


def test_a_bucket_with_something_in_it_stays(cloud: Any, stack: Stack) -> None:
    assert stack.create(body(BUCKET)) == "CREATE_COMPLETE"
    bucket, s3 = stack.resource("Bucket"), cloud.client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    assert stack.delete() == "DELETE_FAILED"
    assert "not empty" in stack.reason()
    s3.delete_object(Bucket=bucket, Key="a")
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_network_in_use_stays(client: Any, stack: Stack) -> None:
    """Another stack's subnet keeps the VPC."""
    outputs = {"Vpc": ref("Vpc")}
    assert stack.create(body({"Vpc": network()["Vpc"]}, **outputs)) == "CREATE_COMPLETE"
    vpc = stack.outputs()["Vpc"]
    guest = Stack(client, "guest")
    subnet = resource("AWS::EC2::Subnet", VpcId=vpc, CidrBlock="10.0.9.0/24")
    assert guest.create(body({"A": subnet})) == "CREATE_COMPLETE"
    assert stack.delete() == "DELETE_FAILED"
    assert f"The vpc '{vpc}' has dependencies and cannot be deleted." in stack.reason()
    assert guest.delete() == "DELETE_COMPLETE"


WRONG = {
    "image": ({"ImageId": "ami-00000000000000bad"}, "The image id '[ami-00000000000000bad]' does not exist"),
    "size": ({"InstanceType": "t3.smal"}, "Invalid value 't3.smal' for InstanceType."),
    "machine": ({"InstanceType": "t4g.small"}, "The architecture 'arm64' of the specified instance type"),
    "subnet": ({"SubnetId": "subnet-0bad"}, "The subnet ID 'subnet-0bad' does not exist"),
    "group": ({"SecurityGroupIds": ["sg-0bad"]}, "The security group 'sg-0bad' does not exist"),
    "key": ({"KeyName": "nobody"}, "The key pair 'nobody' does not exist"),
    "profile": ({"IamInstanceProfile": "nobody"}, "Invalid IAM Instance Profile name"),
}


@pytest.fixture(scope="module")
def around(local_cloud: LocalCloudHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Any]]:
    """A stack with all that an instance and a database need, and its template's resources."""
    cloud = local_cloud.connect(tmp_path_factory.mktemp("around"), "around", "eu-west-1")
    image = str(cloud.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"])
    resources = network() | compute(image, "around") | data()
    del resources["Web"], resources["Db"]
    stack = Stack(raw(cloud, "cloudformation"), "around")
    assert stack.create(body(resources)) == "CREATE_COMPLETE", stack.reason()
    yield stack, resources
    assert stack.delete() == "DELETE_COMPLETE"


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_instance_is_refused_as_on_aws(case: str, image: str, around: tuple[Stack, Any]) -> None:
    changed, message = WRONG[case]
    stack, resources = around
    assert stack.update(body(resources | {"Web": instance(image, **changed)})) == "UPDATE_ROLLBACK_COMPLETE"
    assert message in stack.reason(last=True)


WRONG_DATA = {
    "class": ({"DBInstanceClass": "db.t9.huge"}, "Invalid DB Instance class: db.t9.huge"),
    "version": ({"EngineVersion": "9.6"}, "Cannot find version 9.6 for postgres"),
    "storage": ({"AllocatedStorage": "3"}, "Invalid storage size for engine name postgres and storage type gp2: 3"),
    "user": ({"MasterUsername": "admin"}, "it is a reserved word used by the engine"),
    "password": ({"MasterUserPassword": "short"}, "shorter than 8 characters"),
    "group": ({"DBSubnetGroupName": "nobody"}, "DB subnet group 'nobody' does not exist."),
    "engine": ({"Engine": "oracle-ee"}, "The local cloud runs postgres, mysql, mariadb only"),
}


@pytest.mark.parametrize("case", WRONG_DATA)
def test_a_wrong_database_is_refused_as_on_aws(case: str, around: tuple[Stack, Any]) -> None:
    changed, message = WRONG_DATA[case]
    stack, resources = around
    assert stack.update(body(resources | {"Db": database(**changed)})) == "UPDATE_ROLLBACK_COMPLETE"
    assert message in stack.reason(last=True)


def in_database(local_home: LocalCloudHome, cloud: Any, stack: Stack, statement: str) -> Any:
    """What the stack's database answers to its master user."""
    from pg8000.native import Connection

    servers = json.loads((local_home.directory / "postgres/databases.json").read_text())
    (port,) = (known["front"] for key, known in servers.items() if key.endswith(stack.resource("Db")))
    secret = cloud.client("secretsmanager").get_secret_value(SecretId=stack.resource("Secret"))["SecretString"]
    password = json.loads(secret)["password"]
    with closing(Connection("app", host="127.0.0.1", port=port, password=password, database="shop")) as connection:
        return connection.run(statement)


@pytest.mark.stress
def test_a_database_goes_up_a_version_and_replaced_leaves_a_snapshot_that_fills_another(
    local_home: LocalCloudHome, cloud: Any, stack: Stack
) -> None:
    resources = network() | data()
    resources["WebGroup"] = resource("AWS::EC2::SecurityGroup", GroupDescription="web", VpcId=ref("Vpc"))

    def with_database(*, without: tuple[str, ...] = (), **changed: Any) -> str:
        made = database(**changed) | {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Snapshot"}
        made["Properties"] = {key: value for key, value in made["Properties"].items() if key not in without}
        resources["Db"] = made
        return body(resources)

    assert stack.create(with_database(EngineVersion="16")) == "CREATE_COMPLETE", stack.reason()
    in_database(local_home, cloud, stack, "CREATE TABLE t AS SELECT 42 AS n")
    assert stack.update(with_database(EngineVersion="17")) == "UPDATE_ROLLBACK_COMPLETE"
    assert "The AllowMajorVersionUpgrade flag must be present" in stack.reason()
    upgraded = {"EngineVersion": "17.4", "AllowMajorVersionUpgrade": True}
    assert stack.update(with_database(**upgraded)) == "UPDATE_COMPLETE"
    assert stack.update(with_database(EngineVersion="16.8")) == "UPDATE_ROLLBACK_COMPLETE"
    assert "Cannot upgrade postgres from 17.4 to 16.8" in stack.reason(last=True)

    before = stack.resource("Db")
    assert stack.update(with_database(**upgraded, MasterUsername="other")) == "UPDATE_COMPLETE"
    assert stack.resource("Db") != before
    rds = cloud.client("rds")
    assert [one["DBInstanceIdentifier"] for one in rds.describe_db_instances()["DBInstances"]] == [stack.resource("Db")]
    (snapshot,) = rds.describe_db_snapshots()["DBSnapshots"]
    assert snapshot["DBInstanceIdentifier"] == before

    # What a snapshot brings may not be said beside it.
    inherited = ("DBName", "MasterUsername")
    restored = with_database(**upgraded, DBSnapshotIdentifier=snapshot["DBSnapshotIdentifier"], without=inherited)
    assert stack.update(restored) == "UPDATE_COMPLETE", stack.reason()
    assert in_database(local_home, cloud, stack, "SELECT n FROM t") == [[42]]
    for one in rds.describe_db_snapshots()["DBSnapshots"]:
        rds.delete_db_snapshot(DBSnapshotIdentifier=one["DBSnapshotIdentifier"])
    assert stack.delete() == "DELETE_COMPLETE", stack.reason()
    assert rds.describe_db_snapshots()["DBSnapshots"] == [], "DeletionPolicy: Delete"


def test_a_load_balancer_needs_two_zones(stack: Stack) -> None:
    resources = network()
    resources["Balancer"] = resource("AWS::ElasticLoadBalancingV2::LoadBalancer", Subnets=[ref("A")])
    assert stack.create(body(resources)) == "ROLLBACK_COMPLETE"
    assert "At least two subnets in two different Availability Zones must be specified" in stack.reason()


def test_subnets_lie_in_their_network(stack: Stack) -> None:
    resources = network()
    resources["C"] = resource("AWS::EC2::Subnet", "B", VpcId=ref("Vpc"), CidrBlock="10.0.2.128/25")
    assert stack.create(body(resources)) == "ROLLBACK_COMPLETE"
    assert "conflicts with another subnet" in stack.reason()


def test_a_gateway_with_its_address(stack: Stack) -> None:
    resources = network() | {
        "Gateway": resource("AWS::EC2::InternetGateway"),
        "Attached": resource("AWS::EC2::VPCGatewayAttachment", VpcId=ref("Vpc"), InternetGatewayId=ref("Gateway")),
        "Address": resource("AWS::EC2::EIP", "Attached", Domain="vpc"),
        "Nat": resource("AWS::EC2::NatGateway", AllocationId=attribute("Address", "AllocationId"), SubnetId=ref("A")),
        "Endpoint": resource("AWS::EC2::InstanceConnectEndpoint", SubnetId=ref("B")),
    }
    outputs = {"Address": ref("Address"), "Nat": ref("Nat"), "Block": attribute("Vpc", "CidrBlock")}
    assert stack.create(body(resources, **outputs)) == "CREATE_COMPLETE", stack.reason()
    values = stack.outputs()
    assert values["Address"].startswith("203.0.113.")
    assert values["Nat"].startswith("nat-")
    assert values["Block"] == "10.0.0.0/16"
    assert stack.delete() == "DELETE_COMPLETE", stack.reason()


def test_secrets_are_made_by_their_rules(cloud: Any, stack: Stack) -> None:
    assert stack.create(body({"Secret": data()["Secret"]}, Arn=ref("Secret"))) == "CREATE_COMPLETE"
    read = cloud.client("secretsmanager").get_secret_value(SecretId=stack.outputs()["Arn"])
    value = json.loads(read["SecretString"])
    assert value["username"] == "app"
    assert len(value["password"]) == 30
    assert value["password"].isalnum()


def test_targets_drain_before_they_go(cloud: Any, stack: Stack, image: str) -> None:
    resources = network() | compute(image, "drain") | balancer()
    resources["Targets"]["Properties"]["TargetGroupAttributes"] = [
        {"Key": "deregistration_delay.timeout_seconds", "Value": "30"}
    ]
    assert stack.create(body(resources, Arn=ref("Targets"))) == "CREATE_COMPLETE", stack.reason()
    elb, arn, web = raw(cloud, "elbv2"), stack.outputs()["Arn"], stack.resource("Web")

    def states() -> list[str]:
        told = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return [one["TargetHealth"]["State"] for one in told]

    with pytest.raises(elb.exceptions.InvalidTargetException):
        elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "i-00000000000000bad"}])
    assert states() == []
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": web}])
    assert states()[0] in {"initial", "unhealthy"}
    elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": web}])
    assert states() == ["draining"]
    assert any(not states() for _ in polls(SYSTEM_CLOCK, deadline=60))


def test_a_stopped_instance_starts_again_unless_the_local_cloud_can_not(
    local_home: Any, cloud: Any, stack: Stack, image: str
) -> None:
    assert stack.create(body(network() | compute(image, "stop"))) == "CREATE_COMPLETE", stack.reason()
    web, ec2 = stack.resource("Web"), raw(cloud, "ec2")

    def answers() -> bool:
        try:
            with cloud.dial(web, 22, timeout=2) as connection:
                return bool(connection.recv(4) == b"SSH-")
        except OSError:
            return False

    key = cloud.host_key(web)
    assert answers()
    ec2.stop_instances(InstanceIds=[web])
    assert any(not answers() for _ in polls(SYSTEM_CLOCK, deadline=20))
    ec2.start_instances(InstanceIds=[web])
    assert any(answers() for _ in polls(SYSTEM_CLOCK, deadline=20))
    assert cloud.host_key(web) == key
    what_the_local_cloud_can_not_start_is_no_stopped_instance(local_home, ec2, web, answers)


def what_the_local_cloud_can_not_start_is_no_stopped_instance(
    local_home: Any, ec2: Any, web: str, answers: Callable[[], bool]
) -> None:
    """A defect of ours, or of this machine, must not look like something that the user's instance did."""

    def state() -> str:
        found = ec2.describe_instances(InstanceIds=[web])["Reservations"][0]["Instances"][0]
        return str(found["State"]["Name"])

    def told() -> bool:
        said = ec2.get_console_output(InstanceId=web)["Output"]
        return "the local cloud cannot start this instance: FileExistsError" in said

    ec2.stop_instances(InstanceIds=[web])
    assert any(not answers() for _ in polls(SYSTEM_CLOCK, deadline=20))
    folder = local_home.directory / "instances" / web / "fs/opt"
    folder.rename(folder.with_name("kept"))
    folder.write_text("in the way")
    ec2.start_instances(InstanceIds=[web])
    assert any(told() for _ in polls(SYSTEM_CLOCK, deadline=20))
    assert state() == "running"
    folder.unlink()
    folder.with_name("kept").rename(folder)
    ec2.create_tags(Resources=[web], Tags=[{"Key": "looked", "Value": "at"}])
    assert any(answers() for _ in polls(SYSTEM_CLOCK, deadline=20))


def test_instances_outside_a_stack_are_refused(cloud: Any) -> None:
    ec2 = raw(cloud, "ec2")
    with pytest.raises(ec2.exceptions.ClientError, match="through CloudFormation only"):
        ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1)


def test_throttling_is_what_an_sdk_expects(local_home: Any, cloud: Any) -> None:
    local_home.fault("throttle", "cloudformation:ListStacks", times=1)
    impatient = raw(cloud, "cloudformation", attempts=1)
    with pytest.raises(impatient.exceptions.ClientError) as caught:
        impatient.list_stacks()
    assert caught.value.response["Error"]["Code"] == "Throttling"
    assert impatient.list_stacks()["StackSummaries"] is not None
