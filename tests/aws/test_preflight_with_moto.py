"""The preflight asks moto: what AWS's APIs answer with, read by nobody who wrote the looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hivemind.aws.clients import session
from hivemind.aws.cloud import AwsCloud
from hivemind.aws.preflight import LOOKS, Subject, look
from hivemind.flow.checking import check
from hivemind.plan.make import make_plan
from hivemind.plan.model import NOTHING, Basis
from hivemind.plugins.loading import load

pytestmark = pytest.mark.stress  # moto takes longer to load than all other tests of the preflight

REGION = "eu-west-1"
TEXT = """hivemind: 1
name: shop
region: eu-west-1
overrides: [{op: add, path: /Resources/S3ArtifactBucket/Properties/BucketName, value: archives-of-shop}]
services:
  web: {runtime: python 3.11, start: run, port: 8000, health: /up, size: %s}
"""


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    from moto import mock_aws

    session.cache_clear()  # what was made before moto was loaded goes past it
    with mock_aws():
        yield
    session.cache_clear()


def subject(folder: Path, size: str = "t3.micro") -> Subject:
    path = folder / "hivemind.yaml"
    path.write_text(TEXT % size)
    checked = check(path, load(third_party=False), lint=False)
    plan = make_plan(checked.blueprint, checked.assembly, NOTHING, {"web": "d"}, "", region=REGION, cloud="aws")
    cloud = AwsCloud(REGION, folder)
    return Subject(checked.blueprint, checked.assembly, plan, NOTHING, cloud, datetime(2026, 12, 1, tzinfo=UTC))


def ids(one: Subject, what: str) -> list[str]:
    return [finding.id for finding in look(one, {what: LOOKS[what]})]


@pytest.mark.usefixtures("account")
def test_names_images_types_and_networks(tmp_path: Path) -> None:
    import boto3

    one = subject(tmp_path)
    ec2: Any = boto3.client("ec2", region_name=REGION)
    assert ids(one, "names") == []
    ec2.create_key_pair(KeyName="shop-production-hivemind")
    boto3.client("s3", region_name=REGION).create_bucket(
        Bucket="archives-of-shop", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    assert ids(one, "names") == ["H488", "H488"]

    image = ec2.describe_images()["Images"][0]["ImageId"]
    for kept, expected in ((image, []), ("ami-0123456789abcdef0", ["H482"])):
        known = dict.fromkeys(one.assembly.images, kept)
        stands = replace(NOTHING, basis=Basis.LIVE, parameters=known)
        assert ids(replace(one, snapshot=stands), "machine images") == expected

    assert ids(one, "instance types") == []
    assert ids(subject(tmp_path, "p6-b200.48xlarge"), "instance types") == ["H483"]

    assert ids(one, "networks") == []
    ours, theirs = (ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"] for cidr in ("10.0.0.0/16", "10.9.0.0/16"))
    peering = ec2.create_vpc_peering_connection(VpcId=ours, PeerVpcId=theirs)["VpcPeeringConnection"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"])
    assert ids(one, "networks") == ["H490"]
