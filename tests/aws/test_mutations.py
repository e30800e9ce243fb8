"""The guard: over every operation of the services used, what is neither reading nor listed is refused unsent."""

from __future__ import annotations

import re
from typing import Any

import botocore.session
import pytest

from hivemind.aws.clients import CallCounter, make_client
from hivemind.aws.mutations import ALLOWED, HOST_KEY_COMMAND, HOST_KEY_DOCUMENT, check, is_reading
from hivemind.values.errors import Refused

SERVICES = (
    "autoscaling", "cloudformation", "cloudwatch", "ec2", "ec2-instance-connect", "elasticache", "elbv2", "iam", "logs",
    "pricing", "rds", "resourcegroupstaggingapi", "s3", "secretsmanager", "service-quotas", "ssm", "sts", "xray",
)  # fmt: skip
CHANGING = re.compile(
    r"(Create|Delete|Update|Put|Modify|Run|Terminate|Start|Stop|Reboot|Attach|Detach|Associate|Disassociate|Add|Remove|Set|Tag|Untag|"
    r"Register|Deregister|Enable|Disable|Execute|Cancel|Continue|Send|Restore|Rotate|Reset|Import|Upload|Copy|Authorize|Revoke|"
    r"Accept|Reject|Allocate|Release|Assign|Replace|Purchase|Signal|Rollback|Assume)"
)


def operations(service: str) -> list[Any]:
    model = botocore.session.get_session().get_service_model(service)
    return [model.operation_model(name) for name in model.operation_names]


CONDITIONAL = {
    "autoscaling:ResumeProcesses",
    "autoscaling:SuspendProcesses",
    "elasticloadbalancing:ModifyLoadBalancerAttributes",
    "rds:ModifyDBCluster",
    "rds:ModifyDBInstance",
    "secretsmanager:CreateSecret",
    "secretsmanager:PutSecretValue",
    "secretsmanager:DeleteSecret",
    "secretsmanager:RestoreSecret",
    "ssm:DeleteParameter",
    "ssm:PutParameter",
    "ssm:SendCommand",
}
"""Listed, with conditions on their parameters."""
PROTECTING = {"DeletionProtection": True}


def reads(operation: Any) -> bool:
    service = operation.service_model
    protocol = service.metadata.get("protocol", "")
    return is_reading(service.signing_name, operation.name, protocol=protocol, method=operation.http["method"])


@pytest.mark.parametrize("service", SERVICES)
def test_no_operation_whose_name_says_change_counts_as_reading(service: str) -> None:
    wrong = [operation.name for operation in operations(service) if reads(operation) and CHANGING.match(operation.name)]
    assert wrong == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_read_listed_or_refused(service: str) -> None:
    for operation in operations(service):
        name = f"{operation.service_model.signing_name}:{operation.name}"
        protocol = operation.service_model.metadata.get("protocol", "")
        arguments = (operation.service_model.signing_name, operation.name, {})
        options = {"protocol": protocol, "method": operation.http["method"]}
        if reads(operation) or (name in ALLOWED and name not in CONDITIONAL):
            check(*arguments, **options)
        else:
            with pytest.raises(Refused, match=name):
                check(*arguments, **options)


def test_everything_listed_exists() -> None:
    known = {
        f"{operation.service_model.signing_name}:{operation.name}"
        for name in SERVICES
        for operation in operations(name)
    }
    assert set(ALLOWED) <= known


@pytest.mark.fast
@pytest.mark.parametrize(
    "change",
    [
        {"DocumentName": "AWS-RunPatchBaseline"},
        {"Parameters": {"commands": ["rm -rf /"]}},
        {"Targets": [{"Key": "tag:a", "Values": ["b"]}]},
    ],
)
def test_ssm_runs_one_fixed_command_only(change: dict[str, Any]) -> None:
    good = {"DocumentName": HOST_KEY_DOCUMENT, "Parameters": {"commands": [HOST_KEY_COMMAND]}, "InstanceIds": ["i-1"]}
    check("ssm", "SendCommand", good, protocol="json", method="POST")
    with pytest.raises(Refused):
        check("ssm", "SendCommand", {**good, **change}, protocol="json", method="POST")


@pytest.mark.fast
@pytest.mark.parametrize(
    ("service", "operation", "good", "more"),
    [
        (
            "rds",
            "ModifyDBInstance",
            {"DBInstanceIdentifier": "a", "DeletionProtection": False},
            {"AllocatedStorage": 9},
        ),
        ("rds", "ModifyDBInstance", {"DBInstanceIdentifier": "a", "DeletionProtection": False}, PROTECTING),
        ("rds", "ModifyDBCluster", {"DBClusterIdentifier": "a", "DeletionProtection": False}, {"Port": 1}),
        (
            "elasticloadbalancing",
            "ModifyLoadBalancerAttributes",
            {"LoadBalancerArn": "a", "Attributes": [{"Key": "deletion_protection.enabled", "Value": "false"}]},
            {"Attributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "1"}]},
        ),
    ],
)
def test_protection_is_taken_off_and_nothing_else_modified(
    service: str, operation: str, good: dict[str, Any], more: dict[str, Any]
) -> None:
    check(service, operation, good, protocol="query", method="POST")
    with pytest.raises(Refused):
        check(service, operation, {**good, **more}, protocol="query", method="POST")


@pytest.mark.fast
@pytest.mark.parametrize(
    ("service", "operation", "good", "more"),
    [
        ("ssm", "PutParameter", {"Name": "/shop/key", "Value": "x", "Type": "SecureString"}, {"Type": "String"}),
        ("secretsmanager", "CreateSecret", {"Name": "shop", "SecretString": "x"}, {"KmsKeyId": "k"}),
        ("secretsmanager", "PutSecretValue", {"SecretId": "shop", "SecretString": "x"}, {"VersionStages": ["A"]}),
        ("secretsmanager", "DeleteSecret", {"SecretId": "shop"}, {"ForceDeleteWithoutRecovery": True}),
    ],
)
def test_of_secrets_only_values_are_written_and_deleted(
    service: str, operation: str, good: dict[str, Any], more: dict[str, Any]
) -> None:
    check(service, operation, good, protocol="json", method="POST")
    with pytest.raises(Refused):
        check(service, operation, {**good, **more}, protocol="json", method="POST")


def test_a_client_refuses_before_anything_is_sent() -> None:
    counter = CallCounter()
    client = make_client(
        "ec2", region="eu-west-1", counter=counter, access_key="a", secret_key="b", endpoint="http://127.0.0.1:9"
    )
    sent: list[object] = []
    client.meta.events.register("before-send.*.*", lambda **_: sent.append(1))
    with pytest.raises(Refused, match="ec2:RunInstances"):
        client.run_instances(MinCount=1, MaxCount=1)
    assert (sent, counter.counts()) == ([], {})
