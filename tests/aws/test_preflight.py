"""The preflight: what AWS says to a plan before anything is made, and what becomes of it where AWS says nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from answering import Region

from hivemind.aws.preflight import LOOKS, Subject, look
from hivemind.flow.checking import Checked, check
from hivemind.flow.preflight import preflight
from hivemind.plan.make import make_plan
from hivemind.plan.model import NOTHING, Basis
from hivemind.plugins.loading import load
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ARN = "arn:aws:acm:eu-west-1:123456789012:certificate/0f1e2d3c-0000-4000-8000-000000000000"
WEB = "web: {runtime: python 3.11, start: run, port: 8000, health: /up, routes: [shop.example.com]%s}"
OFFERED = {"InstanceTypeOfferings": [{"InstanceType": "t3.micro", "Location": z} for z in ("eu-west-1a", "eu-west-1b")]}
SUBNETS = {"Subnets": [{"SubnetId": f"s-{z}", "AvailabilityZone": f"eu-west-1{z}"} for z in "ab"]}


@pytest.fixture
def subject(tmp_path: Path) -> Callable[..., Subject]:
    def make(more: str = "", web: str = "", region: Region | None = None, environment: str | None = None) -> Subject:
        path = tmp_path / "hivemind.yaml"
        path.write_text(f"hivemind: 1\nname: shop\nregion: eu-west-1\n{more}\nservices:\n  {WEB % web}\n")
        checked = check(path, load(third_party=False), environment=environment, lint=False)
        return subject_of(checked, region or Region())

    return make


def subject_of(checked: Checked, region: Region) -> Subject:
    plan = make_plan(checked.blueprint, checked.assembly, NOTHING, {"web": "d"}, "", region="eu-west-1", cloud="aws")
    return Subject(checked.blueprint, checked.assembly, plan, NOTHING, region, NOW)  # type: ignore[arg-type]


def found(subject: Subject, what: str) -> list[Finding]:
    return list(look(subject, {what: LOOKS[what]}))


def test_what_may_not_be_read_is_one_remark_and_stops_nothing(subject: Callable[..., Subject]) -> None:
    (finding,) = look(subject(), {one: LOOKS[one] for one in ("names", "instance types", "the quota of VPCs")})
    assert (finding.id, finding.severity) == ("H480", "info")
    assert "instance types" in finding.message
    assert "hivemind iam-policy" in str(finding.hint)


def test_what_hangs_is_left_behind_at_the_deadline(subject: Callable[..., Subject]) -> None:
    release = threading.Event()

    def hangs(_: Subject) -> list[Finding]:
        release.wait(30)
        return []

    try:
        (finding,) = look(subject(), {"the moon": hangs, "names": lambda _: []}, deadline=0.05)
    finally:
        release.set()
    assert "the moon (no answer in time)" in finding.message
    assert "names" not in finding.message


def test_nothing_is_asked_for_a_plan_without_changes(subject: Callable[..., Subject]) -> None:
    region = Region()
    nothing = subject(region=region)
    assert look(replace(nothing, plan=replace(nothing.plan, changes=(), releases=())), {}) == ()
    for what in LOOKS.keys() - {"permissions"}:
        assert found(replace(nothing, plan=replace(nothing.plan, changes=())), what) == []
    assert region.asked == []


@pytest.mark.parametrize(("minutes", "warned"), [(5, True), (60, False), (None, False)])
def test_credentials_that_end_before_the_apply_does(
    subject: Callable[..., Subject], minutes: int | None, warned: bool
) -> None:
    ends = NOW + timedelta(minutes=minutes) if minutes is not None else None
    findings = found(subject(region=Region(credentials_end=ends)), "the life of the credentials")
    assert [(one.id, one.severity) for one in findings] == ([("H481", "warning")] if warned else [])
    assert all("12:05 UTC, in 5 minutes" in one.message for one in findings)


def test_an_instance_type_that_the_region_does_not_offer_names_the_nearest(subject: Callable[..., Subject]) -> None:
    def offerings(asked: dict[str, Any]) -> Any:
        exact = asked["Filters"][0]["Values"] == ["t3.micro"]
        kinds = () if exact else ("t3.mini", "t3.2xlarge")
        return {"InstanceTypeOfferings": [{"InstanceType": one, "Location": "eu-west-1a"} for one in kinds]}

    region = Region({"ec2.describe_instance_type_offerings": offerings})
    (finding,) = found(subject(region=region), "instance types")
    assert (finding.id, finding.is_error, finding.path) == ("H483", True, "services.web")
    assert "eu-west-1 does not offer the instance type t3.micro" in finding.message
    assert finding.hint == "Did you mean t3.mini?"


def test_an_instance_type_that_only_another_zone_offers_is_a_warning(subject: Callable[..., Subject]) -> None:
    only_b = {"InstanceTypeOfferings": [{"InstanceType": "t3.micro", "Location": "eu-west-1b"}]}
    answers = {"ec2.describe_instance_type_offerings": only_b, "ec2.describe_subnets": SUBNETS}
    (finding,) = found(subject(region=Region(answers)), "instance types")
    assert (finding.id, finding.severity) == ("H483", "warning")
    assert "the zone eu-west-1a, in which WebInstance1 is made" in finding.message
    answers["ec2.describe_instance_type_offerings"] = OFFERED
    assert found(subject(region=Region(answers)), "instance types") == []


def test_an_image_that_is_gone(subject: Callable[..., Subject]) -> None:
    def made(answer: Any) -> list[Finding]:
        one = subject(region=Region({"ec2.describe_images": answer}))
        kept = dict.fromkeys(one.assembly.images, "ami-0123456789abcdef0")
        return found(replace(one, snapshot=replace(NOTHING, basis=Basis.LIVE, parameters=kept)), "machine images")

    (finding,) = made(CloudCallFailed("InvalidAMIID.NotFound", "DescribeImages", "gone"))
    assert (finding.id, finding.is_error) == ("H482", True)
    assert "ami-0123456789abcdef0 for WebInstance1" in finding.message
    assert [one.id for one in made({"Images": []})] == ["H482"]
    assert made({"Images": [{"ImageId": "ami-0123456789abcdef0"}]}) == []


DB = "resources: {db: {type: postgres, version: '17', size: db.t4g.micro}}"


def rds(versions: tuple[str, ...], classes: tuple[str, ...]) -> Region:
    def options(asked: dict[str, Any]) -> Any:
        named = [one for one in classes if asked.get("DBInstanceClass") in (None, one)]
        listed = [{"Engine": "postgres", "EngineVersion": v, "DBInstanceClass": c} for v in versions for c in named]
        return {"OrderableDBInstanceOptions": listed}

    engines = {"DBEngineVersions": [{"Engine": "postgres", "EngineVersion": one} for one in versions]}
    return Region({"rds.describe_db_engine_versions": engines, "rds.describe_orderable_db_instance_options": options})


@pytest.mark.parametrize(
    ("versions", "classes", "rule", "message", "hint"),
    [
        (("16.4", "17.2"), ("db.t4g.micro",), None, "", ""),
        (("15.3", "16.4"), ("db.t4g.micro",), "H484", "does not offer postgres 17", "16"),
        (("17.2", "17.10"), ("db.t4g.small",), "H485", "does not offer postgres 17.10 on db.t4g.micro", "db.t4g.small"),
    ],
)
def test_a_database_that_rds_does_not_offer_names_the_nearest(
    subject: Callable[..., Subject],
    versions: tuple[str, ...],
    classes: tuple[str, ...],
    rule: str | None,
    message: str,
    hint: str,
) -> None:
    findings = found(subject(DB, ", needs: [db]", rds(versions, classes)), "database versions and classes")
    assert [one.id for one in findings] == ([rule] if rule else [])
    for one in findings:
        assert one.is_error
        assert message in one.message
        assert hint in str(one.hint)
        assert one.path == "resources.db"


def test_a_cache_version_that_is_not_offered(subject: Callable[..., Subject]) -> None:
    def cache(*versions: str) -> list[Finding]:
        known = {"CacheEngineVersions": [{"Engine": "valkey", "EngineVersion": one} for one in versions]}
        region = Region({"elasticache.describe_cache_engine_versions": known})
        return found(subject("resources: {cache: {type: redis}}", ", needs: [cache]", region), "cache versions")

    assert cache("7.2", "8.1", "8.2") == []
    (finding,) = cache("6.0")
    assert (finding.id, finding.is_error, finding.path) == ("H484", True, "resources.cache")


@pytest.mark.parametrize(
    ("certificate", "ids"),
    [
        ({"Status": "ISSUED", "DomainName": "shop.example.com"}, []),
        ({"Status": "ISSUED", "DomainName": "*.example.com", "NotAfter": NOW + timedelta(days=9)}, []),
        ({"Status": "PENDING_VALIDATION", "DomainName": "shop.example.com"}, ["H486"]),
        ({"Status": "ISSUED", "DomainName": "shop.example.com", "NotAfter": NOW - timedelta(days=1)}, ["H486"]),
        ({"Status": "ISSUED", "DomainName": "example.com", "SubjectAlternativeNames": ["*.x.example.com"]}, ["H487"]),
    ],
)
def test_a_certificate_is_issued_and_for_the_hosts(
    subject: Callable[..., Subject], certificate: dict[str, Any], ids: list[str]
) -> None:
    region = Region({"acm.describe_certificate": {"Certificate": certificate}})
    findings = found(subject(f"certificate: {ARN}", region=region), "the certificate")
    assert [one.id for one in findings] == ids
    assert all(one.path == "certificate" for one in findings)


def test_a_certificate_that_is_not_there(subject: Callable[..., Subject]) -> None:
    missing = CloudCallFailed("ResourceNotFoundException", "DescribeCertificate", "no")
    region = Region({"acm.describe_certificate": missing})
    (finding,) = found(subject(f"certificate: {ARN}", region=region), "the certificate")
    assert (finding.id, finding.is_error) == ("H486", True)


def test_a_key_pair_that_an_earlier_deployment_left(subject: Callable[..., Subject]) -> None:
    taken = {"KeyPairs": [{"KeyName": "shop-production-hivemind"}]}
    (finding,) = found(subject(region=Region({"ec2.describe_key_pairs": taken})), "names")
    assert (finding.id, finding.is_error) == ("H488", True)
    assert "KeyName shop-production-hivemind of SSHKeyPair is taken" in finding.message
    free = CloudCallFailed("InvalidKeyPair.NotFound", "DescribeKeyPairs", "no")
    assert found(subject(region=Region({"ec2.describe_key_pairs": free})), "names") == []


def test_a_name_that_the_stack_itself_has_is_not_taken(subject: Callable[..., Subject]) -> None:
    named = "overrides: [{op: add, path: /Resources/ALB/Properties/Name, value: front}]"
    region = Region(
        {
            "ec2.describe_key_pairs": {"KeyPairs": [{"KeyName": "shop-production-hivemind"}]},
            "elbv2.describe_load_balancers": {"LoadBalancers": [{"LoadBalancerName": "front"}]},
        }
    )
    one = subject(named, region=region)
    assert [finding.id for finding in found(one, "names")] == ["H488", "H488"]
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/front/0f1e"
    own = {"SSHKeyPair": "shop-production-hivemind", "ALB": arn}
    assert found(replace(one, snapshot=replace(NOTHING, physical_ids=own)), "names") == []


@pytest.mark.parametrize(
    ("answer", "taken"),
    [({}, True), (CloudCallFailed("403", "HeadBucket", ""), True), (CloudCallFailed("404", "HeadBucket", ""), False)],
)
def test_a_bucket_of_somebody_elses(subject: Callable[..., Subject], answer: Any, taken: bool) -> None:
    named = "overrides: [{op: add, path: /Resources/S3ArtifactBucket/Properties/BucketName, value: archives}]"
    free = CloudCallFailed("InvalidKeyPair.NotFound", "DescribeKeyPairs", "no")
    region = Region({"s3.head_bucket": answer, "ec2.describe_key_pairs": free})
    assert [one.path for one in found(subject(named, region=region), "names")] == (["overrides.0"] if taken else [])


@pytest.mark.parametrize(
    ("name", "says"),
    [("a" * 33, "has 33 characters"), ("internal-shop", "no `internal-`"), ("shop_live", "letters, digits and dashes")],
)
def test_a_name_that_no_load_balancer_can_have_needs_no_cloud(
    subject: Callable[..., Subject], name: str, says: str
) -> None:
    with pytest.raises(FindingsError) as caught:
        subject(f"overrides: [{{op: add, path: /Resources/ALB/Properties/Name, value: {name}}}]")
    (finding,) = [one for one in caught.value.findings if one.is_error]
    assert finding.id == "H414"
    assert says in finding.message


QUOTAS: tuple[tuple[str, str, dict[str, Any], int], ...] = (
    ("the quota of VPCs", "VPCs", {"ec2.describe_vpcs": {"Vpcs": [{"VpcId": f"vpc-{n}"} for n in range(5)]}}, 5),
    (
        "the quota of Elastic IP addresses",
        "Elastic IP addresses",
        {"ec2.describe_addresses": {"Addresses": [{"PublicIp": f"203.0.113.{n}"} for n in range(5)]}},
        5,
    ),
    (
        "the quota of NAT gateways",
        "NAT gateways in one zone",
        {
            "ec2.describe_nat_gateways": {"NatGateways": [{"SubnetId": "s-a"}] * 5 + [{"SubnetId": "s-b"}]},
            "ec2.describe_subnets": SUBNETS,
        },
        5,
    ),
    (
        "the quota of vCPUs",
        "vCPUs of running instances",
        {
            "ec2.describe_instances": {
                "Reservations": [
                    {"Instances": [{"InstanceType": "m5.xlarge", "CpuOptions": {"CoreCount": 2, "ThreadsPerCore": 2}}]},
                    {"Instances": [{"InstanceType": "p4d.24xlarge", "CpuOptions": {"CoreCount": 48}}]},
                ]
            },
            "ec2.describe_instance_types": {
                "InstanceTypes": [{"InstanceType": "t3.micro", "VCpuInfo": {"DefaultVCpus": 2}}]
            },
        },
        4,
    ),
    (
        "the quota of load balancers",
        "Application Load Balancers",
        {"elbv2.describe_load_balancers": {"LoadBalancers": [{"Type": "application"}, {"Type": "network"}]}},
        1,
    ),
)


@pytest.mark.parametrize(("what", "words", "answers", "there"), QUOTAS, ids=[one[0] for one in QUOTAS])
def test_a_quota_without_room_says_how_to_ask_for_more(
    subject: Callable[..., Subject], what: str, words: str, answers: dict[str, Any], there: int
) -> None:
    def of(quota: int) -> list[Finding]:
        value = {"service-quotas.get_service_quota": {"Quota": {"Value": float(quota)}}}
        return found(subject(region=Region({**answers, **value})), what)

    (finding,) = of(there)
    assert (finding.id, finding.is_error) == ("H489", True)
    assert f"{there} {words}" in finding.message
    assert "request-service-quota-increase" in str(finding.hint)
    assert of(there + 10) == []


def test_a_quota_that_nobody_changed_is_aws_own(subject: Callable[..., Subject]) -> None:
    region = Region(
        {
            "rds.describe_db_instances": {"DBInstances": [{"Engine": "postgres"}, {"Engine": "docdb"}]},
            "service-quotas.get_service_quota": CloudCallFailed("NoSuchResourceException", "GetServiceQuota", "no"),
            "service-quotas.get_aws_default_service_quota": {"Quota": {"Value": 1.0}},
        }
    )
    (finding,) = found(subject(DB, ", needs: [db]", region), "the quota of databases")
    assert "1 database instances, this plan needs 1 more, and the quota is 1" in finding.message


def test_a_network_that_overlaps_a_connected_one(subject: Callable[..., Subject]) -> None:
    def of(theirs: str, *, peered: bool) -> list[Finding]:
        peering = {
            "Status": {"Code": "active"},
            "RequesterVpcInfo": {"VpcId": "vpc-1"},
            "AccepterVpcInfo": {"VpcId": "vpc-9"},
        }
        answers = {
            "ec2.describe_vpc_peering_connections": {"VpcPeeringConnections": [peering] if peered else []},
            "ec2.describe_transit_gateway_vpc_attachments": {"TransitGatewayVpcAttachments": []},
            "ec2.describe_vpcs": {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": theirs}]},
        }
        return found(subject(region=Region(answers)), "networks")

    (finding,) = of("10.0.128.0/20", peered=True)
    assert (finding.id, finding.severity) == ("H490", "warning")
    assert "10.0.0.0/16 overlaps 10.0.128.0/20 of vpc-1" in finding.message
    assert of("10.1.0.0/16", peered=True) == of("10.0.128.0/20", peered=False) == []


def kept(subject: Subject, address: str | None, **answers: Any) -> list[Finding]:
    region = Region({f"s3.get_bucket_{name}": answer for name, answer in answers.items()})
    return found(replace(subject, cloud=region, state=address), "the bucket of the state")


def test_a_bucket_of_states_keeps_what_was_and_encrypts_it(subject: Callable[..., Subject]) -> None:
    one, address = subject(), "s3://team-state/hivemind"
    assert kept(one, address, versioning={"Status": "Enabled"}, encryption={}) == []
    (finding,) = kept(one, address, versioning={"Status": "Suspended"}, encryption={})
    assert (finding.id, finding.severity, finding.path) == ("H493", "warning", "state")
    assert "put-bucket-versioning --bucket team-state --versioning-configuration Status=Enabled" in str(finding.hint)
    bare = CloudCallFailed("ServerSideEncryptionConfigurationNotFoundError", "GetBucketEncryption", "not found")
    found = kept(one, address, versioning={}, encryption=bare)
    assert [finding.id for finding in found] == ["H493", "H494"]
    assert kept(one, None) == kept(one, "file:///srv/states") == []


def simulated(*denied: str) -> Callable[[dict[str, Any]], Any]:
    def simulate(asked: dict[str, Any]) -> Any:
        return {
            "EvaluationResults": [
                {"EvalActionName": one, "EvalDecision": "implicitDeny" if one in denied else "allowed"}
                for one in asked["ActionNames"]
            ]
        }

    return simulate


def test_permissions_are_simulated_for_the_role_behind_a_session(subject: Callable[..., Subject]) -> None:
    role = "arn:aws:iam::123456789012:role/teams/deployer"
    region = Region(
        {
            "iam.get_role": {
                "Role": {
                    "Arn": role, "Path": "/teams/", "RoleName": "deployer", "RoleId": "AROA" + "X" * 16,
                    "CreateDate": NOW,
                }
            },
            "iam.simulate_principal_policy": simulated("ec2:RunInstances", "cloudformation:CreateStack"),
        },
        identity="arn:aws:sts::123456789012:assumed-role/deployer/ada",
    )  # fmt: skip
    (finding,) = found(subject(region=region), "permissions")
    assert (finding.id, finding.severity) == ("H491", "warning")
    assert finding.message.endswith(f"{role} may not: cloudformation:CreateStack, ec2:RunInstances")
    asked = [one for name, one in region.asked if name == "iam.simulate_principal_policy"]
    stacks = next(one for one in asked if "cloudformation:CreateStack" in one["ActionNames"])
    assert stacks["ResourceArns"] == ["arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-production/x"]
    roles = next(one for one in asked if "iam:PassRole" in one["ActionNames"])
    assert "arn:aws:iam::123456789012:role/shop-production-x" in roles["ResourceArns"]
    assert not any("rds:CreateDBInstance" in one["ActionNames"] for one in asked)
    assert {one["PolicySourceArn"] for one in asked} == {role}


def test_with_a_service_role_only_its_own_calls_are_simulated(subject: Callable[..., Subject]) -> None:
    region = Region({"iam.simulate_principal_policy": simulated("ec2:RunInstances", "cloudformation:CreateStack")})
    one = subject("role_arn: arn:aws:iam::123456789012:role/cfn", region=region)
    (finding,) = found(one, "permissions")
    assert finding.message.endswith("may not: cloudformation:CreateStack")


def test_the_root_user_is_not_simulated(subject: Callable[..., Subject]) -> None:
    assert found(subject(region=Region(identity="arn:aws:iam::123456789012:root")), "permissions") == []


def test_two_environments_with_one_stack_name(tmp_path: Path) -> None:
    def checked(name: str, environment: str) -> Checked:
        path = tmp_path / "hivemind.yaml"
        path.write_text(f"hivemind: 1\nname: {name}\nenvironments: {{{environment}: {{}}}}\nservices:\n  {WEB % ''}\n")
        return check(path, load(third_party=False), environment=environment, lint=False)

    here, other = checked("shop", "eu-live"), checked("shop-eu", "live")
    assert here.blueprint.stack_name == other.blueprint.stack_name
    plan = subject_of(here, Region()).plan

    def against(template: Any) -> list[str]:
        there = replace(NOTHING, basis=Basis.LIVE, template=template)
        return [one.message for one in preflight(here, plan, there, None)]

    assert against({}) == against(here.assembly.template) == []
    assert against(other.assembly.template) == [
        "the stack shop-eu-live belongs to environment `live` of another blueprint"
    ]
    assert against({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}) == [
        "the stack shop-eu-live belongs to something that HiveMind did not make"
    ]
