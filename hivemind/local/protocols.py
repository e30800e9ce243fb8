"""How the local cloud's services write their answers.

For the type of an answer's content, which follows from a service's protocol, ministack reads the service's whole
description: botocore, and up to a megabyte of JSON for each service, before a daemon's first answers. This is what it
finds there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

_JSON = {"protocol": "json", "jsonVersion": "1.1"}
_QUERY = {"protocol": "query"}
PROTOCOLS: Mapping[str, Mapping[str, str]] = {
    "acm": _JSON,
    "autoscaling": _QUERY,
    "cloudformation": _QUERY,
    "ec2": {"protocol": "ec2"},
    "elasticache": _QUERY,
    "elasticloadbalancing": _QUERY,
    "iam": _QUERY,
    "kms": _JSON,
    "logs": _JSON,
    "monitoring": {"protocol": "smithy-rpc-v2-cbor", "jsonVersion": "1.0"},
    "rds": _QUERY,
    "s3": {"protocol": "rest-xml"},
    "secretsmanager": _JSON,
    "ssm": _JSON,
    "sts": _QUERY,
    "tagging": _JSON,
}
"""`metadata` of botocore's descriptions, by ministack's names of the services that a deployment uses."""

Models = Callable[[str], Any]


def known_first(models: Models) -> Models:
    """The same as `models`, which finds a service's description, without reading those that are known here."""

    def model(service: str) -> Any:
        known = PROTOCOLS.get(service)
        return models(service) if known is None else SimpleNamespace(metadata=known)

    return model
