"""Errors that the local cloud answers with instead of a service, in the form that the service's clients read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from xml.sax.saxutils import escape

from hivemind.local.emulator import Response

_QUERY = frozenset({"cloudformation", "elasticache", "elasticloadbalancing", "iam", "monitoring", "rds", "sns", "sts"})
"""Services of the Query protocol, which some clients speak as JSON."""


def is_json(service: str, headers: Mapping[str, str]) -> bool:
    """Whether the client reads JSON. service: as it is signed for. headers: of the request, names in lower case."""
    told = "json" in headers.get("content-type", "") or "x-amz-target" in headers
    return told or service not in {"ec2", "s3", *_QUERY}


def refusal(service: str, headers: Mapping[str, str], status: int, code: str, message: str) -> Response:
    """An error of a service, whose clients find code and message in it."""
    if is_json(service, headers):
        body = json.dumps({"__type": code, "message": message})
        return status, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": code}, body.encode()
    kind = {"Content-Type": "application/xml"}
    error = f"<Error><Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    if service == "ec2":
        error = f"<Response><Errors>{error}</Errors></Response>"
    elif service != "s3":
        error = f"<ErrorResponse>{error}</ErrorResponse>"
    return status, kind, error.encode()


def broken(service: str, headers: Mapping[str, str]) -> Response:
    """The answer of a service that has a failure of its own."""
    return refusal(service, headers, 500, "InternalError" if service == "s3" else "InternalFailure", "Internal error")


def throttled(service: str, headers: Mapping[str, str]) -> Response:
    """The answer of a service to a caller who is too fast, in the words and form of that service."""
    if service == "s3":
        return refusal(service, headers, 503, "SlowDown", "Please reduce your request rate.")
    if service == "ec2":
        return refusal(service, headers, 503, "RequestLimitExceeded", "Request limit exceeded.")
    code = "ThrottlingException" if is_json(service, headers) else "Throttling"
    return refusal(service, headers, 400, code, "Rate exceeded")
