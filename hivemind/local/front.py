"""The door of the local cloud: who gets past it to the AWS API or to the control API.

In this order: the name that the request was sent to, then whether a web page sent it, then who signed it. A page whose
name was rebound to 127.0.0.1 fails at the first, another user of this machine at the last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hivemind.local import offered, role_keys
from hivemind.local.control import PREFIX, Control, Receive, Scope, Send
from hivemind.local.emulated_callers import ROLE_HEADER
from hivemind.local.refusals import refusal
from hivemind.local.sigv4 import Claim, NotSigned, Request, claim_of, verify

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of a request whose sender is known only once all of it is there: of any service but S3."""


_STATUS = {"NotImplemented": 501, "RequestEntityTooLarge": 413}
"""Of refusals that are not 403."""


class Front:
    """The ASGI application. port: where it is served. secret: the key that AWS requests are signed with."""

    def __init__(self, control: Control, aws: Any, *, port: int, secret: str) -> None:
        self._control, self._aws, self._secret = control, aws, secret
        self._names = frozenset({f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode()})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._aws(scope, receive, send)
        elif refused := self._stranger(scope["headers"]):
            await _refuse_plainly(scope, receive, send, refused)
        elif scope["type"] != "http":
            await _refuse_plainly(scope, receive, send, "The local cloud speaks HTTP only.")
        elif scope["path"].startswith(PREFIX):
            await self._control(scope, receive, send)
        else:
            await self._signed(scope, receive, send)

    def _stranger(self, headers: list[tuple[bytes, bytes]]) -> str | None:
        """Why a request is refused before anything of it is looked at but where it comes from."""
        hosts = [value for name, value in headers if name.lower() == b"host"]
        if len(hosts) != 1 or hosts[0].lower() not in self._names:
            return "The local cloud answers requests to its own address only."
        given = {name.lower(): value for name, value in headers}
        # No AWS SDK sends these; a browser does.
        if b"origin" in given or given.get(b"sec-fetch-site", b"none") not in {b"none", b"same-origin"}:
            return "The local cloud does not answer web pages."
        return None

    async def _signed(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = _request(scope)
        headers = dict(request.headers)
        service = "s3"  # whose errors people without a signature read best
        try:
            claim = claim_of(request)
            service = claim.service
            body = await self._body(request, claim, receive)
            if service not in offered.OPERATIONS:
                raise NotSigned("NotImplemented", offered.refused_service(service))
        except NotSigned as error:
            status = _STATUS.get(error.code, 403)
            answer = refusal(service, headers, status, error.code, str(error))
            await _answer(send, *answer, silent=request.method == "HEAD")
            return
        await self._aws({**scope, "headers": _as_account(scope["headers"], claim)}, _Once(body, receive), send)

    def _secret_of(self, claim: Claim) -> str:
        """The secret key that goes with the access key: the owner's, or that of a role."""
        known = role_keys.role_of(claim.access_key) is None
        return self._secret if known else role_keys.secret(self._secret, claim.access_key)

    async def _body(self, request: Request, claim: Claim, receive: Receive) -> bytes:
        """The whole body. Raises NotSigned where request or body are not what was signed."""
        if claim.body is not None:
            # Before anything of what may be long is kept.
            verify(request, claim, self._secret_of(claim), claim.body, _now())
        limit = None if claim.body is not None and claim.service == "s3" else BODY_LIMIT
        hashed, parts, length = hashlib.sha256(), [], 0
        while True:
            message = await receive()
            part = message.get("body", b"")
            length += len(part)
            if limit is not None and length > limit:
                raise NotSigned("RequestEntityTooLarge", f"The local cloud takes requests up to {limit} bytes.")
            hashed.update(part)
            parts.append(part)
            if not message.get("more_body"):
                break
        digest = hashed.hexdigest()
        if claim.body is None:
            verify(request, claim, self._secret_of(claim), digest, _now())
        elif len(claim.body) == len(digest) and claim.body != digest:
            raise NotSigned("XAmzContentSHA256Mismatch", "The body is not the one that was signed.")
        return b"".join(parts)


class _Once:
    """`receive` of a request whose body is read already."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Mapping[str, Any]:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _as_account(headers: list[tuple[bytes, bytes]], claim: Claim) -> list[tuple[bytes, bytes]]:
    """The headers as the emulator takes them: an access key is an account there, and a role is told apart from it."""
    passed = [(name, value) for name, value in headers if name.lower() != ROLE_HEADER.encode()]
    role = role_keys.role_of(claim.access_key)
    if role is None:
        return passed
    key, account = f"Credential={claim.access_key}/".encode(), f"Credential={role.account}/".encode()
    passed = [
        (name, value.replace(key, account) if name.lower() == b"authorization" else value) for name, value in passed
    ]
    return [*passed, (ROLE_HEADER.encode(), claim.access_key.encode())]


def _request(scope: Scope) -> Request:
    headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"])
    return Request(
        scope["method"], scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1"), headers
    )


async def _refuse_plainly(scope: Scope, receive: Receive, send: Send, said: str) -> None:
    if scope["type"] == "http":
        await _answer(send, 403, {"Content-Type": "text/plain"}, f"{said}\n".encode(), silent=scope["method"] == "HEAD")
    else:
        await receive()
        await send({"type": "websocket.close", "code": 1008})


async def _answer(send: Send, status: int, headers: Mapping[str, str], content: bytes, *, silent: bool) -> None:
    """silent: whether the content is only measured, as for HEAD."""
    listed = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    listed.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": b"" if silent else content})


def _now() -> datetime:
    return datetime.now(UTC)
