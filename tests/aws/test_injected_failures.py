"""What goes wrong between here and AWS, injected where botocore sends and resolves: what it says, and what is next."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from hivemind.aws.clients import CallCounter, make_client
from hivemind.aws.errors import translate
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import CloudUnreachable, HiveMindError
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.fast
AGAIN = "continues where it stopped"
ERROR = b"<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>"


class Raw:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.body

    def read(self, *_: Any) -> bytes:
        return self.body


def answered(status: int, code: str, message: str) -> HiveMindError:
    """What comes of a call that is answered like this each time, without waiting between tries."""
    made = make_client("sts", region="eu-west-1", counter=CallCounter(), access_key="a", secret_key="b")
    body = ERROR % (code.encode(), message.encode())
    made.meta.events.register(
        "before-send.*.*", lambda **_: AWSResponse("https://x", status, {"content-type": "text/xml"}, Raw(body))
    )
    made.meta.events.register_first("needs-retry.*.*", lambda **_: None)
    made.meta.events.unregister("needs-retry.sts", unique_id="retry-config-sts")
    with pytest.raises(HiveMindError) as caught:
        made.get_caller_identity()
    return caught.value


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
        ("RequestInTheFuture", "Request is in the future"),
        ("SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z"),
        ("SignatureDoesNotMatch", "Signature not yet current: 20260101T020000Z is still later than 20260101T001500Z"),
        ("InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z"),
    ],
)
def test_a_wrong_clock_is_told_as_that(code: str, message: str) -> None:
    error = answered(403, code, message)
    assert isinstance(error, CloudUnreachable)
    assert "clock of this machine is wrong" in error.message
    assert code in error.message
    assert "timedatectl" in str(error.hint)
    assert AGAIN in str(error.hint)


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired", "SignatureDoesNotMatch"])
def test_credentials_that_end_in_the_middle_stop_and_go_on_later(code: str) -> None:
    error = answered(403, code, "The security token included in the request is expired")
    assert isinstance(error, CloudUnreachable)
    assert "does not accept these credentials" in error.message
    assert "Log in again" in str(error.hint)
    assert AGAIN in str(error.hint)


@pytest.mark.parametrize(
    ("status", "code"), [(400, "Throttling"), (503, "ServiceUnavailable"), (500, "InternalFailure"), (503, "SlowDown")]
)
def test_aws_that_cannot_answer_now_is_asked_again_later(status: int, code: str) -> None:
    error = answered(status, code, "Rate exceeded")
    assert isinstance(error, CloudCallFailed)
    assert error.passing
    assert error.exit_code is ExitCode.UNREACHABLE
    assert AGAIN in str(error.hint)


@pytest.mark.parametrize("failure", [ConnectTimeoutError, ReadTimeoutError])
def test_nobody_answers_in_time(failure: Any) -> None:
    error = translate(failure(endpoint_url="https://sts.eu-west-1.amazonaws.com/", error="timed out"), "sts")
    assert isinstance(error, CloudUnreachable)
    assert "AWS does not respond" in error.message
    assert AGAIN in str(error.hint)


def test_a_name_that_nobody_resolves(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    made = make_client("sts", region="eu-wst-1", counter=CallCounter(), access_key="a", secret_key="b")
    made.meta.events.register_first("needs-retry.*.*", lambda **_: None)
    made.meta.events.unregister("needs-retry.sts", unique_id="retry-config-sts")
    with pytest.raises(CloudUnreachable, match=r"cannot be resolved: https://sts\.eu-wst-1") as caught:
        made.get_caller_identity()
    assert isinstance(caught.value.__cause__, EndpointConnectionError)
    assert "DNS" in str(caught.value.hint)
    assert AGAIN in str(caught.value.hint)
