"""What the local cloud does: a list of services, operations and resource types that run no code of a caller's.

The emulator could do far more, also run programs (functions, containers, builds, custom resources) as the user who
started it. What is not in these tables never reaches it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

_READS = ("Describe", "Get", "List", "Head", "BatchGet", "Filter", "Lookup", "Search", "Validate", "Estimate")
_RECORDS = ("Create", "Delete", "Put", "Update", "Modify", "Tag", "Untag", "Add", "Remove", "Set", "Reset")
"""Verbs of operations that change records and nothing else, in the services where they stand below."""

OPERATIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "acm": (*_READS, "AddTags", "RemoveTags", "ImportCertificate", "RequestCertificate", "DeleteCertificate"),
        "autoscaling": (*_READS, "SuspendProcesses", "ResumeProcesses", "SetDesiredCapacity"),
        "cloudformation": (
            *_READS, "CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet",
            "DeleteChangeSet", "UpdateTerminationProtection", "SetStackPolicy", "CancelUpdateStack",
            "ContinueUpdateRollback", "RollbackStack", "DetectStack",
        ),
        "dynamodb": (*_READS, *_RECORDS, "Query", "Scan", "BatchWriteItem", "TransactGetItems", "TransactWriteItems"),
        "ec2": (
            *_READS, *_RECORDS, "Allocate", "Associate", "Attach", "Authorize", "Detach", "Disassociate", "Enable",
            "Import", "Reboot", "Release", "Replace", "Revoke", "Run", "Start", "Stop", "Terminate",
        ),
        "elasticache": (*_READS, *_RECORDS),
        "elasticloadbalancing": (*_READS, *_RECORDS, "RegisterTargets", "DeregisterTargets"),
        "iam": (*_READS, *_RECORDS, "Attach", "Detach", "PassRole", "Simulate"),
        "kms": (*_READS, *_RECORDS, "Decrypt", "Encrypt", "ReEncrypt", "GenerateDataKey", "ScheduleKey", "CancelKey"),
        "logs": (*_READS, "CreateLog", "DeleteLog", "PutLogEvents", "PutRetentionPolicy", "Tag", "Untag"),
        "monitoring": (*_READS, "PutMetric", "PutDashboard", "Delete", "SetAlarmState", "Tag", "Untag"),
        "rds": (*_READS, *_RECORDS, "Restore", "Start", "Stop", "Reboot"),
        # For REST services the operation is the method.
        "s3": ("GET", "HEAD", "PUT", "POST", "DELETE"),
        "secretsmanager": (*_READS, *_RECORDS, "RestoreSecret"),
        "sns": (*_READS, "Publish"),
        "sqs": (*_READS, "SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessage", "Purge", "Tag", "Untag"),
        "ssm": (*_READS, "PutParameter", "DeleteParameter", "AddTags", "RemoveTags", "LabelParameter"),
        "sts": ("GetCallerIdentity", "AssumeRole", "GetSessionToken", "DecodeAuthorizationMessage"),
        "tagging": (*_READS, "Tag", "Untag"),
    }
)  # fmt: skip
"""Service, as it is signed for -> how the names of its operations begin."""

RESOURCE_TYPES = frozenset(
    f"AWS::{service}::{name}"
    for service, names in {
        "AutoScaling": ("AutoScalingGroup", "ScalingPolicy"),
        "CertificateManager": ("Certificate",),
        "CloudWatch": ("Alarm", "Dashboard"),
        "DynamoDB": ("Table",),
        "EC2": (
            "EIP", "Instance", "InstanceConnectEndpoint", "InternetGateway", "KeyPair", "LaunchTemplate",
            "NatGateway", "Route", "RouteTable", "SecurityGroup", "SecurityGroupEgress", "SecurityGroupIngress",
            "Subnet", "SubnetRouteTableAssociation", "VPC", "VPCEndpoint", "VPCGatewayAttachment",
        ),
        "Route53": ("RecordSet",),
        "ElastiCache": ("ParameterGroup", "ReplicationGroup", "SubnetGroup"),
        "ElasticLoadBalancingV2": ("Listener", "ListenerRule", "LoadBalancer", "TargetGroup"),
        "IAM": ("InstanceProfile", "ManagedPolicy", "Policy", "Role"),
        "KMS": ("Alias", "Key"),
        "Logs": ("LogGroup", "LogStream"),
        "RDS": ("DBInstance", "DBParameterGroup", "DBSubnetGroup"),
        "S3": ("Bucket", "BucketPolicy"),
        "SNS": ("Subscription", "Topic", "TopicPolicy"),
        "SQS": ("Queue", "QueuePolicy"),
        "SSM": ("Parameter",),
        "Scheduler": ("Schedule",),
        "SecretsManager": ("Secret", "SecretTargetAttachment"),
    }.items()
    for name in names
)  # fmt: skip
"""Resource types that a template for the local cloud may have."""


def refused_service(service: str) -> str:
    """What is said of a service that is not in the table."""
    return (
        f"The local cloud does not have the service {service}: it has what HiveMind's deployments need, and nothing "
        "that runs code."
    )


def refused_operation(service: str, operation: str) -> str | None:
    """Why an operation is not answered, a sentence; None for one that is."""
    begins = OPERATIONS.get(service)
    if begins is None:
        return refused_service(service)
    if not operation.startswith(begins):
        return f"The local cloud does not do {service}:{operation}."
    return None


def refused_types(template: Mapping[str, Any]) -> str | None:
    """Why a template is not taken, a sentence; None for one that is."""
    resources = template.get("Resources")
    bodies: Iterable[Any] = resources.values() if isinstance(resources, Mapping) else ()
    kinds = {str(body.get("Type")) for body in bodies if isinstance(body, Mapping) and "Type" in body}
    foreign = sorted(kinds - RESOURCE_TYPES)
    if not foreign:
        return None
    return f"The local cloud does not have the resource types {', '.join(foreign)}. {refused_type(foreign[0])}"


def refused_type(kind: str) -> str:
    """What is said of a resource type that is not in the table."""
    if kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource":
        return f"{kind} would run code of the template's."
    return "It has those that HiveMind's deployments need, and none that runs code of a template's."
