"""H493, H494: whether the bucket that the state is kept in keeps what was, and encrypts it."""

from __future__ import annotations

from collections.abc import Iterator

from hivemind.aws.preflight.subject import Subject
from hivemind.values.calls import CloudCallFailed
from hivemind.values.findings import Finding, Severity
from hivemind.values.state_address import address_of

NOT_ENCRYPTED = "ServerSideEncryptionConfigurationNotFoundError"
"""What GetBucketEncryption answers of a bucket without default encryption. Since January 2023 S3 gives it to each, so
that AWS says this of none; stores that speak S3's language may (Amazon S3 user guide, "Setting default server-side
encryption behavior")."""
ENCRYPTION = '{"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}'


def states(subject: Subject) -> Iterator[Finding]:
    """A warning for a chosen bucket without versions, where a state that is overwritten or deleted is gone, and for one
    that does not encrypt."""
    address = address_of(subject.state) if subject.state else None
    if address is None or address.bucket is None or subject.plan.empty:
        return
    s3, bucket = subject.cloud.client("s3"), address.bucket
    if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
        yield Finding(
            "H493",
            Severity.WARNING,
            f"the bucket {bucket} of the state keeps no versions: a state that is overwritten or deleted is gone",
            hint=f"aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled",
            path="state",
        )
    try:
        s3.get_bucket_encryption(Bucket=bucket)
    except CloudCallFailed as error:
        if error.code != NOT_ENCRYPTED:
            raise
        yield Finding(
            "H494",
            Severity.WARNING,
            f"the bucket {bucket} of the state does not encrypt what is in it",
            hint=f"aws s3api put-bucket-encryption --bucket {bucket} --server-side-encryption-configuration "
            f"'{ENCRYPTION}'",
            path="state",
        )
