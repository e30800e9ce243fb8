"""S3: a bucket policy's statement holds under its conditions alone."""

from __future__ import annotations

import json
from typing import Any

from moto.s3.models import FakeBucket

from gaps import Room

TLS_ALONE = {"Bool": {"aws:SecureTransport": "false"}}


def fill(_: Room) -> None:
    known = FakeBucket.get_permission

    def get_permission(self: Any, action: str, resource: str) -> Any:
        # [S3] Bucket policies, "Restricting access to only HTTPS requests": such a statement denies requests without
        # TLS. moto reads no conditions, and its server speaks no TLS: requests to it stand for those to AWS, with TLS.
        if self.policy is None:
            return known(self, action, resource)
        policy, whole = json.loads(self.policy), self.policy
        held = [one for one in policy["Statement"] if one.get("Condition") != TLS_ALONE]
        self.policy = json.dumps({**policy, "Statement": held}).encode() if held else None
        try:
            return known(self, action, resource)
        finally:
            self.policy = whole

    FakeBucket.get_permission = get_permission
