"""botocore's exceptions, mapped to ours in one place; `tests/aws/test_errors.py` proves the map complete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from hivemind.values.errors import CloudUnreachable, HiveMindError
from hivemind.values.exits import ExitCode

THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "SlowDown",
        "EC2ThrottledException",
        "TransactionInProgressException",
    }
)
DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "AuthorizationError",
        "AllAccessDisabled",
        "OptInRequired",
    }
)
BAD_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "AuthFailure",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "IncompleteSignature",
        "InvalidToken",
    }
)

_LOGIN_HINT = "Log in again (`aws sso login` or `aws configure`), or set AWS_PROFILE."


class CloudCallFailed(HiveMindError):
    """AWS answered a call with an error. code: AWS's own (`ValidationError`). operation: `DescribeStacks`.
    detail: AWS's message, verbatim."""

    exit_code = ExitCode.UNREACHABLE

    def __init__(self, code: str, operation: str, detail: str, *, hint: str | None = None) -> None:
        super().__init__(f"{operation}: {detail} ({code})", hint=hint)
        self.code = code
        self.operation = operation
        self.detail = detail
        if code in DENIED:
            self.exit_code = ExitCode.REFUSED

    @property
    def throttled(self) -> bool:
        """Whether the call came too soon after others; the same call may work in a moment."""
        return self.code in THROTTLED


@contextmanager
def translated() -> Iterator[None]:
    """Within it, what botocore raises comes out as a HiveMindError."""
    try:
        yield
    except HiveMindError:
        raise
    except Exception as error:
        ours = translate(error)
        if ours is None:
            raise
        raise ours from error


def translate(error: BaseException) -> HiveMindError | None:
    """Our error for one of botocore's; None for what does not come from botocore."""
    from botocore import exceptions as foreign

    if isinstance(error, foreign.ClientError):
        return _answered(error.response["Error"], error.operation_name)
    if not isinstance(error, foreign.BotoCoreError) or isinstance(error, foreign.StubResponseError):
        return None
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
        "Check the network, the proxy and the name of the region.",
    ),
)


def _answered(error: Mapping[str, Any], operation: str) -> HiveMindError:
    code = error.get("Code", "Unknown")
    detail = error.get("Message", "") or "no message"
    if code in BAD_CREDENTIALS:
        return CloudUnreachable(f"AWS does not accept these credentials: {detail} ({code})", hint=_LOGIN_HINT)
    if code in DENIED:
        return CloudCallFailed(
            code, operation, detail, hint=f"The deploying role lacks the permission for {operation}."
        )
    return CloudCallFailed(code, operation, detail)
