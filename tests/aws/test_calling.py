"""Every call of every client of ours raises HiveMindErrors alone; answers go through the whole of botocore."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError
from botocore.utils import parse_timestamp

import hivemind
from hivemind.aws.clients import CallCounter, make_client
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import CloudUnreachable, HiveMindError
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.fast
QUERY = b"<ErrorResponse><Error><Code>%s</Code><Message>told so</Message></Error></ErrorResponse>"
EC2 = b"<Response><Errors><Error><Code>%s</Code><Message>told so</Message></Error></Errors></Response>"
LISTED = b"<L><IsTruncated>true</IsTruncated><NextContinuationToken>n</NextContinuationToken></L>"
PAGE = b"<html><body><h1>Log in to the network</h1></body></html>"


class Raw:
    """The body of an answer, as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.body

    def read(self, *_: Any) -> bytes:
        return self.body


def client(service: str, status: int, body: bytes, kind: str) -> Any:
    """A client to which every request is answered like this."""
    made = make_client(service, region="eu-west-1", counter=CallCounter(), access_key="a", secret_key="b")

    def answer(**_: Any) -> AWSResponse:
        return AWSResponse("https://x", status, {"content-type": kind}, Raw(body))

    made.meta.events.register("before-send.*.*", answer)
    made.meta.events.register("needs-retry.*.*", lambda **_: None)
    return made


CALLS = [
    ("sts", lambda one: one.get_caller_identity()),
    ("ssm", lambda one: one.get_parameter(Name="x")),
    ("elbv2", lambda one: one.describe_target_health(TargetGroupArn="arn")),
    ("s3", lambda one: one.list_objects_v2(Bucket="shop")),
    ("ec2", lambda one: one.describe_instances()),
    ("ec2", lambda one: list(one.get_paginator("describe_instances").paginate())),
]


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(("service", "call"), CALLS)
def test_a_page_of_a_proxy_is_an_unreachable_cloud(service: str, call: Any, status: int) -> None:
    with pytest.raises(CloudUnreachable, match="not AWS's") as caught:
        call(client(service, status, PAGE, "text/html; charset=utf-8"))
    assert "HTTPS_PROXY" in str(caught.value.hint)


def test_an_answer_that_cannot_be_parsed_is_an_unreachable_cloud() -> None:
    with pytest.raises(CloudUnreachable, match="nothing readable"):
        client("sts", 200, b"not xml", "text/xml").get_caller_identity()


@pytest.mark.parametrize(
    ("service", "call", "body"),
    [
        (
            "elbv2",
            CALLS[2][1],
            QUERY,
        ),
        (
            "ec2",
            CALLS[5][1],
            EC2,
        ),
        ("ssm", CALLS[1][1], b'{"__type": "%s", "message": "told so"}'),
    ],
)
@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("ExpiredToken", ExitCode.UNREACHABLE),
        ("AccessDenied", ExitCode.REFUSED),
        ("ValidationError", ExitCode.CLOUD),
    ],
)
def test_what_aws_answers_comes_out_as_ours_from_any_protocol(
    service: str, call: Any, body: bytes, code: str, exit_code: ExitCode
) -> None:
    kind = "application/x-amz-json-1.1" if service == "ssm" else "text/xml"
    with pytest.raises(HiveMindError, match="told so") as caught:
        call(client(service, 400, body % code.encode(), kind))
    assert caught.value.exit_code is exit_code
    assert code in caught.value.message


def test_a_page_that_fails_in_the_middle_fails_as_ours() -> None:
    made = make_client("s3", region="eu-west-1", counter=CallCounter(), access_key="a", secret_key="b")
    answers = [
        (200, LISTED),
        (400, b"<Error><Code>ExpiredToken</Code><Message>told so</Message></Error>"),
    ]

    def answer(**_: Any) -> AWSResponse:
        status, body = answers.pop(0)
        return AWSResponse("https://x", status, {"content-type": "application/xml"}, Raw(body))

    made.meta.events.register("before-send.*.*", answer)
    pages = made.get_paginator("list_objects_v2").paginate(Bucket="shop")
    assert next(pages)["IsTruncated"]
    with pytest.raises(CloudUnreachable, match="ExpiredToken"):
        next(pages)


