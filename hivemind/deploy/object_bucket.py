"""Objects in S3, whose conditions on writes keep two writers apart.

If-None-Match and If-Match: Amazon S3 User Guide, "Conditional writes" (412 where the condition does not hold, 409 where
another write is under way, 404 where the object of an If-Match is gone) and "Conditional deletes".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from hivemind.deploy.objects import Overtaken, Stored
from hivemind.values.calls import CloudCallFailed
from hivemind.values.cloud import Cloud

NO_BUCKET = "NoSuchBucket"
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_ABSENT = frozenset({"NoSuchKey", "404"})


class BucketObjects:
    """`hivemind.deploy.objects.Objects` under a prefix of a bucket. cloud: the one whose credentials are used."""

    def __init__(self, cloud: Cloud, bucket: str, prefix: str) -> None:
        self.bucket, self.region = bucket, cloud.region
        self._s3 = cloud.client("s3")
        self._prefix = f"{prefix}/" if prefix else ""

    @property
    def address(self) -> str:
        return f"s3://{self.bucket}/{self._prefix}".rstrip("/")

    def read(self, name: str) -> Stored | None:
        try:
            answer = self._s3.get_object(Bucket=self.bucket, Key=self._prefix + name)
        except CloudCallFailed as error:
            if error.code in _ABSENT:
                return None
            raise
        return Stored(answer["Body"].read(), str(answer["ETag"]), _age(answer))

    def write(self, name: str, body: bytes, *, replacing: str | None) -> str:
        condition = {"IfNoneMatch": "*"} if replacing is None else {"IfMatch": replacing}
        try:
            answer = self._s3.put_object(Bucket=self.bucket, Key=self._prefix + name, Body=body, **condition)
        except CloudCallFailed as error:
            if error.code in _TAKEN | _ABSENT:
                raise Overtaken(name) from error
            raise
        return str(answer["ETag"])

    def remove(self, name: str, tag: str) -> None:
        try:
            self._s3.delete_object(Bucket=self.bucket, Key=self._prefix + name, IfMatch=tag)
        except CloudCallFailed as error:
            if error.code in _TAKEN:
                raise Overtaken(name) from error
            if error.code not in _ABSENT:
                raise

    def names(self, begin: str) -> tuple[str, ...]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self._prefix + begin)
        keys = (one["Key"] for page in pages for one in page.get("Contents", ()))
        return tuple(sorted(key.removeprefix(self._prefix) for key in keys))


def _age(answer: Mapping[str, Any]) -> float:
    """Seconds since the object was written, both by S3's clock: machines disagree on the time."""
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    written: datetime = answer["LastModified"]
    now = parsedate_to_datetime(said) if said else datetime.now(UTC)
    return (now - written).total_seconds()
