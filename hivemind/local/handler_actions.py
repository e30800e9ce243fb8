"""What CloudFormation does as its caller for a resource: actions of IAM, and the ARNs they are done to. Pure.

Source: `handlers` of the resource schemas that cfn-lint ships. They also list what a handler needs for properties that
few templates use; those of other services than the type's own are left out, and those in OPTIONAL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from hivemind.template.resource_types import handler_permissions

OPTIONAL = re.compile(
    r"ec2:(?:\w*Ipam\w*|AcceptAddressTransfer|AssignPrivateNat\w*|AssociateNatGateway\w*|AssociateSubnetCidr\w*|"
    r"\w*VpnGateway\w*|CreateKeyPair|CreateVpcEncryption\w*|DisassociateNatGateway\w*|DisassociateSubnetCidr\w*|"
    r"DisableAddress\w*|EnableAddress\w*|GetSecurityGroupsForVpc|UnassignPrivateNat\w*|ReplaceRouteTableAssociation|"
    r"Search\w*|\w*LaunchTemplate\w*)|"
    r"rds:(?:AddRole\w*|RemoveRole\w*|Restore\w*|CreateDBInstanceReadReplica|Promote\w*|StartDBInstance\w*|"
    r"StopDBInstance\w*|DescribeDBCluster\w*)|secretsmanager:(?:RemoveRegions\w*|ReplicateSecret\w*)|"
    r"iam:(?:\w*PermissionsBoundary)|s3:\w*Metadata\w*|elasticloadbalancing:ModifyIpPools"
)
"""What HiveMind's templates have nothing of: transfers and pools of addresses, IPv6, VPN, replicas, boundaries."""
_LOOKS = ("Describe", "Get", "List")
_OWN = {"AWS::Events": "events", "AWS::ElasticLoadBalancingV2": "elasticloadbalancing", "AWS::CloudWatch": "cloudwatch"}


@lru_cache(maxsize=256)
def actions(resource_type: str, operation: str) -> tuple[str, ...]:
    """What an operation (`create`, `update`, `delete`) of a type needs, in the schema's order; looking comes last."""
    family = resource_type.rpartition("::")[0]
    service = _OWN.get(family, family.rpartition("::")[2].lower())
    found = [
        one
        for one in dict.fromkeys(handler_permissions(resource_type, operation))
        if (one.startswith(f"{service}:") or (one == "iam:PassRole" and service == "iam"))
        and not OPTIONAL.fullmatch(one)
    ]
    return tuple(sorted(found, key=_looks))


def _looks(action: str) -> bool:
    return action.partition(":")[2].startswith(_LOOKS)


def asked(
    resource_type: str, operation: str, identity: str, properties: Any, place: tuple[str, str]
) -> Iterator[tuple[str, str]]:
    """(action, ARN of what it is done to) of an operation. identity: physical id, or for a new resource what its name
    begins with. place: account and region."""
    arn = _arn(resource_type, identity, *place)
    for action in actions(resource_type, operation):
        if action == "iam:PassRole":
            roles = properties.get("Roles") or []
            yield from ((action, f"arn:aws:iam::{place[0]}:role/{role}") for role in roles)
        else:
            yield action, "*" if _looks(action) and not arn.startswith(("arn:aws:iam:", "arn:aws:s3:")) else arn


def _arn(resource_type: str, identity: str, account: str, region: str) -> str:
    if identity.startswith("arn:"):
        return identity
    _, service, name = resource_type.split("::")
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
    form = _ARNS.get(service, "arn:aws:{service}:{region}:{account}:{kind}/{identity}")
    return form.format(
        service=service.lower(),
        region=region,
        account=account,
        kind=kind,
        identity=identity.lower() if service == "S3" else identity,
    )


_DATA = "arn:aws:{service}:{region}:{account}:{kind}:{identity}"
_ARNS = {
    "IAM": "arn:aws:iam::{account}:{kind}/{identity}",
    "S3": "arn:aws:s3:::{identity}",
    "SecretsManager": "arn:aws:secretsmanager:{region}:{account}:secret:{identity}",
    "Scheduler": "arn:aws:scheduler:{region}:{account}:schedule/default/{identity}",
    "ElasticLoadBalancingV2": "arn:aws:elasticloadbalancing:{region}:{account}:{kind}/app/{identity}",
} | dict.fromkeys(("RDS", "ElastiCache", "SNS", "SQS", "Logs"), _DATA)
"""Forms of ARNs (Service Authorization Reference, "Resource types defined by ..."); others are as EC2's."""
