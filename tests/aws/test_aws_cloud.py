"""The AWS cloud: account, addresses, host keys, snapshots; by moto where it can be trusted, else by Stubber."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from hivemind.aws import snapshot
from hivemind.aws.clients import CallCounter, make_client, session
from hivemind.aws.cloud import PLATFORMS, AwsCloud
from hivemind.aws.hostkeys import find_key
from hivemind.deploy.removal import empty_bucket
from hivemind.plan.model import Basis
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import CloudUnreachable

KEY = "ssh-ed25519 " + "A" * 68
CONSOLE = f"-----BEGIN SSH HOST KEY KEYS-----\n{KEY} root@ip-10-0-0-1\n-----END SSH HOST KEY KEYS-----"


class Stubbed:
    """A cloud of stubbed clients."""

    def __init__(self) -> None:
        self.clients: dict[str, Any] = {}
        self.stubs: dict[str, Stubber] = {}

    def client(self, service: str) -> Any:
        self.stub(service)
        return self.clients[service]

    def stub(self, service: str) -> Stubber:
        if service not in self.stubs:
            client = make_client(service, region="eu-west-1", counter=CallCounter(), access_key="a", secret_key="b")
            self.clients[service], self.stubs[service] = client, Stubber(client)
            self.stubs[service].activate()
        return self.stubs[service]


@pytest.fixture
def stubbed() -> Stubbed:
    return Stubbed()


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsCloud]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    from moto import mock_aws

    session.cache_clear()  # what was made before moto was loaded goes past it
    with mock_aws():
        yield AwsCloud("eu-west-1", tmp_path)
    session.cache_clear()


def test_the_account_is_asked_once(cloud: AwsCloud) -> None:
    assert cloud.account == cloud.account == "123456789012"
    assert cloud.calls() == {"sts:GetCallerIdentity": 1}


def test_no_credentials_is_an_unreachable_cloud_with_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hivemind.aws.clients.session", _fresh_session)
    with pytest.raises(CloudUnreachable, match="no usable AWS credentials") as caught:
        _ = AwsCloud("eu-west-1", tmp_path).account
    assert "aws sso login" in str(caught.value.hint)


def _fresh_session(profile: str | None) -> Any:
    # The program's session is made once; the credentials of another test may be in it.
    import botocore.session

    return botocore.session.Session(profile=profile)


def test_a_profile_that_is_not_there_is_an_unreachable_cloud(tmp_path: Path) -> None:
    with pytest.raises(CloudUnreachable, match="nowhere"):
        AwsCloud("eu-west-1", tmp_path, profile="nowhere").client("sts")


def test_dial_connects_without_delay(stubbed: Stubbed, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        cloud = dialling(stubbed, tmp_path, {"InstanceId": "i-1", "PublicIpAddress": "127.0.0.1"})
        with cloud.dial("i-1", server.getsockname()[1], timeout=5) as connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_an_instance_that_is_not_there_is_named(stubbed: Stubbed, tmp_path: Path) -> None:
    with pytest.raises(CloudCallFailed, match="i-1 does not exist"):
        dialling(stubbed, tmp_path).dial("i-1", 22, timeout=1)


def dialling(stubbed: Stubbed, state: Path, *instances: dict[str, Any]) -> AwsCloud:
    stubbed.stub("ec2").add_response("describe_instances", {"Reservations": [{"Instances": list(instances)}]})
    if instances:
        stubbed.stub("ec2").add_response("describe_instance_connect_endpoints", {"InstanceConnectEndpoints": []})
    cloud = AwsCloud("eu-west-1", state)
    cloud._clients["ec2"] = stubbed.client("ec2")
    return cloud


@pytest.mark.fast
@pytest.mark.parametrize(
    ("port", "tls", "base"),
    [
        (80, False, "http://a.b"),
        (443, True, "https://a.b"),
        (8080, False, "http://a.b:8080"),
        (443, False, "http://a.b:443"),
    ],
)
def test_web_addresses(tmp_path: Path, port: int, tls: bool, base: str) -> None:
    address = AwsCloud("eu-west-1", tmp_path).web_address("a.b", port, tls=tls)
    assert (address.base, address.connect) == (base, ("a.b", port))
    assert base.endswith(address.host)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "ap-southeast-7"])
def test_an_address_to_download_from_is_of_the_buckets_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    """The gateway endpoint of a VPC carries what goes to S3 in its own region alone."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setattr("hivemind.aws.clients.session", _fresh_session)
    address = AwsCloud(region, tmp_path).download_url("shop-artifacts", "layers/a.tar.zst")
    assert address.startswith(f"https://shop-artifacts.s3.{region}.amazonaws.com/layers/a.tar.zst?X-Amz-Algorithm=AWS4")
    assert "X-Amz-Expires=1800" in address


