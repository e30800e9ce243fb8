"""What in a template has a price: counted, and priced where the price is known. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from hivemind.blueprint.hours import HOURS_A_WEEK
from hivemind.plan.costs.table import monthly
from hivemind.template.hours import hours_in
from hivemind.template.references import references
from hivemind.template.resource_types import CACHE, DATABASE, INSTANCE, SCALING_GROUP

Resource = Mapping[str, Any]
DISK = "GB disk"

FREE_SERVICES = ("AWS::IAM::", "AWS::SSM::Parameter", "AWS::CloudFormation::")
FREE = frozenset(
    {
        "AWS::AutoScaling::ScalingPolicy", "AWS::CertificateManager::Certificate",
        "AWS::EC2::InstanceConnectEndpoint", "AWS::EC2::InternetGateway",
        "AWS::EC2::KeyPair", "AWS::EC2::LaunchTemplate", "AWS::EC2::NetworkAcl",
        "AWS::EC2::NetworkAclEntry", "AWS::EC2::Route", "AWS::EC2::RouteTable", "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::VPC", "AWS::EC2::VPCGatewayAttachment",
        "AWS::ElastiCache::ParameterGroup", "AWS::ElastiCache::SubnetGroup",
        "AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerCertificate",
        "AWS::ElasticLoadBalancingV2::ListenerRule", "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::RDS::DBParameterGroup", "AWS::RDS::DBSubnetGroup", "AWS::Route53::RecordSet",
        "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy", "AWS::SecretsManager::ResourcePolicy",
    }
)  # fmt: skip
"""Types that cost nothing by themselves."""
BY_USE = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::Scheduler::Schedule",
    }
)
"""Types that cost what they are used."""


@dataclass(frozen=True)
class Item:
    """logical_id: of the resource. what: in words, for one of it. count: how many, at least. month: US dollars a month
    of one; None where the price is not known. most: how many there are when a group has all its instances, None where
    that is no other number."""

    logical_id: str
    what: str
    count: float
    month: float | None
    most: float | None = None


def items(template: Mapping[str, Any]) -> Iterator[Item]:
    """Everything in a template that costs money whether it is used or not. template: with its parameters' values in
    place of references to them."""
    resources: Mapping[str, Resource] = template.get("Resources", {})
    for name, resource in sorted(resources.items()):
        kind = str(resource.get("Type"))
        properties = resource.get("Properties") or {}
        if kind == SCALING_GROUP:
            yield from _group(name, properties, resources)
        elif kind in _PRICED:
            for what, count, price in _PRICED[kind](properties, resources):
                yield _at_its_hours(resource, Item(name, what, count, price))
        elif kind not in FREE | BY_USE and not kind.startswith(FREE_SERVICES):
            yield Item(name, kind, 1, None)


def _at_its_hours(resource: Resource, item: Item) -> Item:
    """The item, cheaper by the hours in which it is stopped: AWS bills a machine only while it runs, and its disk and
    addresses always."""
    hours = hours_in(resource)
    properties = resource.get("Properties") or {}
    if hours is None or item.what not in (
        properties.get("InstanceType"),
        properties.get("DBInstanceClass"),
    ):
        return item
    month = None if item.month is None else item.month * hours.a_week / HOURS_A_WEEK
    return replace(item, what=f"{item.what} for {hours.a_week:g} h a week", month=month)


Priced = Iterator[tuple[str, float, float | None]]


def _instance(properties: Mapping[str, Any], resources: Mapping[str, Resource]) -> Priced:
    size = str(properties.get("InstanceType"))
    yield size, 1, monthly("instance", size)
    for device in _listed(properties.get("BlockDeviceMappings")):
        disk = device.get("Ebs") if isinstance(device, Mapping) else None
        if isinstance(disk, Mapping):
            yield _sized(DISK, disk.get("VolumeSize"), str(disk.get("VolumeType", "gp2")))
    for subnet in references(properties.get("SubnetId")):
        inside = resources.get(subnet.target, {}).get("Properties") or {}
        if str(inside.get("MapPublicIpOnLaunch")).lower() == "true":
            yield "public address", 1, monthly("network", "public-address")


def _group(name: str, properties: Mapping[str, Any], resources: Mapping[str, Resource]) -> Iterator[Item]:
    """What the instances of a group cost, each as one that is a resource."""
    least, most = _number(properties.get("MinSize")), _number(properties.get("MaxSize"))
    made = next(iter(references((properties.get("LaunchTemplate") or {}).get("LaunchTemplateId"))), None)
    template = resources.get(made.target, {}) if made else {}
    data = (template.get("Properties") or {}).get("LaunchTemplateData") or {}
    subnets = _listed(properties.get("VPCZoneIdentifier"))
    for what, count, month in _instance({**data, "SubnetId": subnets[0] if subnets else None}, resources):
        if least is None or most is None:
            yield Item(name, what, count, None)
        else:
            yield Item(name, what, count * least, month, count * most)


_DATABASES = {"postgres": "database", "mysql": "database-mysql", "mariadb": "database-mysql"}
"""Engine -> kind of its prices. Those of MySQL and MariaDB are the same (infracost's tests have both)."""


def _database(properties: Mapping[str, Any], _: Mapping[str, Resource]) -> Priced:
    size = str(properties.get("DBInstanceClass"))
    # A standby is billed as the database is, instance and storage.
    count = 2 if str(properties.get("MultiAZ")).lower() == "true" else 1
    kind = _DATABASES.get(str(properties.get("Engine")))
    yield size, count, monthly(kind, size) if kind else None
    what, size_in_gb, price = _sized(
        "GB storage", properties.get("AllocatedStorage"), f"database-{properties.get('StorageType', 'gp2')}"
    )
    yield what, count * size_in_gb, price


def _cache(properties: Mapping[str, Any], _: Mapping[str, Resource]) -> Priced:
    size = str(properties.get("CacheNodeType"))
    count = _number(properties.get("NumCacheClusters", 1))
    priced = str(properties.get("Engine")) == "valkey" and count is not None
    yield size, count or 1, monthly("cache", size) if priced else None


def _balancer(properties: Mapping[str, Any], _: Mapping[str, Resource]) -> Priced:
    application = properties.get("Type", "application") == "application"
    yield "load balancer", 1, monthly("network", "load-balancer") if application else None
    if properties.get("Scheme", "internet-facing") == "internet-facing":
        yield "public address", len(_listed(properties.get("Subnets"))), monthly("network", "public-address")


def _endpoint(properties: Mapping[str, Any], _: Mapping[str, Resource]) -> Priced:
    if properties.get("VpcEndpointType", "Gateway") == "Interface":
        yield "VPC endpoint", len(_listed(properties.get("SubnetIds"))) or 1, monthly("network", "interface-endpoint")


def _volume(properties: Mapping[str, Any], _: Mapping[str, Resource]) -> Priced:
    yield _sized(DISK, properties.get("Size"), str(properties.get("VolumeType", "gp2")))


def _sized(what: str, gigabytes: Any, kind: str) -> tuple[str, float, float | None]:
    """So many GB of a kind of storage; without a price where the size cannot be told."""
    size = _number(gigabytes)
    return (what, 1, None) if size is None else (what, size, monthly("storage", kind))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | str) and re.fullmatch(r"[0-9]{1,9}", str(value)) else None


def _listed(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else ()


def _one(what: str, kind: str, name: str) -> Callable[[Mapping[str, Any], Mapping[str, Resource]], Priced]:
    def priced(_: Mapping[str, Any], __: Mapping[str, Resource]) -> Priced:
        yield what, 1, monthly(kind, name)

    return priced


_PRICED: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Resource]], Priced]] = MappingProxyType(
    {
        INSTANCE: _instance,
        DATABASE: _database,
        CACHE: _cache,
        "AWS::EC2::EIP": _one("public address", "network", "public-address"),
        "AWS::EC2::NatGateway": _one("NAT gateway", "network", "nat-gateway"),
        "AWS::EC2::VPCEndpoint": _endpoint,
        "AWS::EC2::Volume": _volume,
        "AWS::ElasticLoadBalancingV2::LoadBalancer": _balancer,
        "AWS::SecretsManager::Secret": _one("secret", "storage", "secret"),
    }
)
