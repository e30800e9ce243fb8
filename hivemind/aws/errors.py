"""botocore's exceptions, mapped to ours in one place; `tests/aws/test_aws_errors.py` proves the map complete.

`aws/calling.py` puts every call of every client through it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from hivemind.values.calls import BAD_CREDENTIALS, DENIED, SKEWED, THROTTLED, UNAVAILABLE, CloudCallFailed
from hivemind.values.errors import CloudUnreachable, HiveMindError

__all__ = ["answered", "is_web_page", "translate", "translated", "unreadable"]

_QUOTA = re.compile(r"(LimitExceeded|QuotaExceeded|QuotaExceededFault|LimitExceededException)$|^TooMany(?!Requests)")

_AGAIN = "Wait a minute, then run the command again: apply continues where it stopped."
_QUOTA_HINT = (
    "Delete what you no longer need (`hivemind list` shows the deployments of this machine), or ask for a higher "
    "quota in the Service Quotas console."
)
_REGION_HINT = "Enable the region in the account's settings, or choose another `region`."
_LOGIN_HINT = (
    "Log in again (`aws sso login` or `aws configure`), or set AWS_PROFILE. Then run the command again: apply "
    "continues where it stopped."
)
_CLOCK = re.compile(
    r"Signature (expired|not yet current)|request (time|timestamp) .*(skew|too (old|far))", re.IGNORECASE
)
"""What AWS says of a signature whose time is too far from its own (IAM User Guide, "Troubleshoot signed requests")."""
_CLOCK_HINT = (
    "Set the clock of this machine (`sudo timedatectl set-ntp true`; `date -u` shows it), then run the command again: "
    "apply continues where it stopped."
)
_NETWORK_HINT = (
    "Check the network, the proxy and the name of the region. Then run the command again: apply continues where it "
    "stopped."
)
_NO_NAME = re.compile(r"resolve|name or service not known|nodename nor servname|name resolution", re.IGNORECASE)


@contextmanager
def translated(service: str | None = None) -> Iterator[None]:
    """Within it, what botocore raises comes out as a HiveMindError. service: as in IAM (`ec2`), for the name of a
    permission that is missing."""
    try:
        yield
    except HiveMindError:
        raise
    except Exception as error:
        ours = translate(error, service)
        if ours is None:
            raise
        raise ours from error


def translate(error: BaseException, service: str | None = None) -> HiveMindError | None:
    """Our error for one of botocore's; None for what does not come from botocore. service: as in IAM."""
    from botocore import exceptions as foreign
    from botocore.parsers import ResponseParserError

    if isinstance(error, foreign.ClientError):
        return _answered(error.response, error.operation_name, service)
    if isinstance(error, ResponseParserError):
        # Not one of BotoCoreError's children: what came is no answer of AWS's at all.
        return unreadable(None)
    if not isinstance(error, foreign.BotoCoreError) or isinstance(error, foreign.StubResponseError):
        return None
    return _unanswered(error)


def _unanswered(error: Any) -> HiveMindError:
    from botocore import exceptions as foreign

    if isinstance(error, foreign.EndpointConnectionError) and _NO_NAME.search(str(error.kwargs.get("error", ""))):
        return CloudUnreachable(
            f"the name of AWS's endpoint cannot be resolved: {error.kwargs.get('endpoint_url')}",
            hint="Check the network, its DNS, and that the region exists. Then run the command again: apply continues "
            "where it stopped.",
        )
    ancestors = {kind.__name__ for kind in type(error).__mro__}
    for names, message, hint in _KINDS:
        if ancestors & names:
            return CloudUnreachable(f"{message}: {error}", hint=hint)
    if isinstance(error, foreign.WaiterError | foreign.ParamValidationError):
        return CloudCallFailed(type(error).__name__, "call", str(error).replace("\n", " "))
    return CloudUnreachable(f"could not call AWS: {error}")


# By name: older botocores, which we support, lack some of them.
_KINDS: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset(
            {
                "NoCredentialsError",
                "PartialCredentialsError",
                "CredentialRetrievalError",
                "UnknownCredentialError",
                "ProfileNotFound",
                "ConfigNotFound",
                "ConfigParseError",
                "InvalidConfigError",
                "InfiniteLoopConfigError",
                "TokenRetrievalError",
                "NoAuthTokenError",
                "SSOError",
                "LoginError",
                "RefreshWithMFAUnsupportedError",
                "MetadataRetrievalError",
            }
        ),
        "no usable AWS credentials",
        _LOGIN_HINT,
    ),
    (
        frozenset({"NoRegionError", "InvalidRegionError", "UnknownRegionError", "ServiceNotInRegionError"}),
        "no usable region",
        "Write `region` into hivemind.yaml, or set AWS_REGION.",
    ),
    (
        frozenset({"HTTPClientError", "ConnectionError", "IncompleteReadError"}),
        "AWS does not respond",
        _NETWORK_HINT,
    ),
)


def unreadable(operation: str | None) -> CloudUnreachable:
    """The error where something else than AWS answered, or AWS with an error page."""
    what = f"the answer to {operation}" if operation else "an answer"
    return CloudUnreachable(
        f"{what} is not AWS's: a web page, or nothing readable",
        hint="A proxy or a login page of the network may be in between: check HTTPS_PROXY and NO_PROXY, then run the "
        "command again.",
    )


def is_web_page(headers: Mapping[str, str]) -> bool:
    """Whether an answer with these headers is a web page, which no API of AWS sends."""
    return str(headers.get("content-type", "")).lower().startswith("text/html")


def _answered(answer: Mapping[str, Any], operation: str, service: str | None) -> HiveMindError:
    if is_web_page(answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})):
        return unreadable(operation)
    error = answer.get("Error", {})
    return answered(str(error.get("Code") or "Unknown"), error.get("Message") or "no message", operation, service)


def answered(code: str, detail: str, operation: str, service: str | None) -> HiveMindError:
    """Our error for one that AWS answered with. code, detail: as it says them. service: as in IAM."""
    if code in SKEWED or _CLOCK.search(detail):
        return CloudUnreachable(
            f"the clock of this machine is wrong, and AWS does not accept its requests: {operation}: {detail} ({code})",
            hint=_CLOCK_HINT,
        )
    if code in BAD_CREDENTIALS:
        return CloudUnreachable(
            f"AWS does not accept these credentials: {operation}: {detail} ({code})", hint=_LOGIN_HINT
        )
    return CloudCallFailed(
        code, operation, detail, hint=_hint(code, f"{service}:{operation}" if service else operation)
    )


def _hint(code: str, permission: str) -> str | None:
    if code == "OptInRequired":
        return _REGION_HINT
    if code in DENIED:
        return f"The deploying role lacks the permission {permission}."
    if code in THROTTLED or code in UNAVAILABLE:
        return _AGAIN
    return _QUOTA_HINT if _QUOTA.search(code) else None
