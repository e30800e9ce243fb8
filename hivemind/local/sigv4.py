"""AWS's Signature Version 4, checked: whether a request comes from somebody who knows the secret key. Pure.

Source: "Create a signed AWS API request" in the IAM User Guide. botocore, which signs in every client of ours, is
slow to load for the daemon; `tests/local/test_sigv4.py` proves that both come to the same for any request.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote_to_bytes

SKEW = timedelta(minutes=15)
"""As far as the clocks of both sides may be apart."""
BODY_HASH = "x-amz-content-sha256"
UNHASHED = frozenset({"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"})
"""Values of BODY_HASH with which S3's clients sign everything but the body."""

_ALGORITHM = "AWS4-HMAC-SHA256"
_FIELD = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]{1,2000})")
_ACCESS_KEY = re.compile(r"[0-9]{12}(?:\.[A-Za-z0-9-]{1,128}\.[A-Za-z0-9]{1,255})?")
"""An account, or a role in it (`role_keys.py`)."""
_HASH = re.compile(r"[0-9a-f]{64}")


class NotSigned(Exception):
    """A request that is refused: AWS's error code, and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Request:
    """A request as it came. path, query: still encoded. headers: names in lower case; one name may come twice."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]

    def header(self, name: str) -> str | None:
        """The value, those of several lines joined; None where there is none."""
        values = [value for key, value in self.headers if key == name]
        return ",".join(values) if values else None


@dataclass(frozen=True)
class Claim:
    """Who a request says it comes from. time: as it stands in the request (`YYYYMMDDTHHMMSSZ`, UTC). service: name
    under which it was signed. body: hash of the body that it was signed with, or one of UNHASHED; None: the body's
    own."""

    access_key: str
    date: str
    region: str
    service: str
    time: str
    signed: tuple[str, ...]
    signature: str
    body: str | None

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def claim_of(request: Request) -> Claim:
    """What the request's headers claim. Raises NotSigned where they claim nothing that could be verified."""
    said = request.header("authorization")
    if said is None:
        more = " It does not take presigned URLs." if "X-Amz-Signature=" in request.query else ""
        raise NotSigned("MissingAuthenticationToken", f"The local cloud answers signed requests only.{more}")
    algorithm, _, rest = said.partition(" ")
    fields = dict(_FIELD.findall(rest))
    place = fields.get("Credential", "").split("/")
    if algorithm != _ALGORITHM or len(fields) != 3 or len(place) != 5 or place[4] != "aws4_request":
        raise NotSigned("IncompleteSignature", "The Authorization header is not one of AWS Signature Version 4.")
    key, date, region, service, _ = place
    if not _ACCESS_KEY.fullmatch(key):
        raise NotSigned(
            "InvalidClientTokenId", "The access key is not an account of the local cloud; run `hivemind local env`."
        )
    signed = tuple(fields["SignedHeaders"].lower().split(";"))
    unsigned = sorted({name for name, _ in request.headers if name.startswith("x-amz-")} - set(signed))
    if "host" not in signed or unsigned:
        raise NotSigned("SignatureDoesNotMatch", f"The signature must cover {', '.join(unsigned) or 'host'}.")
    body = request.header(BODY_HASH)
    if body is not None and not _HASH.fullmatch(body) and (body not in UNHASHED or service != "s3"):
        raise NotSigned("NotImplemented", f"The local cloud does not take bodies signed as {body[:60]}.")
    return Claim(key, date, region, service, request.header("x-amz-date") or "", signed, fields["Signature"], body)


def verify(request: Request, claim: Claim, secret: str, body: str, now: datetime) -> None:
    """Raises NotSigned unless the request was signed with the secret key, lately, as it came.

    body: SHA-256 of the body in hexadecimal digits; not looked at where the claim has one of its own.
    """
    try:
        at = datetime.strptime(claim.time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise NotSigned("IncompleteSignature", "The header X-Amz-Date is missing or not a time.") from None
    wanted = _signature(secret, claim, string_to_sign(request, claim, body))
    if claim.time[:8] != claim.date or not hmac.compare_digest(wanted, claim.signature.encode("latin-1")):
        raise NotSigned(
            "SignatureDoesNotMatch",
            "The request was not signed with this local cloud's secret key; `hivemind local env` prints it.",
        )
    if abs(now - at) > SKEW:
        code = "RequestTimeTooSkewed" if claim.service == "s3" else "SignatureDoesNotMatch"
        raise NotSigned(code, f"Signature expired: it is of {claim.time}, and now it is {now:%Y%m%dT%H%M%SZ}.")


def string_to_sign(request: Request, claim: Claim, body: str) -> bytes:
    """What the signature is made of."""
    headers = "".join(f"{name}:{' '.join((request.header(name) or '').split())}\n" for name in claim.signed)
    canonical = "\n".join(
        (
            request.method,
            _path(request.path, claim.service),
            _query(request.query),
            headers,
            ";".join(claim.signed),
            claim.body or body,
        )
    )
    digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
    return f"{_ALGORITHM}\n{claim.time}\n{claim.scope}\n{digest}".encode("latin-1")


def _signature(secret: str, claim: Claim, text: bytes) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (claim.date, claim.region, claim.service, "aws4_request"):
        key = hmac.digest(key, part.encode("latin-1"), "sha256")
    return hmac.digest(key, text, "sha256").hex().encode()


def _path(path: str, service: str) -> str:
    """S3 takes the path as it is, others encode it once more ("Create a canonical request")."""
    once = quote(unquote_to_bytes(path or "/"), safe="/-_.~")
    return once if service == "s3" else quote(once, safe="/-_.~")


def _query(query: str) -> str:
    pairs = (part.partition("=") for part in query.split("&") if part)
    encoded = ((_encoded(name), _encoded(value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="-_.~")
