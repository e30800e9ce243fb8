"""The artifact bucket: what was built, readable by the instances that run it and by nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hivemind.template.fragment import Fragment
from hivemind.template.names import ARCHIVES, ARTIFACT_BUCKET, LAYERS, TEMPLATES

OUTPUT = "ArtifactBucketName"
POLICY = "S3ArtifactBucketPolicy"
KEPT_DAYS = 180
"""Days that an archive is kept in the bucket after it was built; one that is needed later is uploaded again. What other
machines need to know of the deployment lies under another prefix, and stays."""


def fragment() -> Fragment:
    """One bucket a deployment, which admits TLS alone. It goes with the stack: what is in it can be built again."""
    return Fragment(
        path="services",
        resources={
            ARTIFACT_BUCKET: {
                "Type": "AWS::S3::Bucket",
                "DeletionPolicy": "Delete",
                "UpdateReplacePolicy": "Delete",
                "Properties": {
                    "BucketEncryption": {
                        "ServerSideEncryptionConfiguration": [
                            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
                        ]
                    },
                    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                    "PublicAccessBlockConfiguration": {
                        "BlockPublicAcls": True,
                        "BlockPublicPolicy": True,
                        "IgnorePublicAcls": True,
                        "RestrictPublicBuckets": True,
                    },
                    "LifecycleConfiguration": {
                        "Rules": [
                            {
                                "Id": "unfinished-uploads",
                                "Status": "Enabled",
                                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                            },
                            *(
                                _expiry(f"old-{prefix.rstrip('/')}", prefix, days)
                                for prefix, days in ((ARCHIVES, KEPT_DAYS), (LAYERS, KEPT_DAYS), (TEMPLATES, 1))
                            ),
                        ]
                    },
                },
            },
            POLICY: _tls_only(),
        },
        outputs={OUTPUT: {"Value": {"Ref": ARTIFACT_BUCKET}}},
    )


def _expiry(name: str, prefix: str, days: int) -> Mapping[str, Any]:
    return {"Id": name, "Status": "Enabled", "Prefix": prefix, "ExpirationInDays": days}


def _tls_only() -> Mapping[str, Any]:
    bucket = {"Fn::GetAtt": [ARTIFACT_BUCKET, "Arn"]}
    return {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": ARTIFACT_BUCKET},
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "TlsAlone",
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": [bucket, {"Fn::Join": ["", [bucket, "/*"]]}],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            },
        },
    }
