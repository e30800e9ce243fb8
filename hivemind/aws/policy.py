"""The smallest IAM policy with which one blueprint can be deployed, and its CloudFormation service role's."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from hivemind.aws.mutations import ALLOWED
from hivemind.aws.policy_statements import LOOKS, OWN_CALLS, S3_CALLS, STATE_BUCKET, STATEMENTS
from hivemind.template.resource_types import handler_permissions

VERSION = "2012-10-17"
LARGEST = 6144
"""Characters of a managed policy, white space not counted (IAM user guide, "IAM and AWS STS quotas")."""
ROOM = 400
"""Characters for what comes around the statements, and for iam:PassRole."""
READS = re.compile(r"[a-z0-9-]+:(?:Describe|List|Get)\*")
"""Patterns that stay: reading more of a service than a template needs does no harm, and keeps policies short."""
UNUSED = re.compile(
    r"cognito-idp:|firehose:|s3tables:|vpc-lattice:|vpce:|logs:|"
    # Keys of the account's own; those of AWS need no permission.
    r"kms:|"
    # Certificates of a private authority.
    r"acm-pca:|"
    # Groups that another service manages, refreshes of groups, custom metrics.
    r"managed-fleets:|autoscaling:(?:Start|Cancel)InstanceRefresh|ec2:Get\*|ec2:GetLaunchTemplateData|ssm:Get\*|"
    r"cloudwatch:(?:PutMetricData|GetMetricData|List|Get)|"
    # What HiveMind's templates have nothing of: transfers and pools of addresses, IPv6, VPN, roles and replicas of
    # databases, associations of SSM, replicas of secrets, resizing of clusters, object ACLs.
    r"ec2:(?:AcceptAddressTransfer|AssignPrivateNat|AssociateNatGateway|AssociateSubnetCidr|AttachVpnGateway|"
    r"CreateKeyPair|CreateVpcEncryption|DetachVpnGateway|DisassociateNatGateway|DisassociateSubnetCidr|DisableAddress|"
    r"EnableAddress|GetSecurityGroupsForVpc|GetIpamPool|UnassignPrivateNat|ReplaceRouteTableAssociation|Search)|"
    r"rds:(?:AddRole|RemoveRole|Restore|CreateDBInstanceReadReplica|Promote|StartDBInstance|StopDBInstance)|"
    r"ssm:(?:CreateAssociation|DeleteAssociation|DescribeAssociation|ListAssociations)|"
    r"secretsmanager:(?:RemoveRegions|ReplicateSecret)|iam:(?:PutRolePermissions|DeleteRolePermissions)|"
    r"s3:UpdateBucketMetadata"
)
"""What handlers of CloudFormation say that they need, and what no template of HiveMind's makes them do."""
_VERBS = ("create", "read", "update", "delete")
SERVICE_LINKED = "iam:CreateServiceLinkedRole"
_LINKING = ("AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::RDS::DBInstance", "AWS::ElastiCache::ReplicationGroup",
            "AWS::EC2::InstanceConnectEndpoint", "AWS::AutoScaling::AutoScalingGroup")  # fmt: skip

_ONLY_WITH: Mapping[str, str] = {
    "autoscaling": "AWS::AutoScaling::",
    "rds": "AWS::RDS::",
    "elasticache": "AWS::ElastiCache::",
}
"""Services that HiveMind itself calls only where the template has something of them."""


def own_calls(kinds: Collection[str]) -> frozenset[str]:
    """Actions that HiveMind itself needs for templates with resources of these types, without the preflight's."""
    return _fitting(frozenset(S3_CALLS.get(call, call) for call in ALLOWED) | frozenset(OWN_CALLS.split()), kinds)


def _fitting(calls: frozenset[str], kinds: Collection[str]) -> frozenset[str]:
    without = {service for service, types in _ONLY_WITH.items() if not any(kind.startswith(types) for kind in kinds)}
    return frozenset(call for call in calls if call.partition(":")[0] not in without)


def needed(kinds: Iterable[str]) -> frozenset[str]:
    """Actions that CloudFormation needs for resources of these types: to create, read, update and delete them."""
    found = {
        one for kind in kinds for verb in _VERBS for one in handler_permissions(kind, verb) if not UNUSED.match(one)
    }
    if set(kinds) & set(_LINKING):
        found.add(SERVICE_LINKED)
    return frozenset(found)


