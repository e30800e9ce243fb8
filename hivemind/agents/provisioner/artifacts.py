"""The artifact bucket: what was built, readable by the instances that run it and by nobody else."""

from __future__ import annotations

from hivemind.template.fragment import Fragment
from hivemind.template.names import ARTIFACT_BUCKET

OUTPUT = "ArtifactBucketName"


def fragment() -> Fragment:
    """One bucket a deployment. It goes with the stack: what is in it can be built again."""
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
                            }
                        ]
                    },
                },
            }
        },
        outputs={OUTPUT: {"Value": {"Ref": ARTIFACT_BUCKET}}},
    )
