"""What an instance of an Auto Scaling group reaches of AWS: instance metadata, and what its role's policies allow.

One server an instance, with a secret key of its own, so that the owner's key never gets into an instance. Namespaces
see it at the metadata service's address; instances that share this machine's network get its port. EC2 User Guide, "Use
IMDS", and IAM User Guide, "Policy evaluation logic", say what is answered here.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from hivemind.local.emulated_access import decided
from hivemind.local.emulator import Emulator
from hivemind.local.model import Instance
from hivemind.local.peers import is_ours
from hivemind.local.sigv4 import NotSigned, Request, claim_of, verify

LONGEST = 1 << 20
_TARGETS = {
    "AmazonSSM.GetParameter": ("ssm:GetParameter", "Name"),
    "secretsmanager.GetSecretValue": ("secretsmanager:GetSecretValue", "SecretId"),
}

Answer = tuple[int, bytes]
Application = Callable[..., Awaitable[None]]


class Refused(Exception):
    """A request that is answered by an error. status: of HTTP."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Door:
    """The server of one instance. role: name of its role. signalled: called when it says that it is up."""

    def __init__(self, emulator: Emulator, instance: Instance, role: str, signalled: Callable[[str], object]) -> None:
        self._emulator, self._instance, self._role, self._signalled = emulator, instance, role, signalled
        self._secret, self._session = secrets.token_urlsafe(30), secrets.token_urlsafe(30)
        self._server: asyncio.Server | None = None

    async def open(self) -> int:
        """Starts it; the port on loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            connection: socket.socket = writer.get_extra_info("socket")
            if is_ours(connection):
                status, body = await self._answered(reader)
                writer.write(f"HTTP/1.1 {status} -\r\nContent-Length: {len(body)}\r\n".encode())
                writer.write(b"Connection: close\r\n\r\n" + body)
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _answered(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        headers = tuple((n.strip().lower(), v.strip()) for n, _, v in (line.partition(":") for line in head[1:]) if n)
        length = int(dict(headers).get("content-length", 0))
        if length > LONGEST:
            return 413, b""
        body = await reader.readexactly(length)
        path, _, query = target.partition("?")
        try:
            if path.startswith("/latest/"):
                return 200, self._metadata(method, path.removeprefix("/latest/"), dict(headers)).encode()
            return await self._aws(Request(method, path, query, headers), body)
        except Refused as error:
            return error.status, str(error).encode()

    def _metadata(self, method: str, path: str, headers: Mapping[str, str]) -> str:
        if (method, path) == ("PUT", "api/token"):
            return self._session
        if method != "GET" or headers.get("x-aws-ec2-metadata-token") != self._session:
            raise Refused(401, "Unauthorized")
        known = {
            "meta-data/instance-id": self._instance.id,
            "meta-data/iam/security-credentials/": self._role,
            f"meta-data/iam/security-credentials/{self._role}": json.dumps(
                {"AccessKeyId": self._instance.account, "SecretAccessKey": self._secret, "Token": ""}
            ),
        }
        if path not in known:
            raise Refused(404, "Not Found")
        return known[path]

    async def _aws(self, request: Request, body: bytes) -> Answer:
        try:
            claim = claim_of(request)
            verify(request, claim, self._secret, hashlib.sha256(body).hexdigest(), datetime.now(UTC))
        except NotSigned as error:
            raise Refused(403, f"{error.code}: {error}") from None
        action, resource = self._asked(request, claim.service, body)
        instance = self._instance
        place = (instance.account, instance.region)
        if decided(self._emulator, *place, self._role, action=action, resource=resource) != "Allow":
            raise Refused(403, f"AccessDenied: {self._role} is not authorized to perform {action} on {resource}")
        if action == "cloudformation:SignalResource":
            self._signalled(self._instance.id)
            return 200, b"<SignalResourceResponse/>"
        return await passed_on(self._emulator.asgi, request, body)

    def _asked(self, request: Request, service: str, body: bytes) -> tuple[str, str]:
        """The action of a request, as policies name it, and the ARN of what it is about."""
        place = f"{self._instance.region}:{self._instance.account}"
        if service == "s3" and request.method == "GET":
            return "s3:GetObject", f"arn:aws:s3:::{unquote(request.path).lstrip('/')}"
        if service == "cloudformation" and "Action=SignalResource" in request.query:
            name = parse_qs(request.query).get("StackName", [""])[0]
            with self._emulator.scope(self._instance.account, self._instance.region):
                return "cloudformation:SignalResource", str((self._emulator.stacks.get(name) or {}).get("StackId", ""))
        action, key = _TARGETS.get(request.header("x-amz-target") or "", ("", ""))
        try:
            name = str(json.loads(body)[key]) if action.startswith(f"{service}:") else ""
        except (ValueError, LookupError, TypeError):
            name = ""
        if not name:
            raise Refused(403, "AccessDenied: an instance of the local cloud asks for what its first boot needs only")
        if service == "ssm":
            return action, f"arn:aws:ssm:{place}:parameter/{name.lstrip('/')}"
        with self._emulator.scope(self._instance.account, self._instance.region):
            found = self._emulator.secret(name)
        return action, str(found[1]["ARN"]) if found else name


async def passed_on(application: Application, request: Request, body: bytes) -> Answer:
    """The answer of the emulator to a request whose sender is known."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request.method, "scheme": "http",
        "path": unquote(request.path), "raw_path": request.path.encode(), "query_string": request.query.encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers],
        "client": ("127.0.0.1", 0), "server": ("127.0.0.1", 80), "root_path": "",
    }  # fmt: skip
    status, parts = 500, []

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = int(message["status"])
        elif message["type"] == "http.response.body":
            parts.append(bytes(message.get("body", b"")))

    await application(scope, receive, send)
    return status, b"".join(parts)
