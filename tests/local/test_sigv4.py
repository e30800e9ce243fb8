"""Signatures are checked as AWS checks them: what botocore signed is known, and whatever is changed is not."""

from __future__ import annotations

import dataclasses
import hashlib
import string
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from hivemind.local.sigv4 import BODY_HASH, Claim, NotSigned, Request, claim_of, verify

ACCOUNT, SECRET, REGION = "000000000000", "the-secret-key-of-this-local-cloud", "eu-west-1"
HOST = "127.0.0.1:4566"
TEXT = st.text(string.ascii_letters + string.digits + " _-./~+%&=:é*'()!$,;@", max_size=12)
SERVICES = st.sampled_from(["s3", "ec2", "ssm", "cloudformation", "monitoring"])


def signed(
    service: str, *, method: str = "POST", path: str = "/", query: str = "", body: bytes = b"", secret: str = SECRET,
    account: str = ACCOUNT, **headers: str,
) -> Request:  # fmt: skip
    """A request as botocore sends it."""
    url = f"http://{HOST}{path}" + (f"?{query}" if query else "")
    request = AWSRequest(method, url, data=body, headers={name.replace("_", "-"): v for name, v in headers.items()})
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    if service == "s3":
        request.context["client_config"] = None
    kind(Credentials(account, secret), service, REGION).add_auth(request)
    sent = request.prepare()
    parts = urlsplit(sent.url)
    lines = [("host", HOST), *((name.lower(), _text(value)) for name, value in sent.headers.items())]
    return Request(method, parts.path, parts.query, tuple(lines))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def check(request: Request, body: bytes = b"", *, secret: str = SECRET, later: timedelta = timedelta()) -> Claim:
    claim = claim_of(request)
    verify(request, claim, secret, hashlib.sha256(body).hexdigest(), datetime.now(UTC) + later)
    return claim


def with_header(request: Request, name: str, value: str) -> Request:
    kept = tuple(pair for pair in request.headers if pair[0] != name)
    return dataclasses.replace(request, headers=(*kept, (name, value)))


@pytest.mark.property
@given(SERVICES, st.sampled_from(["GET", "PUT", "POST"]), TEXT, st.lists(st.tuples(TEXT, TEXT), max_size=3), TEXT)
def test_what_botocore_signed_is_known(
    service: str, method: str, key: str, words: list[tuple[str, str]], body: str
) -> None:
    path = "/" + quote(f"bucket/{key}".replace("/.", "/x"), safe="/~") if service == "s3" else "/"
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in words)
    content = body.encode()
    request = signed(service, method=method, path=path, query=query, body=content, x_amz_target="A.B")
    claim = check(request, content)
    assert (claim.access_key, claim.region, claim.service) == (ACCOUNT, REGION, service)

    for changed in (
        dataclasses.replace(request, method="DELETE"),
        dataclasses.replace(request, path=f"{path}x"),
        dataclasses.replace(request, query=f"{query}&x=y"),
        with_header(request, "host", "attacker.example:4566"),
        with_header(request, "x-amz-target", "A.C"),
        with_header(request, "x-amz-date", "20200101T000000Z"),
    ):
        with pytest.raises(NotSigned) as caught:
            check(changed, content)
        assert caught.value.code == "SignatureDoesNotMatch"
    with pytest.raises(NotSigned, match="not signed with this local cloud's secret key"):
        check(request, content, secret=SECRET[::-1])
    if service != "s3":  # whose requests carry the hash of the body, which the front compares
        with pytest.raises(NotSigned, match="not signed"):
            check(request, content + b"x")


@pytest.mark.fast
@pytest.mark.parametrize("minutes", [-16, 16])
def test_an_old_or_early_one_is_refused_as_by_aws(minutes: int) -> None:
    with pytest.raises(NotSigned, match="expired") as caught:
        check(signed("ec2"), later=timedelta(minutes=minutes))
    assert caught.value.code == "SignatureDoesNotMatch"
    with pytest.raises(NotSigned) as caught:
        check(signed("s3", method="GET"), later=timedelta(minutes=minutes))
    assert caught.value.code == "RequestTimeTooSkewed"
    check(signed("ec2"), later=timedelta(minutes=minutes * 14 / 16))


@pytest.mark.fast
def test_unsigned_or_half_signed_it_is_refused() -> None:
    request = signed("ec2")
    authorization = request.header("authorization") or ""

    def code(changed: Request) -> str:
        with pytest.raises(NotSigned) as caught:
            check(changed)
        return caught.value.code

    unsigned = dataclasses.replace(request, headers=(("host", HOST),))
    assert code(unsigned) == "MissingAuthenticationToken"
    assert code(dataclasses.replace(unsigned, query="X-Amz-Signature=00")) == "MissingAuthenticationToken"
    for broken in ("", "Basic eDp5", "AWS4-HMAC-SHA256", authorization.partition(", Signature")[0], "AWS4 x" * 10_000):
        assert code(with_header(request, "authorization", broken)) == "IncompleteSignature", broken[:40]
    assert code(with_header(request, "x-amz-security-token", "smuggled")) == "SignatureDoesNotMatch"
    assert code(with_header(request, "authorization", authorization.replace("host;", ""))) == "SignatureDoesNotMatch"
    assert code(signed("ec2", account="AKIAIOSFODNN7EXAMPLE")) == "InvalidClientTokenId"
    without = tuple(pair for pair in request.headers if pair[0] != "x-amz-date")
    assert code(dataclasses.replace(request, headers=without)) == "IncompleteSignature"


@pytest.mark.fast
def test_bodies_without_a_hash_are_s3s_alone() -> None:
    assert check(signed("s3", method="PUT", path="/b/k", x_amz_content_sha256="UNSIGNED-PAYLOAD"), b"any").body
    for service, value in (("ec2", "UNSIGNED-PAYLOAD"), ("s3", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")):
        request = with_header(signed(service), BODY_HASH, value)
        listed = (request.header("authorization") or "").replace("host;", f"host;{BODY_HASH};")
        with pytest.raises(NotSigned) as caught:
            check(with_header(request, "authorization", listed))
        assert caught.value.code == "NotImplemented"