@pytest.mark.fast
def test_platforms() -> None:
    assert {name: (p.glibc, p.python[0][0], p.node) for name, p in PLATFORMS.items()} == {
        "debian-12": ((2, 36), "3.11", None),
        "debian-13": ((2, 41), "3.13", None),
        "amazon-linux-2023": ((2, 34), "3.9", None),
        "ubuntu-24.04": ((2, 39), "3.12", None),
    }


@pytest.mark.fast
def test_the_newest_key_on_a_console_counts() -> None:
    assert find_key(f"ssh-ed25519 {'B' * 68} old\n{CONSOLE}") == KEY
    assert find_key("ssh-ed25519 short") is None


@pytest.mark.fast
def test_a_snapshot_takes_three_calls(stubbed: Stubbed) -> None:
    stack = {
        "StackId": "arn:aws:cloudformation:eu-west-1:1:stack/s/1",
        "StackName": "s",
        "StackStatus": "UPDATE_COMPLETE",
        "CreationTime": "2026-01-01T00:00:00Z",
        "Parameters": [
            {"ParameterKey": "Size", "ParameterValue": "1"},
            {"ParameterKey": "Password", "ParameterValue": "****"},
        ],
        "Outputs": [{"OutputKey": "Url", "OutputValue": "u"}],
    }
    resources = [
        {"LogicalResourceId": name, "PhysicalResourceId": f"{name}-1", "ResourceType": "T", "ResourceStatus": status,
         "LastUpdatedTimestamp": "2026-01-01T00:00:00Z"}
        for name, status in (("Vpc", "CREATE_COMPLETE"), ("Gone", "DELETE_COMPLETE"))
    ]  # fmt: skip
    stub = stubbed.stub("cloudformation")
    stub.add_response("describe_stacks", {"Stacks": [stack]})
    stub.add_response("get_template", {"TemplateBody": '{"Resources": {"Vpc": {}}}'})
    stub.add_response("list_stack_resources", {"StackResourceSummaries": resources})
    found = snapshot.read(stubbed, "s", artifacts={"web": "d"}, revision=3)  # type: ignore[arg-type]
    assert (found.basis, found.status, found.revision) == (Basis.LIVE, "UPDATE_COMPLETE", 3)
    assert (found.template, found.parameters) == ({"Resources": {"Vpc": {}}}, {"Size": "1"})
    assert (found.outputs, found.physical_ids, found.artifacts) == ({"Url": "u"}, {"Vpc": "Vpc-1"}, {"web": "d"})
    stub.assert_no_pending_responses()


@pytest.mark.fast
def test_a_stack_that_is_not_there_gives_a_live_snapshot_of_nothing(stubbed: Stubbed) -> None:
    stubbed.stub("cloudformation").add_client_error(
        "describe_stacks", "ValidationError", "Stack with id s does not exist"
    )
    found = snapshot.read(stubbed, "s", artifacts={"web": "d"}, revision=3)  # type: ignore[arg-type]
    assert (found.basis, found.status, found.stack_id) == (Basis.LIVE, None, None)
    # Nothing is released where nothing stands, whatever was recorded.
    assert (found.artifacts, found.revision) == ({}, 3)


@pytest.mark.fast
def test_a_stack_under_review_has_no_template_to_ask_for(stubbed: Stubbed) -> None:
    stack = {"StackId": "arn:1", "StackName": "s", "StackStatus": "REVIEW_IN_PROGRESS", "CreationTime": "2026-01-01"}
    stubbed.stub("cloudformation").add_response("describe_stacks", {"Stacks": [stack]})
    assert snapshot.read(stubbed, "s").status == "REVIEW_IN_PROGRESS"  # type: ignore[arg-type]


def test_emptying_a_bucket_takes_versions_and_markers_with_it(cloud: AwsCloud) -> None:
    import boto3

    # Not through our own client: it makes no buckets.
    s3 = boto3.client("s3", region_name="eu-west-1")
    s3.create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        s3.put_object(Bucket="artifacts", Key="web", Body=body)
    s3.delete_object(Bucket="artifacts", Key="web")
    assert empty_bucket(cloud, "artifacts") == 3
    assert empty_bucket(cloud, "artifacts") == 0
    s3.delete_bucket(Bucket="artifacts")
    assert empty_bucket(cloud, "artifacts") == 0
