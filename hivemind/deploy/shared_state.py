"""The last state of a deployment on AWS where every machine of the team finds it: in the deployment's own bucket.

It goes with the stack, as the state does. What this machine has stays its copy; the newer of the two counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hivemind.deploy.state import DeploymentState, StateStore, as_text, from_text
from hivemind.values.calls import CloudCallFailed

if TYPE_CHECKING:
    from hivemind.values.cloud import Cloud

Say = Callable[[str], None]
KEY = "hivemind/state.json"
BUCKET = "ArtifactBucketName"
"""Output of the stack."""
_ABSENT = frozenset({"NoSuchKey", "NoSuchBucket", "404"})


def bucket_of(cloud: Cloud, described: Mapping[str, Any] | None) -> str | None:
    """The bucket that a deployment's state is in; None in the local cloud, and where there is none yet.

    described: DescribeStacks' entry of its stack.
    """
    if cloud.name != "aws" or described is None:
        return None
    outputs = {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", ())}
    return outputs.get(BUCKET)


def bring(
    cloud: Cloud, store: StateStore, deployment_id: str, bucket: str | None, checkout: str, *, say: Say = lambda _: None
) -> None:
    """Brings the state that another machine left to this one, where it is newer. checkout: folder here. say: told where
    the permission is missing, and this machine's state has to do.

    Raises CloudCallFailed, StateUnreadable.
    """
    try:
        there = None if bucket is None else pull(cloud, bucket)
    except CloudCallFailed as error:
        if not error.denied:
            raise
        say(f"warning: cannot read what other machines did last: {error.message}")
        return
    if there is None or there.deployment_id != deployment_id:
        return
    here = store.find(deployment_id)
    if here is None or _time(there) > _time(here):
        store.save(replace(there, checkout=here.checkout if here else checkout))


def pull(cloud: Cloud, bucket: str) -> DeploymentState | None:
    """The state in a bucket; None where there is none. Raises StateUnreadable."""
    try:
        body = cloud.client("s3").get_object(Bucket=bucket, Key=KEY)["Body"].read()
    except CloudCallFailed as error:
        if error.code in _ABSENT:
            return None
        raise
    return from_text(body, f"s3://{bucket}/{KEY}")


def push(cloud: Cloud, bucket: str | None, state: DeploymentState, say: Say) -> None:
    """Leaves the state for other machines. What stands in the way is said: the deployment is done all the same."""
    if bucket is None or cloud.name != "aws":
        return
    try:
        cloud.client("s3").put_object(Bucket=bucket, Key=KEY, Body=as_text(state).encode())
    except CloudCallFailed as error:
        if error.code not in _ABSENT:  # the bucket goes with the stack
            say(f"warning: cannot leave the state for other machines in s3://{bucket}: {error.message}")


def _time(state: DeploymentState) -> tuple[int, str]:
    """Of its newest revision, as text that sorts (RFC 3339, UTC)."""
    return (state.revision, state.revisions[-1].time) if state.revisions else (0, "")
