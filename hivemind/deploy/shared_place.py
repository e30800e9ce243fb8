"""Where a deployment's state, journal and lease are kept for all machines of a team.

One design with two addresses: the one that the blueprint chooses (`state: s3://bucket/prefix`), else, on AWS, the
deployment's own artifact bucket, which comes and goes with its stack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.deploy.object_bucket import NO_BUCKET, BucketObjects
from hivemind.deploy.object_files import FileObjects
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.deploy.objects import Objects
    from hivemind.values.cloud import Cloud
    from hivemind.values.state_address import StateAddress

OWN_PREFIX = "hivemind"
_ELSEWHERE = frozenset(
    {"PermanentRedirect", "301", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
)
Say = Callable[[str], None]


@dataclass(frozen=True)
class SharedPlace:
    """own: whether it is the deployment's own bucket: what is missing there, or not allowed, is said and stops nothing,
    because the stack is asked as well. A place that somebody chose has to work."""

    objects: Objects
    own: bool

    def __str__(self) -> str:
        return self.objects.address


def chosen(cloud: Cloud, address: StateAddress, deployment_id: str) -> SharedPlace:
    """The place of a deployment at an address of states."""
    if address.bucket is None:
        return SharedPlace(FileObjects(Path(address.prefix) / deployment_id), own=False)
    prefix = "/".join(part for part in (address.prefix, deployment_id) if part)
    return SharedPlace(BucketObjects(cloud, address.bucket, prefix), own=False)


def of_bucket(cloud: Cloud, bucket: str) -> SharedPlace:
    """The place in a deployment's own bucket."""
    return SharedPlace(BucketObjects(cloud, bucket, OWN_PREFIX), own=True)


@contextmanager
def reaching(place: SharedPlace) -> Iterator[None]:
    """Within it, what is wrong with a place that somebody chose is told as that, with what to do."""
    try:
        yield
    except CloudCallFailed as error:
        if place.own:
            raise
        raise _told(place, error) or error from error
    except OSError as error:
        why = error.strerror or str(error)
        raise HiveMindError(
            f"cannot use {place} for the state: {why}. Nothing was changed.",
            hint="Check that the folder exists, that it is mounted, and that you may write there.",
            exit_code=ExitCode.UNREACHABLE,
        ) from error


def _told(place: SharedPlace, error: CloudCallFailed) -> HiveMindError | None:
    if not isinstance(place.objects, BucketObjects):
        return None
    bucket, region = place.objects.bucket, place.objects.region
    if error.code == NO_BUCKET:
        return HiveMindError(
            f"the bucket {bucket} for the state does not exist. Nothing was changed.",
            hint=f"Correct the address, or make the bucket:\n{made(bucket, region)}",
            exit_code=ExitCode.NOT_FOUND,
        )
    if error.denied:
        return HiveMindError(
            f"no permission for the state in {place}: {error.message}",
            hint="Allow s3:GetObject, s3:PutObject and s3:DeleteObject on its objects, and s3:ListBucket on the "
            "bucket. With a key of KMS, kms:Decrypt and kms:GenerateDataKey as well.",
            exit_code=ExitCode.REFUSED,
        )
    if error.code in _ELSEWHERE:
        return HiveMindError(
            f"the bucket {bucket} for the state is in another region: {error.detail}",
            hint=f"`aws s3api head-bucket --bucket {bucket}` says in which. Use a bucket in the deployment's region.",
            exit_code=ExitCode.REFUSED,
        )
    return None


def made(bucket: str, region: str) -> str:
    """The commands that make a bucket for states: private and encrypted, as S3 makes every bucket, and versioned."""
    return (
        f"  aws s3 mb s3://{bucket} --region {region}\n"
        f"  aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled"
    )