def policy(
    name: str, template: Mapping[str, Any], *, role_arn: str | None = None, state: str | None = None
) -> dict[str, Any]:
    """The policy of whoever deploys a blueprint of this name. role_arn: of the role that CloudFormation works as;
    then what it makes needs no permission of the caller's. state: `s3://BUCKET/PREFIX`, where the state is kept."""
    kinds = _kinds(template)
    calls = own_calls(kinds) | _fitting(frozenset(LOOKS.split()), kinds)
    actions = calls | (frozenset() if role_arn else needed(kinds))
    statements = _statements(name, actions)
    if role_arn:
        condition = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
        statements.append(
            {"Sid": "RoleOfStacks", "Effect": "Allow", "Action": "iam:PassRole", "Resource": role_arn,
             "Condition": condition}
        )  # fmt: skip
    if state:
        bucket, _, prefix = state.removeprefix("s3://").partition("/")
        below = "/".join(part for part in (bucket, prefix.strip("/"), "*") if part)
        objects = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        statements.append(_statement("State", objects, [f"arn:aws:s3:::{below}"]))
        statements.append(_statement("StateList", list(STATE_BUCKET), [f"arn:aws:s3:::{bucket}"]))
    return {"Version": VERSION, "Statement": statements}


def role_policy(name: str, template: Mapping[str, Any]) -> dict[str, Any]:
    """The policy of the role that CloudFormation works as for a blueprint of this name."""
    # It reads the images' parameters and the template, both as itself.
    return {"Version": VERSION, "Statement": _statements(name, needed(_kinds(template)) | {"s3:GetObject"})}


def full_policy(name: str) -> dict[str, Any]:
    """The policy for whatever HiveMind's own resource types can make: that of docs/permissions.md."""
    return {
        "Version": VERSION,
        "Statement": [
            _statement(sid, actions.split(), [arn.format(name=name) for arn in arns])
            for sid, (actions, arns) in STATEMENTS.items()
        ],
    }


def not_covered(template: Mapping[str, Any]) -> frozenset[str]:
    """Types of a template, those of plugins and overrides, whose needs are in no statement."""
    patterns = [pattern for actions, _ in STATEMENTS.values() for pattern in actions.split()]
    return frozenset(kind for kind in _kinds(template) if not _allowed(patterns, needed([kind])))


def by_resource(name: str, actions: Collection[str]) -> dict[tuple[str, ...], list[str]]:
    """Actions by the ARNs that they are asked for."""
    found: dict[tuple[str, ...], list[str]] = {}
    for patterns, arns in STATEMENTS.values():
        if fitting := [action for action in sorted(actions) if _matches(patterns.split(), action)]:
            found.setdefault(tuple(arn.format(name=name) for arn in arns), []).extend(fitting)
    return found


def _kinds(template: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(str(resource.get("Type")) for resource in template.get("Resources", {}).values())


def _statements(name: str, actions: Collection[str]) -> list[dict[str, Any]]:
    """Each statement with what is needed of it; with patterns where single actions would not fit into a policy."""
    found = []
    for sid, (patterns, arns) in STATEMENTS.items():
        written: set[str] = set()
        for pattern in patterns.split():
            fitting = {action for action in actions if fnmatch.fnmatchcase(action, pattern)}
            written |= {pattern} if READS.fullmatch(pattern) and fitting else fitting
        written = {one for one in written if one in patterns.split() or not _within(one, written)}
        if written:
            found.append(_statement(sid, sorted(written), [arn.format(name=name) for arn in arns]))
    return _short(found)


def _short(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The statements, those with most to save written as patterns again until they fit into one policy."""

    def short(statement: dict[str, Any]) -> dict[str, Any]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        patterns = STATEMENTS[statement["Sid"]][0].split()
        used = [one for one in patterns if any(fnmatch.fnmatchcase(action, one) for action in actions)]
        return {**statement, "Action": used[0] if len(used) == 1 else used}

    def size(found: Any) -> int:
        return len(json.dumps(found, separators=(",", ":")))

    by_saving = sorted(statements, key=lambda one: size(short(one)) - size(one))
    for one in by_saving:
        if size(statements) <= LARGEST - ROOM:
            break
        statements = [short(each) if each["Sid"] == one["Sid"] else each for each in statements]
    return statements


def _within(action: str, written: Collection[str]) -> bool:
    return any("*" in one and one != action and fnmatch.fnmatchcase(action, one) for one in written)


def _statement(sid: str, actions: list[str], arns: list[str]) -> dict[str, Any]:
    alone_or_list = [one[0] if len(one) == 1 else one for one in (actions, arns)]
    return {"Sid": sid, "Effect": "Allow", "Action": alone_or_list[0], "Resource": alone_or_list[1]}


def _matches(patterns: Iterable[str], action: str) -> bool:
    return any(fnmatch.fnmatchcase(action, pattern) for pattern in patterns)


def _allowed(patterns: list[str], actions: Iterable[str]) -> bool:
    return all(_matches(patterns, action) for action in actions)
