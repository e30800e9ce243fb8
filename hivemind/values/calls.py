"""What AWS answers a call with when it does not do it: its codes by kind, and the error that carries one."""

from __future__ import annotations

from hivemind.values.errors import HiveMindError
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
        "NotAuthorized",
        "TokenRefreshRequired",
    }
)
SKEWED = frozenset({"RequestTimeTooSkewed", "RequestInTheFuture"})
"""The clock of this machine is wrong; other answers say so in their words alone (`aws/errors.py`)."""
UNAVAILABLE = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerErrorException",
        "InternalServiceError",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Unavailable",
    }
)
"""AWS is there, and can't answer now."""


class CloudCallFailed(HiveMindError):
    """AWS answered a call with an error. code: AWS's own (`ValidationError`). operation: `DescribeStacks`.
    detail: AWS's message, verbatim. Its exit code tells the kind: `refused` where the permission is missing,
    `unreachable` where the same call works later, else `cloud`."""

    exit_code = ExitCode.CLOUD

    def __init__(self, code: str, operation: str, detail: str, *, hint: str | None = None) -> None:
        super().__init__(f"{operation}: {detail} ({code})", hint=hint)
        self.code = code
        self.operation = operation
        self.detail = detail
        if self.denied:
            self.exit_code = ExitCode.REFUSED
        elif self.passing:
            self.exit_code = ExitCode.UNREACHABLE

    @property
    def denied(self) -> bool:
        """Whether the caller lacks the permission."""
        return self.code in DENIED

    @property
    def throttled(self) -> bool:
        """Whether the call came too soon after others; the same call may work in a moment."""
        return self.code in THROTTLED

    @property
    def passing(self) -> bool:
        """Whether AWS can't answer right now, and the same call may work later."""
        return self.throttled or self.code in UNAVAILABLE
