"""What may change anything in AWS outside CloudFormation's own work: a short list, and the guard that keeps it.

Every piece of infrastructure is in the template; a client of ours refuses any other mutating call
before it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from hivemind.values.errors import Refused

HOST_KEY_COMMAND = "cat /etc/ssh/ssh_host_ed25519_key.pub"
HOST_KEY_DOCUMENT = "AWS-RunShellScript"

Condition = Callable[[Mapping[str, Any]], bool]


def _always(_: Mapping[str, Any]) -> bool:
    return True


def _reads_host_key(parameters: Mapping[str, Any]) -> bool:
    return (
        parameters.get("DocumentName") == HOST_KEY_DOCUMENT
        and parameters.get("Parameters") == {"commands": [HOST_KEY_COMMAND]}
        and not parameters.get("Targets")
    )


def _is_ours(parameters: Mapping[str, Any]) -> bool:
    return str(parameters.get("Name", "")).startswith("/hivemind/")


def _is_ours_or_secret(parameters: Mapping[str, Any]) -> bool:
    return _is_ours(parameters) or parameters.get("Type") == "SecureString"


def _holds_text(parameters: Mapping[str, Any]) -> bool:
    """A secret's value, and nothing that says who may read it or how it is encrypted."""
    return set(parameters) - {"ClientRequestToken"} in ({"Name", "SecretString"}, {"SecretId", "SecretString"})


def _names_alone(parameters: Mapping[str, Any]) -> bool:
    """A secret, and nothing that takes away its time for being restored."""
    return set(parameters) in ({"Name"}, {"SecretId"})


def _unprotects_database(parameters: Mapping[str, Any]) -> bool:
    names = {"DBInstanceIdentifier", "DBClusterIdentifier", "DeletionProtection", "ApplyImmediately"}
    return parameters.get("DeletionProtection") is False and set(parameters) <= names


def _unprotects_balancer(parameters: Mapping[str, Any]) -> bool:
    return parameters.get("Attributes") == [{"Key": "deletion_protection.enabled", "Value": "false"}]


def _holds_group(parameters: Mapping[str, Any]) -> bool:
    """Keeps a group from ending instances that get a release, or lets it again."""
    return set(parameters.get("ScalingProcesses", ())) == {"HealthCheck", "Terminate"}


ALLOWED: Mapping[str, Condition] = MappingProxyType(
    {
        "autoscaling:ResumeProcesses": _holds_group,
        "autoscaling:SuspendProcesses": _holds_group,
        # How many instances a group has is no part of the template, which has its bounds.
        "autoscaling:SetDesiredCapacity": _always,
        "cloudformation:CreateStack": _always,
        "cloudformation:CreateChangeSet": _always,
        "cloudformation:ExecuteChangeSet": _always,
        "cloudformation:DeleteChangeSet": _always,
        "cloudformation:DeleteStack": _always,
        "cloudformation:CancelUpdateStack": _always,
        "cloudformation:ContinueUpdateRollback": _always,
        "cloudformation:RollbackStack": _always,
        "cloudformation:UpdateTerminationProtection": _always,
        # Bars updates from replacing and deleting what holds data.
        "cloudformation:SetStackPolicy": _always,
        "elasticloadbalancing:RegisterTargets": _always,
        "elasticloadbalancing:DeregisterTargets": _always,
        # An instance of the deployment that somebody stopped: CloudFormation does not notice.
        "ec2:StartInstances": _always,
        # Artifacts, and the emptying of their bucket before a stack's deletion.
        "s3:PutObject": _always,
        "s3:DeleteObject": _always,
        "s3:DeleteObjects": _always,
        "s3:AbortMultipartUpload": _always,
        "s3:CompleteMultipartUpload": _always,
        "s3:CreateMultipartUpload": _always,
        "s3:UploadPart": _always,
        # Deletion protection is taken off before a deletion, when the user says so; nothing else is modified.
        "rds:ModifyDBInstance": _unprotects_database,
        "rds:ModifyDBCluster": _unprotects_database,
        "elasticloadbalancing:ModifyLoadBalancerAttributes": _unprotects_balancer,
        # Snapshots that a deletion left, when the user says so.
        "rds:DeleteDBSnapshot": _always,
        "elasticache:DeleteSnapshot": _always,
        # The deployment's SSH key; and values of secrets that a person stores, which no template may hold.
        "ssm:PutParameter": _is_ours_or_secret,
        "secretsmanager:CreateSecret": _holds_text,
        "secretsmanager:PutSecretValue": _holds_text,
        "secretsmanager:RestoreSecret": _names_alone,
        # Those that a person unsets.
        "ssm:DeleteParameter": _names_alone,
        "secretsmanager:DeleteSecret": _names_alone,
        # A public key that an instance accepts for a minute, where the deployment's own is lost.
        "ec2-instance-connect:SendSSHPublicKey": _always,
        # One fixed command that only reads.
        "ssm:SendCommand": _reads_host_key,
    }
)
"""`service:Operation`, the service as in IAM, with a condition on the call's parameters."""

_READING_VERBS = ("Describe", "Get", "List", "Head", "BatchGet", "Search", "Lookup", "Filter", "Validate", "Estimate")
_READING_NAMES = frozenset(
    {
        "rds:DownloadDBLogFilePortion",
        "cloudformation:DetectStackDrift",
        "iam:SimulatePrincipalPolicy",
        "iam:SimulateCustomPolicy",
    }
)
_CHANGING_NAMES = frozenset(
    {
        # These hand out new credentials, which is more than reading.
        "sts:GetFederationToken",
        "sts:GetSessionToken",
        "sts:GetDelegatedAccessToken",
        "ecr:GetAuthorizationToken",
        # These start something.
        "ec2:GetFlowLogsIntegrationTemplate",
    }
)
_READS_BY_POST = frozenset({"xray"})
"""Services with REST protocols that read by POST too."""


def is_reading(service: str, operation: str, *, protocol: str, method: str) -> bool:
    """Whether a call only reads: by its name and, where the protocol gives HTTP methods a meaning, by its method.

    service: as in IAM. protocol: of botocore's model (`query`, `json`, `ec2`, `rest-json`, `rest-xml`).
    """
    name = f"{service}:{operation}"
    if name in _READING_NAMES:
        return True
    if name in _CHANGING_NAMES or not operation.startswith(_READING_VERBS):
        return False
    if protocol.startswith("rest") and service not in _READS_BY_POST:
        return method in {"GET", "HEAD"}
    return True


def check(service: str, operation: str, parameters: Mapping[str, Any], *, protocol: str, method: str) -> None:
    """Raises Refused for a call that would change something and is not in ALLOWED."""
    if is_reading(service, operation, protocol=protocol, method=method):
        return
    condition = ALLOWED.get(f"{service}:{operation}")
    if condition is None or not condition(parameters):
        raise Refused(
            f"{service}:{operation} would change AWS outside of CloudFormation; HiveMind refuses this call",
            hint="This is a defect of HiveMind or of a plugin: the change belongs in the template.",
        )


def guard(client: Any) -> None:
    """Makes a botocore client refuse, before anything is sent, every changing call that is not in ALLOWED."""

    def before(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        service = model.service_model
        protocol = service.metadata.get("protocol", "")
        check(service.signing_name, model.name, params, protocol=protocol, method=model.http.get("method", "POST"))

    client.meta.events.register_first("before-parameter-build.*.*", before)
