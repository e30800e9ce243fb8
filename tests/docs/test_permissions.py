"""docs/permissions.md allows what HiveMind calls and what its resources need, and fits into a policy."""

from __future__ import annotations

import fnmatch
import json
import re
from pathlib import Path
from typing import Any

import pytest

from hivemind.aws.mutations import ALLOWED
from hivemind.template import resource_types
from hivemind.template.images import PARAMETER_TYPE

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
LARGEST = 6144
"""Characters of a managed policy, white space not counted (IAM user guide, "IAM and AWS STS quotas")."""
READ = """
    cloudformation:DescribeStacks cloudformation:DescribeStackEvents cloudformation:DescribeStackResources
    cloudformation:GetTemplate cloudformation:DescribeChangeSet ec2:DescribeInstances ec2:GetConsoleOutput
    ec2:DescribeInstanceConnectEndpoints ec2-instance-connect:OpenTunnel elasticache:DescribeSnapshots
    elasticloadbalancing:DescribeTargetHealth elasticloadbalancing:DescribeLoadBalancerAttributes
    logs:DescribeLogGroups rds:DescribeDBInstances rds:DescribeDBClusters rds:DescribeDBSnapshots s3:GetObject
    s3:ListBucket secretsmanager:GetSecretValue ssm:GetParameter ssm:GetCommandInvocation
    ssm:DescribeInstanceInformation sts:GetCallerIdentity
"""
S3_CALLS = {
    "s3:DeleteObjects": "s3:DeleteObject", "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:CreateMultipartUpload": "s3:PutObject", "s3:UploadPart": "s3:PutObject",
}  # fmt: skip
"""Calls that IAM knows under another name (Amazon S3 user guide, "Required permissions for S3 API operations")."""
UNUSED = re.compile(
    r"cognito-idp:|firehose:|s3tables:|vpc-lattice:|vpce:|logs:|"
    # Keys of the account's own; those of AWS need no permission.
    r"kms:|"
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


@pytest.fixture(scope="module")
def statements() -> list[dict[str, Any]]:
    text = (ROOT / "docs/permissions.md").read_text(encoding="utf-8")
    policy = json.loads(text.split("```json\n")[1].split("```")[0])
    assert len(json.dumps(policy, separators=(",", ":"))) <= LARGEST
    found: list[dict[str, Any]] = policy["Statement"]
    return found


def allows(statements: list[dict[str, Any]], action: str) -> bool:
    given = (one["Action"] if isinstance(one["Action"], list) else [one["Action"]] for one in statements)
    return any(fnmatch.fnmatchcase(action, pattern) for patterns in given for pattern in patterns)


def needed(kind: str) -> set[str]:
    """What CloudFormation's handler of a resource type needs, by its schema."""
    schema = resource_types._read("resources", f"{resource_types._fingerprints()[kind]}.json")
    verbs = (schema.get("handlers", {}).get(verb, {}) for verb in ("create", "read", "update", "delete"))
    return {one for verb in verbs for one in verb.get("permissions", ()) if not UNUSED.match(one)}


def test_what_hivemind_calls_is_allowed(statements: list[dict[str, Any]]) -> None:
    calls = {S3_CALLS.get(call, call) for call in ALLOWED} | set(READ.split())
    assert [call for call in sorted(calls) if not allows(statements, call)] == []


def test_what_the_resources_of_templates_need_is_allowed(statements: list[dict[str, Any]]) -> None:
    kinds: set[str] = set()
    for template in ROOT.glob("tests/golden/*/template.yaml"):
        kinds |= set(re.findall(r"^    Type: (AWS::\S+)$", template.read_text(encoding="utf-8"), re.MULTILINE))
    kinds -= {PARAMETER_TYPE}
    assert len(kinds) > 20
    lacking = {}
    for kind in sorted(kinds):
        lacking[kind] = [one for one in sorted(needed(kind)) if not allows(statements, one)]
    assert {kind: found for kind, found in lacking.items() if found} == {}


def test_nothing_is_allowed_that_makes_an_administrator(statements: list[dict[str, Any]]) -> None:
    for statement in statements:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not any(action in {"*", "iam:*"} for action in actions)
        if any(action.startswith("iam:") for action in actions):
            assert statement["Resource"] != "*"
    assert not allows(statements, "iam:CreateUser")
    assert not allows(statements, "iam:CreatePolicyVersion")
