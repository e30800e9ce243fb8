"""A user's own access to a local cloud, past HiveMind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hivemind.local.cloud import LocalCloud


def raw(cloud: LocalCloud, service: str, *, attempts: int = 3) -> Any:
    """A boto3 client without HiveMind's guard, as any user of AWS has. attempts: 1 for one that does not try again."""
    import boto3
    from botocore.config import Config

    session: Any = boto3.Session(aws_access_key_id=cloud.account, aws_secret_access_key=cloud.secret_key)
    return session.client(
        service,
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}),
    )
