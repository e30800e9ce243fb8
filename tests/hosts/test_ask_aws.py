"""The question to AWS that an instance asks for itself: signed as AWS wants it, with the role's keys or others."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from hivemind.hosts.onhost import ask_aws
from hivemind.local import sigv4

pytestmark = pytest.mark.fast
KEYS = ("000000000000", "s3cret", "")
MOMENT = "20261201T101500Z"


def question(**changes: Any) -> dict[str, Any]:
    asked = {
        "url": "http://127.0.0.1:1/bucket?list-type=2&max-keys=1",
        "method": "GET",
        "service": "s3",
        "region": "eu-west-1",
        "headers": {},
        "body": "",
        "keys": list(KEYS),
        "timeout": 2,
    }
    return {**asked, **changes}


HEADERS = {"X-Amz-Target": "AmazonSQS.Get"}
QUEUE = question(url="http://127.0.0.1:1/", method="POST", service="sqs", body='{"QueueUrl": "x"}', headers=HEADERS)


@pytest.mark.parametrize("asked", [question(), QUEUE, question(url="http://127.0.0.1:1/a%20b?list-type=2")])
def test_it_is_signed_as_the_local_cloud_checks_it(asked: dict[str, Any]) -> None:
    sent = ask_aws.signed(asked, KEYS, MOMENT)
    place = urlsplit(sent.full_url)
    headers = tuple((name.lower(), value) for name, value in sent.header_items())
    request = sigv4.Request(sent.get_method(), place.path, place.query, headers)
    claim = sigv4.claim_of(request)
    sigv4.verify(request, claim, KEYS[1], claim.body or "", datetime(2026, 12, 1, 10, 15, tzinfo=UTC))
    with pytest.raises(sigv4.NotSigned):
        sigv4.verify(request, claim, "another", claim.body or "", datetime(2026, 12, 1, 10, 15, tzinfo=UTC))


def test_a_session_token_is_signed_too() -> None:
    sent = ask_aws.signed(question(), ("AKIA", "s3cret", "session"), MOMENT)
    assert sent.get_header("X-amz-security-token") == "session"
    assert "x-amz-security-token" in str(sent.get_header("Authorization"))


def test_where_nothing_answers_it_says_why() -> None:
    answer = ask_aws.ask(question())
    assert answer["status"] == 0
    assert "refused" in answer["body"]


class _Metadata(http.server.BaseHTTPRequestHandler):
    """Instance metadata of version 2, and a service that shows who asked it."""

    def do_PUT(self) -> None:
        self._answer(200, "token" if self.headers["X-aws-ec2-metadata-token-ttl-seconds"] else "")

    def do_GET(self) -> None:
        folder = "/latest/meta-data/iam/security-credentials/"
        if not self.path.startswith("/latest/"):
            self._answer(403, f"<Code>AccessDenied</Code>{self.headers['Authorization']}")
        elif self.headers["X-aws-ec2-metadata-token"] != "token":
            self._answer(401, "")
        elif self.path == folder:
            self._answer(200, "the-role")
        else:
            assert self.path == f"{folder}the-role"
            self._answer(200, json.dumps({"AccessKeyId": "ASIAROLE", "SecretAccessKey": "x", "Token": "session"}))

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Metadata)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(ask_aws, "METADATA", f"{base}/latest/")
    yield base
    server.shutdown()
    server.server_close()


def test_without_keys_it_asks_as_the_role_of_the_instance(metadata: str) -> None:
    answer = ask_aws.ask(question(url=f"{metadata}/bucket?list-type=2", keys=None))
    assert answer["status"] == 403
    assert "AccessDenied" in answer["body"]
    assert "Credential=ASIAROLE/" in answer["body"]
