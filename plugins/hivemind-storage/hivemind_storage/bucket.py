"""The resource type `bucket` as CloudFormation: the bucket, its policy, and the right to use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hivemind import Binding, Blueprint, Fragment, Resource, names

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "env": {
            "type": "string",
            "pattern": "^[A-Z][A-Z0-9_]*$",
            "description": "Variable in which services find the bucket's name. Default: the resource's name in "
            "capitals and _BUCKET.",
            "examples": ["UPLOADS_BUCKET"],
        },
        "keep_versions": {
            "type": "integer",
            "minimum": 1,
            "maximum": 3650,
            "default": 30,
            "description": "Days that replaced and deleted objects can still be brought back.",
            "examples": [30],
        },
        "access": {
            "enum": ["read", "read-write"],
            "default": "read-write",
            "description": "What the services that need it may do with its objects.",
            "examples": ["read"],
        },
    },
}
READING = ("s3:GetObject", "s3:GetObjectVersion")
WRITING = ("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")


def fragment(blueprint: Blueprint, resource: Resource) -> Fragment:
    """The bucket, and a policy at the role of each service that needs it."""
    bucket = names.logical_id(resource.name, "Bucket")
    output = f"{bucket}Name"
    users = [name for name in sorted(blueprint.services) if resource.name in blueprint.services[name].needs]
    return Fragment(
        path=f"resources.{resource.name}",
        resources={
            bucket: _bucket(resource),
            f"{bucket}Policy": _tls_only(bucket),
            **{_access_id(resource, user): _access(resource, bucket, user) for user in users},
        },
        outputs={output: {"Description": f"Name of the bucket {resource.name}", "Value": {"Ref": bucket}}},
        bindings=(Binding(resource.name, {variable(resource): "{name}"}, outputs={"name": output}),),
    )


def variable(resource: Resource) -> str:
    """The environment variable with the bucket's name."""
    chosen: str | None = resource.options.get("env")
    return chosen or resource.name.upper().replace("-", "_") + "_BUCKET"


def _bucket(resource: Resource) -> dict[str, Any]:
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "Id": "old-versions",
                        "Status": "Enabled",
                        "NoncurrentVersionExpiration": {"NoncurrentDays": resource.options["keep_versions"]},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    }
                ]
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "VersioningConfiguration": {"Status": "Enabled"},
        },
    }


def _tls_only(bucket: str) -> dict[str, Any]:
    return {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": bucket},
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": [_arn(bucket), _objects(bucket)],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            },
        },
    }


def _access_id(resource: Resource, service: str) -> str:
    # Both names are in the id: each pair of resource and service has its own policy.
    return names.logical_id(service, "Uses") + names.logical_id(resource.name, "Bucket")


def _access(resource: Resource, bucket: str, service: str) -> dict[str, Any]:
    actions = READING if resource.options["access"] == "read" else (*READING, *WRITING)
    return {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": f"bucket-{resource.name}",
            "Roles": [{"Ref": names.instance_role(service)}],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [_arn(bucket)]},
                    {"Effect": "Allow", "Action": list(actions), "Resource": [_objects(bucket)]},
                ],
            },
        },
    }


def _arn(bucket: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [bucket, "Arn"]}


def _objects(bucket: str) -> dict[str, str]:
    return {"Fn::Sub": f"${{{bucket}.Arn}}/*"}