def test_no_answer_at_all_is_an_unreachable_cloud() -> None:
    made = make_client("sts", region="eu-west-1", counter=CallCounter(), access_key="a", secret_key="b")

    def refuse(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://x")

    made.meta.events.register("before-call.*.*", refuse)
    with pytest.raises(CloudUnreachable, match="does not respond"):
        made.get_caller_identity()


def test_a_file_of_a_user_may_be_a_web_page() -> None:
    answer = client("s3", 200, PAGE, "text/html").get_object(Bucket="shop", Key="index.html")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_there_are_no_waiters() -> None:
    made = make_client("ec2", region="eu-west-1", counter=CallCounter(), access_key="a", secret_key="b")
    with pytest.raises(HiveMindError, match="poll"):
        made.get_waiter("instance_running")


def test_clients_are_made_in_one_place() -> None:
    """Whoever makes a client elsewhere goes around the translation, the guard and the count."""
    root = Path(hivemind.__file__).parent
    makers = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if b"botocore" in (text := path.read_bytes()) or b"boto3" in text
        if b".create_client(" in text or b".Session(" in text
    }
    assert makers == {"aws/clients.py", "testing/clients.py"}


def test_nobody_translates_beside_the_client() -> None:
    """What need not be remembered is not repeated: a call outside of it would look as if it were needed."""
    root = Path(hivemind.__file__).parent
    found = {path.relative_to(root).as_posix() for path in root.rglob("*.py") if b"translated(" in path.read_bytes()}
    assert found == {"aws/calling.py", "aws/clients.py", "aws/errors.py", "aws/signing.py"}


def test_the_error_of_a_call_can_be_told_from_others() -> None:
    error = CloudCallFailed("Throttling", "DescribeStacks", "Rate exceeded")
    assert (error.throttled, error.passing, error.denied) == (True, True, False)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-30T17:42:01.123456+00:00",
        "2026-11-30T17:42:01.123Z",
        "2026-11-30T17:42:01Z",
        "2026-11-30T17:42:01+0200",
        "2026-11-30T17:42:01",
        "Mon, 30 Nov 2026 17:42:01 GMT",
        "20261130T174201Z",
        "1796060521",
    ],
)
def test_times_are_those_that_botocore_reads(written: str) -> None:
    body = b"<L><Contents><Key>k</Key><LastModified>%s</LastModified></Contents></L>" % written.encode()
    (one,) = client("s3", 200, body, "application/xml").list_objects_v2(Bucket="b")["Contents"]
    found = one["LastModified"]
    assert found == parse_timestamp(written)
    assert (found.tzinfo is None) == (written == "2026-11-30T17:42:01")


def test_the_local_clouds_clients_read_nothing_of_what_is_configured_for_aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "config"
    broken.write_text("[broken")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(broken))
    for name in ("PROFILE", "DEFAULTS_MODE", "STS_REGIONAL_ENDPOINTS", "REQUEST_CHECKSUM_CALCULATION", "MAX_ATTEMPTS",
                 "RETRY_MODE", "ENDPOINT_URL", "S3_US_EAST_1_REGIONAL_ENDPOINT"):  # fmt: skip
        monkeypatch.setenv(f"AWS_{name}", "nonexistent")
    for service in ("cloudformation", "s3", "sts"):
        made = make_client(
            service, region="eu-west-1", counter=CallCounter(), endpoint="http://127.0.0.1:9", access_key="0" * 12,
            secret_key="s",
        )  # fmt: skip
        assert made.meta.endpoint_url == "http://127.0.0.1:9"
