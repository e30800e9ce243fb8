"""The resource type `table` as CloudFormation: a DynamoDB table, and the right to use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hivemind import Binding, Blueprint, Fragment, Resource, names

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["key"],
    "properties": {
        "key": {
            "type": "string",
            "pattern": "^[A-Za-z][A-Za-z0-9_]{0,254}$",
            "description": "Attribute that tells items apart, a text. A change replaces the table.",
            "examples": ["user"],
        },
        "sort_key": {
            "type": "string",
            "pattern": "^[A-Za-z][A-Za-z0-9_]{0,254}$",
            "description": "Attribute by which items with one key are sorted, a text. A change replaces the table.",
            "examples": ["created"],
        },
        "expires": {
            "type": "string",
            "pattern": "^[A-Za-z][A-Za-z0-9_]{0,254}$",
            "description": "Attribute with the time, in seconds since 1970, after which DynamoDB deletes an item.",
            "examples": ["expires"],
        },
        "env": {
            "type": "string",
            "pattern": "^[A-Z][A-Z0-9_]*$",
            "description": "Variable in which services find the table's name. Default: the resource's name in capitals "
            "and _TABLE.",
            "examples": ["SESSIONS_TABLE"],
        },
        "access": {
            "enum": ["read", "read-write"],
            "default": "read-write",
            "description": "What the services that need it may do with its items.",
            "examples": ["read"],
        },
    },
}
READING = (
    "dynamodb:BatchGetItem",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
)
WRITING = ("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem")


def fragment(blueprint: Blueprint, resource: Resource) -> Fragment:
    """The table, and a policy at the role of each service that needs it."""
    table = names.logical_id(resource.name, "Table")
    output = f"{table}Name"
    users = [name for name in sorted(blueprint.services) if resource.name in blueprint.services[name].needs]
    return Fragment(
        path=f"resources.{resource.name}",
        resources={
            table: _table(resource),
            **{_access_id(resource, user): _access(resource, table, user) for user in users},
        },
        outputs={output: {"Description": f"Name of the table {resource.name}", "Value": {"Ref": table}}},
        # `api`: services find the region, and in the local cloud its address and keys of their role.
        bindings=(Binding(resource.name, {variable(resource): "{name}"}, outputs={"name": output}, api=True),),
    )


def variable(resource: Resource) -> str:
    """The environment variable with the table's name."""
    chosen: str | None = resource.options.get("env")
    return chosen or resource.name.upper().replace("-", "_") + "_TABLE"


def _table(resource: Resource) -> dict[str, Any]:
    keys = {"HASH": resource.options["key"], "RANGE": resource.options.get("sort_key")}
    expires = resource.options.get("expires")
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in keys.values() if name],
            "KeySchema": [{"AttributeName": name, "KeyType": kind} for kind, name in keys.items() if name],
            "BillingMode": "PAY_PER_REQUEST",
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "SSESpecification": {"SSEEnabled": True},
            **({"TimeToLiveSpecification": {"AttributeName": expires, "Enabled": True}} if expires else {}),
        },
    }


def _access_id(resource: Resource, service: str) -> str:
    # Both names are in the id: each pair of resource and service has its own policy.
    return names.logical_id(service, "Uses") + names.logical_id(resource.name, "Table")


def _access(resource: Resource, table: str, service: str) -> dict[str, Any]:
    actions = READING if resource.options["access"] == "read" else (*READING, *WRITING)
    return {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": f"table-{resource.name}",
            "Roles": [{"Ref": names.instance_role(service)}],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": list(actions), "Resource": {"Fn::GetAtt": [table, "Arn"]}},
                ],
            },
        },
    }
