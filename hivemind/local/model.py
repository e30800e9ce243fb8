"""What the parts of the local cloud tell each other: frozen views of the emulated region.

`emulator.py` makes them out of the AWS API's state; `instances.py`, `dataplane.py`, `health.py` and
`metrics.py` read them. None of those touches the emulator's internals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Rule:
    """An ingress rule of a security group. protocol: `tcp`, `udp`, `-1`. ports: first and last, inclusive.
    cidr or group: who may come in."""

    protocol: str
    first_port: int
    last_port: int
    cidr: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class Instance:
    """An EC2 instance. address: private IPv4 in its subnet. authorized_key: OpenSSH public key of its key
    pair. groups: security group ids. state: EC2's word (`running`, `stopped`, ...). door: port on loopback of what it
    reaches of AWS by its role (`instance_door.py`), None for nothing."""

    id: str
    account: str
    region: str
    address: str
    authorized_key: str | None
    groups: tuple[str, ...]
    user_data: str = ""
    image: str = ""
    state: str = "running"
    door: int | None = None


@dataclass(frozen=True)
class Database:
    """An RDS instance or a replication group of ElastiCache. address, port: as in its endpoint, inside the VPC.
    real_host, real_port: where its server really listens, a host of this machine's or a Unix socket's path and 0."""

    id: str
    account: str
    region: str
    address: str
    port: int
    groups: tuple[str, ...]
    real_host: str
    real_port: int


@dataclass(frozen=True)
class TargetGroup:
    """A target group with its health check as set on AWS (seconds unscaled). targets: (instance id, port)."""

    arn: str
    account: str
    region: str
    name: str
    port: int
    protocol: str
    health_protocol: str
    health_path: str
    health_port: str
    interval: float
    timeout: float
    healthy: int
    unhealthy: int
    matcher: str
    targets: tuple[tuple[str, int], ...]
    deregistration_delay: float
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class ListenerRule:
    """priority: number, or None for the default. conditions, actions: as DescribeRules gives them."""

    priority: int | None
    conditions: tuple[Mapping[str, Any], ...]
    actions: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Listener:
    """names: of hosts that its certificates, or its rules, are for."""

    arn: str
    port: int
    protocol: str
    certificates: tuple[str, ...]
    names: tuple[str, ...]
    rules: tuple[ListenerRule, ...]


@dataclass(frozen=True)
class LoadBalancer:
    """An application load balancer. dns_name: as in its attribute DNSName."""

    arn: str
    account: str
    region: str
    name: str
    dns_name: str
    groups: tuple[str, ...]
    listeners: tuple[Listener, ...]


@dataclass(frozen=True)
class RegionView:
    """Everything that the data plane needs to know, over all accounts and regions, at one moment.

    groups: security group id -> its ingress rules. endpoints: the security groups of each EC2 Instance
    Connect Endpoint, through which an operator reaches instances. api: loopback port of the AWS API, 0 for none.
    """

    instances: tuple[Instance, ...] = ()
    databases: tuple[Database, ...] = ()
    load_balancers: tuple[LoadBalancer, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    groups: Mapping[str, tuple[Rule, ...]] = field(default_factory=lambda: MappingProxyType({}))
    endpoints: tuple[tuple[str, ...], ...] = ()
    api: int = 0


@dataclass(frozen=True)
class TargetState:
    """One target's health, in AWS's words: state initial, healthy, unhealthy, draining or unused; reason such as
    `Target.ResponseCodeMismatch`; description a sentence."""

    instance: str
    port: int
    state: str
    reason: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class Datum:
    """One value of a CloudWatch metric, as PutMetricData takes it."""

    account: str
    region: str
    namespace: str
    name: str
    dimensions: Mapping[str, str]
    value: float
    unit: str
