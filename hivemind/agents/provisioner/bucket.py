"""Buckets: private and encrypted, with old versions for a while, and the right to use them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hivemind.agents.provisioner import granting
from hivemind.blueprint.model import Blueprint, Resource
from hivemind.blueprint.provided import resource_variable
from hivemind.template.fragment import Binding, Fragment
from hivemind.template.names import logical_id

TYPE = "bucket"
VERSIONS = 30

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "access": {
            "enum": ["read", "read-write"],
            "default": "read-write",
            "description": "What services that need the bucket may do with its objects.",
            "examples": ["read"],
        },
        "versions": {
            "type": "integer",
            "minimum": 0,
            "maximum": 3650,
            "default": VERSIONS,
            "description": "Days that replaced and deleted objects can still be brought back; 0 for none. Their "
            "storage costs as much as that of current objects.",
            "examples": [7, 0],
        },
        "expire": {
            "type": "integer",
            "minimum": 1,
            "maximum": 3650,
            "description": "Days after which S3 deletes an object. Default: never.",
            "examples": [90],
        },
        "keep": {
            "type": "boolean",
            "description": "Keep the bucket and its objects when the deployment is destroyed. Without it, `hivemind "
            "destroy` deletes the objects once you agree. Default: true, or false in stage-1.",
            "examples": [True],
        },
    },
}
READING = ("s3:GetObject",)
WRITING = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject")


def fragment(blueprint: Blueprint, resource: Resource) -> Fragment:
    """The bucket, its policy, and the right to use it for each service that needs it."""
    bucket = logical_id(resource.name, "Bucket")
    arn = {"Fn::GetAtt": [bucket, "Arn"]}
    objects = {"Fn::Sub": f"${{{bucket}.Arn}}/*"}
    writes = resource.options.get("access", "read-write") != "read"
    stays = granting.kept(blueprint, resource)
    return Fragment(
        path=f"resources.{resource.name}",
        resources={
            bucket: {"Type": "AWS::S3::Bucket", **stays, "Properties": _properties(resource)},
            # It stays as long as its bucket, and holds nothing of its own.
            logical_id(resource.name, "BucketPolicy"): {
                "Type": "AWS::S3::BucketPolicy",
                **stays,
                "Metadata": {"HiveMind": {"HoldsData": False}},
                "Properties": {
                    "Bucket": {"Ref": bucket},
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [granting.encrypted_only("s3:*", [arn, objects])],
                    },
                },
            },
            **granting.policies(
                blueprint,
                resource,
                "Bucket",
                [
                    (("s3:ListBucket", *(("s3:ListBucketMultipartUploads",) if writes else ())), arn),
                    ((*READING, *(WRITING if writes else ())), objects),
                ],
            ),
        },
        outputs={f"{bucket}Name": {"Value": {"Ref": bucket}}},
        bindings=(
            Binding(
                resource.name,
                {resource_variable(resource.name, "BUCKET"): "{name}"},
                outputs={"name": f"{bucket}Name"},
                api=True,
            ),
        ),
    )


def _properties(resource: Resource) -> Mapping[str, Any]:
    options = resource.options
    versions, expire = options.get("versions", VERSIONS), options.get("expire")
    rules: list[Mapping[str, Any]] = [
        {
            "Id": "unfinished-uploads",
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    ]
    if versions:
        rules.append(
            {
                "Id": "old-versions",
                "Status": "Enabled",
                "NoncurrentVersionExpiration": {"NoncurrentDays": versions},
                **({} if expire else {"ExpiredObjectDeleteMarker": True}),
            }
        )
    if expire:
        rules.append({"Id": "old-objects", "Status": "Enabled", "ExpirationInDays": expire})
    return {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
        "LifecycleConfiguration": {"Rules": rules},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
        **({"VersioningConfiguration": {"Status": "Enabled"}} if versions else {}),
    }
