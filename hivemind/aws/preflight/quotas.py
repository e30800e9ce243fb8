"""H489: whether the account's quotas leave room for what the plan makes.

Codes of quotas: Service Quotas, and the AWS General Reference of each service ("Service quotas").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.aws.preflight.subject import Subject
from hivemind.template.resource_types import DATABASE, INSTANCE
from hivemind.values.calls import CloudCallFailed
from hivemind.values.findings import Finding, Severity

STANDARD = frozenset("acdhimrtz")
"""First letters of the families that share the vCPU quota of "Standard" instances (EC2 User Guide, "On-Demand
Instance quotas"). Other letters, and families that only begin so (`dl`, `inf`, `hpc`, `trn`), have their own."""
_OTHERS = ("dl", "inf", "hpc", "trn", "high")


def vpcs(subject: Subject) -> Iterator[Finding]:
    """VPCs per region."""
    if new := [name for name, _ in subject.made("AWS::EC2::VPC")]:
        there = sum(1 for _ in _all(subject, "ec2", "describe_vpcs", "Vpcs"))
        yield from _room(subject, ("vpc", "L-F678F1CE", "VPCs"), there, len(new), new[0])


def addresses(subject: Subject) -> Iterator[Finding]:
    """Elastic IP addresses per region. Those that a service manages for the account do not count."""
    if new := [name for name, _ in subject.made("AWS::EC2::EIP")]:
        known = subject.cloud.client("ec2").describe_addresses()["Addresses"]
        there = sum(not one.get("ServiceManaged") for one in known)
        yield from _room(subject, ("ec2", "L-0263D0A3", "Elastic IP addresses"), there, len(new), new[0])


def nat_gateways(subject: Subject) -> Iterator[Finding]:
    """NAT gateways per zone; which zone a new one comes into is not known before, so the fullest is taken."""
    if new := [name for name, _ in subject.made("AWS::EC2::NatGateway")]:
        live = [{"Name": "state", "Values": ["pending", "available"]}]
        known = list(_all(subject, "ec2", "describe_nat_gateways", "NatGateways", Filter=live))
        if not known:
            return
        zones = {
            one["SubnetId"]: one["AvailabilityZone"] for one in _all(subject, "ec2", "describe_subnets", "Subnets")
        }
        there = max(Counter(zones.get(one.get("SubnetId", "")) for one in known).values())
        yield from _room(subject, ("vpc", "L-FE5A380F", "NAT gateways in one zone"), there, 1, new[0])


def rds(subject: Subject) -> Iterator[Finding]:
    """DB instances per region. Neptune and DocumentDB, which the same call lists, have quotas of their own."""
    if new := [name for name, _ in subject.made(DATABASE)]:
        known = _all(subject, "rds", "describe_db_instances", "DBInstances")
        there = sum(one.get("Engine") not in {"neptune", "docdb"} for one in known)
        yield from _room(subject, ("rds", "L-7B6409FD", "database instances"), there, len(new), new[0])


def balancers(subject: Subject) -> Iterator[Finding]:
    """Application Load Balancers per region."""
    if new := [name for name, _ in subject.made("AWS::ElasticLoadBalancingV2::LoadBalancer")]:
        known = _all(subject, "elbv2", "describe_load_balancers", "LoadBalancers")
        there = sum(one.get("Type") == "application" for one in known)
        what = "Application Load Balancers"
        yield from _room(subject, ("elasticloadbalancing", "L-53DA6B97", what), there, len(new), new[0])


def processors(subject: Subject) -> Iterator[Finding]:
    """vCPUs of running On-Demand instances of the standard families. A stopped instance takes none."""
    new = [(name, str(properties.get("InstanceType"))) for name, properties in subject.made(INSTANCE)]
    new = [(name, size) for name, size in new if _is_standard(size)]
    if not new:
        return
    running = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    there = 0
    for reservation in _all(subject, "ec2", "describe_instances", "Reservations", Filters=running):
        for one in reservation["Instances"]:
            if _is_standard(one["InstanceType"]) and not one.get("InstanceLifecycle"):
                options = one.get("CpuOptions", {})
                there += options.get("CoreCount", 1) * options.get("ThreadsPerCore", 1)
    kinds = sorted({size for _, size in new})
    known = subject.cloud.client("ec2").describe_instance_types(InstanceTypes=kinds)["InstanceTypes"]
    each = {one["InstanceType"]: one["VCpuInfo"]["DefaultVCpus"] for one in known}
    more = sum(each.get(size, 0) for _, size in new)
    yield from _room(subject, ("ec2", "L-1216C47A", "vCPUs of running instances"), there, more, new[0][0])


def _is_standard(size: str) -> bool:
    return size[:1] in STANDARD and not size.startswith(_OTHERS)


def _all(subject: Subject, service: str, operation: str, key: str, **asked: Any) -> Iterator[Mapping[str, Any]]:
    for page in subject.cloud.client(service).get_paginator(operation).paginate(**asked):
        yield from page[key]


def _room(subject: Subject, quota: tuple[str, str, str], there: int, more: int, logical_id: str) -> Iterator[Finding]:
    """An error where what is there and what is new are more than the account's quota. quota: service, code, and what
    it counts."""
    service, code, what = quota
    allowed = _quota(subject, {"ServiceCode": service, "QuotaCode": code})
    if there + more <= allowed:
        return
    yield subject.finding(
        "H489",
        Severity.ERROR,
        f"{subject.cloud.region} has {there} {what}, this plan needs {more} more, and the quota is {allowed}",
        f"Ask for more: aws service-quotas request-service-quota-increase --service-code {service} "
        f"--quota-code {code} --desired-value {there + more} --region {subject.cloud.region}",
        logical_id,
    )


def _quota(subject: Subject, asked: Mapping[str, str]) -> int:
    """The account's quota, else AWS's own, where nobody has changed it and none is applied."""
    client = subject.cloud.client("service-quotas")
    try:
        return int(client.get_service_quota(**asked)["Quota"]["Value"])
    except CloudCallFailed as error:
        if error.code != "NoSuchResourceException":
            raise
    return int(client.get_aws_default_service_quota(**asked)["Quota"]["Value"])
