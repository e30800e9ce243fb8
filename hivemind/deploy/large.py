"""Templates that are too large for a call: CloudFormation reads them out of the deployment's own bucket.

The bucket is part of the template. Where there is no stack yet, the stack is created with the bucket alone, and then
updated to the whole template: so nothing is made outside of CloudFormation, and nothing is left when it goes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hivemind.template.names import TEMPLATES
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.deploy.calls import StackCalls
    from hivemind.values.cloud import Cloud

BODY_LIMIT = 51_200
"""Bytes of a template that travel in a call. Source: AWS CloudFormation user guide, "Quotas"."""


def is_large(body: str) -> bool:
    """Whether a template, as JSON text, does not fit into a call."""
    return len(body.encode()) > BODY_LIMIT


def seed(body: str, bucket: str) -> str:
    """The template that a stack begins with: the bucket alone, with all parameters and conditions of the whole.

    body: the whole template, as JSON text. bucket: logical id. Raises StageError where the template has no such bucket.
    """
    template = json.loads(body)
    if bucket not in template.get("Resources", {}):
        raise StageError(
            Stage.PROVISION,
            f"the template has {len(body.encode()):,} bytes; CloudFormation accepts {BODY_LIMIT:,} in a call, and the "
            "template has no bucket to pass it through",
            hint="Use fewer services in one blueprint, or split it.",
            left="nothing was changed",
        )
    kept = ("AWSTemplateFormatVersion", "Parameters", "Mappings", "Conditions")
    resources = {"Resources": {bucket: template["Resources"][bucket]}}
    return json.dumps({name: template[name] for name in kept if name in template} | resources, sort_keys=True)


@contextmanager
def uploaded(cloud: Cloud, calls: StackCalls, stack_id: str, bucket: str, body: str) -> Iterator[str]:
    """The address of a template in the stack's bucket, for as long as it is needed; then it is deleted.

    bucket: logical id. Raises StageError where the stack does not have the bucket, CloudCallFailed.
    """
    names = {resource.logical_id: resource.physical_id for resource in calls.resources(stack_id) if resource.exists}
    if bucket not in names:
        raise StageError(
            Stage.PROVISION,
            f"the template has more than {BODY_LIMIT:,} bytes, and the stack has no bucket {bucket} to pass it through",
            hint="Use fewer services in one blueprint, or split it.",
            left="the stack is as it was before",
        )
    s3 = cloud.client("s3")
    key = f"{TEMPLATES}{hashlib.sha256(body.encode()).hexdigest()}.json"
    s3.put_object(Bucket=names[bucket], Key=key, Body=body.encode(), ContentType="application/json")
    try:
        # Path style, as `aws cloudformation deploy` writes it.
        yield f"https://{urlsplit(s3.meta.endpoint_url).netloc}/{names[bucket]}/{key}"
    finally:
        s3.delete_object(Bucket=names[bucket], Key=key)
