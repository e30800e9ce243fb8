"""Random fault runs, planned: which command, what is changed, which fault, when. Pure, by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CREATED = (
    "AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::SecurityGroup", "AWS::EC2::InternetGateway", "AWS::EC2::KeyPair",
    "AWS::EC2::RouteTable", "AWS::EC2::Instance", "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup", "AWS::ElasticLoadBalancingV2::Listener", "AWS::IAM::Role",
    "AWS::IAM::InstanceProfile", "AWS::S3::Bucket",
)  # fmt: skip
"""Types of a small web application's template."""
ACTIONS = (
    "ec2:CreateVpc", "ec2:CreateSubnet", "ec2:RunInstances", "ec2:CreateSecurityGroup", "iam:CreateRole",
    "elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateListener", "s3:CreateBucket",
)  # fmt: skip
CALLS = (
    "cloudformation:DescribeStacks", "cloudformation:DescribeStackEvents", "cloudformation:CreateChangeSet",
    "cloudformation:DescribeChangeSet", "cloudformation:ExecuteChangeSet", "cloudformation:ListStackResources",
    "cloudformation:DeleteStack", "ec2:DescribeInstances", "ec2:GetConsoleOutput",
    "elasticloadbalancing:DescribeTargetHealth", "elasticloadbalancing:RegisterTargets",
    "elasticloadbalancing:DeregisterTargets", "s3:PUT", "ssm:GetParameter",
)  # fmt: skip
DELETED = (
    "AWS::EC2::SecurityGroup", "AWS::EC2::Subnet", "AWS::EC2::VPC", "AWS::S3::Bucket", "AWS::IAM::Role",
    "AWS::EC2::Instance",
)  # fmt: skip
CHANGES = ("code", "tags", "instance", "second", "ends", "sick")
"""What an update changes. instance: the instance is replaced. second: one more. sick, ends: the application does not
come up."""
EXTRA = "AWS::EC2::Instance"


@dataclass(frozen=True)
class Run:
    """deed: create, update or delete. change: of CHANGES, for an update. faults: as the local cloud takes them."""

    number: int
    deed: str
    change: str
    faults: tuple[Mapping[str, Any], ...] = field(default=())

    def __str__(self) -> str:
        said = "; ".join(" ".join(f"{key}={value}" for key, value in one.items()) for one in self.faults)
        return f"run {self.number}: {self.deed}{' of ' + self.change if self.change else ''}: {said or 'no fault'}"


def runs(seed: int, count: int) -> Iterator[Run]:
    """So many runs, the same for the same seed."""
    chance = random.Random(seed)
    for number in range(count):
        deed = chance.choices(("create", "update", "delete"), (5, 6, 2))[0]
        change = chance.choices(CHANGES, (20, 25, 20, 20, 10, 1))[0] if deed == "update" else ""
        yield Run(number, deed, change, tuple(_faults(chance, deed, change)))


def _faults(chance: random.Random, deed: str, change: str) -> Iterator[Mapping[str, Any]]:
    if change in ("sick", "ends"):
        return
    kind = chance.choice(("resource", "resource", "deny", "throttle", "break"))
    if kind == "resource":
        yield _of_a_resource(chance, deed, change)
        if chance.random() < 0.15:
            # What was made cannot be taken back at once either.
            yield {"kind": "dependency", "subject": chance.choice(DELETED), "on": "delete", "times": 1}
    elif kind == "deny":
        action = chance.choice(("ec2:TerminateInstances", "s3:DeleteBucket") if deed == "delete" else ACTIONS)
        times = chance.choice((1, 1, 1, 1, None)) if deed == "delete" else None
        yield {"kind": "deny", "subject": action, "skip": chance.choice((0, 0, 1)), "times": times}
    else:
        moment = {"skip": chance.randrange(4), "times": chance.choice((1, 2, 30))}
        yield {"kind": kind, "subject": chance.choice(CALLS)} | moment


def _of_a_resource(chance: random.Random, deed: str, change: str) -> Mapping[str, Any]:
    if deed == "delete":
        kind = chance.choice(("fail", "dependency"))
        return {
            "kind": kind,
            "subject": chance.choice(DELETED),
            "on": "delete",
            "times": chance.choice((1, 1, 1, 1, 2, None)),
        }
    if deed == "update":
        on = "update" if change == "tags" else "create"
        subject = chance.choice(CREATED) if change == "tags" else EXTRA
        return {"kind": "fail", "subject": subject, "on": on, "message": "out of luck"}
    kind = chance.choice(("fail", "capacity"))
    return {"kind": kind, "subject": chance.choice(CREATED), "skip": chance.choice((0, 0, 0, 1))}


def tally(verdicts: Sequence[str]) -> Mapping[str, int]:
    """How often each verdict."""
    return {one: verdicts.count(one) for one in sorted(set(verdicts))}
