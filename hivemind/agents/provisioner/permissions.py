"""What a service's instances may do: be reached by SSM, and read their own secrets.

Artifacts are none of it: instances fetch them from addresses that the deployer signs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hivemind.agents.provisioner import postgres
from hivemind.blueprint.model import Blueprint, SecretReference, Service

# A secret's ARN ends in six random characters (AWS Secrets Manager User Guide, "Secret ARN").
RANDOM_SUFFIX = "-??????"

OWN_PARAMETERS_ALONE = "NoOtherParameters"
"""Sid of the statement that denies every instance the parameters of others."""


def role(blueprint: Blueprint, service: Service) -> Mapping[str, Any]:
    """The IAM role of a service's instances."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Description": f"Instances of {service.name}",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "ec2.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            "ManagedPolicyArns": [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"}],
            "Policies": [
                {
                    "PolicyName": "own",
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": _statements(blueprint, service)},
                }
            ],
        },
    }


def _statements(blueprint: Blueprint, service: Service) -> list[Mapping[str, Any]]:
    databases = [
        {"Ref": postgres.secret_id(need)}
        for need in sorted(set(service.needs))
        if need in blueprint.resources and blueprint.resources[need].type == postgres.TYPE
    ]
    given = sorted(set(service.secrets.values()), key=str)
    secrets = [*databases, *(_secret(one) for one in given if one.store == "secretsmanager")]
    parameters = [_parameter(one) for one in given if one.store == "ssm"]
    return [
        *([_allow("OwnSecrets", "secretsmanager:GetSecretValue", _once(secrets))] if secrets else []),
        *([_allow("OwnParameters", "ssm:GetParameter", _once(parameters))] if parameters else []),
        _no_other_parameters(_once(parameters)),
    ]


def _no_other_parameters(own: list[Any]) -> Mapping[str, Any]:
    """AmazonSSMManagedInstanceCore allows reading every parameter of the account; those of others are none of ours."""
    public = {"Fn::Sub": "arn:${AWS::Partition}:ssm:*::parameter/aws/service/*"}
    return {
        "Sid": OWN_PARAMETERS_ALONE,
        "Effect": "Deny",
        "Action": ["ssm:GetParameter", "ssm:GetParameters"],
        "NotResource": [*own, public],
    }


def _allow(sid: str, action: str, resources: list[Any]) -> Mapping[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resources}


def _secret(reference: SecretReference) -> Any:
    if reference.name.startswith("arn:"):
        return reference.name
    return {
        "Fn::Sub": "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
        + _literal(reference.name)
        + RANDOM_SUFFIX
    }


def _parameter(reference: SecretReference) -> Any:
    if reference.name.startswith("arn:"):
        return reference.name
    return {
        "Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/"
        + _literal(reference.name.lstrip("/"))
    }


def _literal(text: str) -> str:
    """The text with `${` written so that Fn::Sub leaves it alone."""
    return text.replace("${", "${!")


def _once(items: list[Any]) -> list[Any]:
    return [item for index, item in enumerate(items) if item not in items[:index]]
