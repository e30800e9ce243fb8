"""A server that does what an EC2 Instance Connect Endpoint does, on loopback: checks the signature of the request as
AWS documents it (SigV4 in the query), limits connections and their time, and leads to addresses of its choice."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    RejectConnection,
    RejectData,
    Request,
)

from hivemind.aws.clients import session
from hivemind.aws.cloud import AwsCloud
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import SYSTEM_CLOCK, Clock

KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI"
ENDPOINT = "eice-0123456789abcdef0"
REGION = "eu-west-1"


@dataclass
class TunnelServer:
    """targets: private address -> where it leads, a port on loopback or an address with port; others refuse. most:
    connections at a time. seconds: that one may last. error: (status, error type, message) that every request gets.
    opened: requests that were let in. address: where it listens, port 0 for a free one. names: of its certificate."""

    targets: Mapping[str, int | tuple[str, int]]
    folder: Path
    login: tuple[str, str] = (KEY_ID, SECRET)
    region: str = REGION
    most: int = 20
    seconds: float = 3600.0
    error: tuple[int, str, str] | None = None
    silent: bool = False
    opened: list[dict[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    now: int = 0
    port: int = 0
    address: tuple[str, int] = ("127.0.0.1", 0)
    names: tuple[str, ...] = ("localhost",)

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def knows(self, endpoint: str) -> bool:
        """Whether there is such an endpoint."""
        return endpoint == ENDPOINT

    def target(self, given: dict[str, str]) -> tuple[str, int]:
        """Where a tunnel leads. Raises KeyError where the endpoint does not reach it."""
        target = self.targets[given["privateIpAddress"]]
        return ("127.0.0.1", target) if isinstance(target, int) else target

    def start(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*_certificate(self.folder, self.names))
        ready = threading.Event()

        async def serve() -> None:
            server = await asyncio.start_server(self._serve, *self.address, ssl=context)
            self.port = server.sockets[0].getsockname()[1]
            self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
            ready.set()
            await self._end.wait()
            server.close()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            await asyncio.sleep(0)  # transports that were aborted close in the next round

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self._thread.start()
        assert ready.wait(30)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(30)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = WSConnection(ConnectionType.SERVER)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError, TimeoutError, ssl.SSLError):
            request = await _request(connection, reader)
            answer = self.error or self._wrong(request)
            if answer is not None:
                self.refused.append(answer[1])
                await _reject(connection, writer, *answer)
            else:
                given = dict(parse_qsl(urlsplit(request.target).query))
                self.opened.append(given)
                writer.write(connection.send(AcceptConnection()))
                await self._carry(connection, reader, writer, given)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError, TimeoutError, ssl.SSLError):
            writer.close()
            async with asyncio.timeout(5):
                await writer.wait_closed()
        writer.transport.abort()

    def _wrong(self, request: Request) -> tuple[int, str, str] | None:
        """Why a request is not let in."""
        parts = urlsplit(request.target)
        given = dict(parse_qsl(parts.query))
        if parts.path != "/openTunnel" or not self.knows(given.get("instanceConnectEndpointId", "")):
            return 404, "ResourceNotFoundException", "no such endpoint"
        if not 1 <= int(given.get("maxTunnelDuration", "0")) <= 3600 or given.get("remotePort") != "22":
            return 400, "ValidationException", "wrong request"
        signed = dt.datetime.strptime(given["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
        age = (dt.datetime.now(dt.UTC) - signed).total_seconds()
        if age > int(given["X-Amz-Expires"]) or int(given["X-Amz-Expires"]) > 60:
            return 403, "ExpiredTokenException", "Signature expired"
        if given.pop("X-Amz-Signature") != self._signature(
            request.host, f"wss://{request.host}{request.target}", given
        ):
            return 403, "SignatureDoesNotMatch", "The request signature we calculated does not match"
        return (429, "ServiceQuotaExceededException", "too many tunnels") if self.now >= self.most else None

    def _signature(self, host: str, url: str, given: dict[str, str]) -> str:
        """AWS's own: over the query without it, with the host header, at the time that it says."""
        scope = f"{self.login[0]}/{given['X-Amz-Date'][:8]}/{self.region}/ec2-instance-connect/aws4_request"
        if given["X-Amz-Credential"] != scope or given["X-Amz-SignedHeaders"] != "host":
            return "none"
        request = AWSRequest(method="GET", url=url.partition("&X-Amz-Signature=")[0], headers={"host": host})
        request.context["timestamp"] = given["X-Amz-Date"]
        signer = SigV4QueryAuth(Credentials(*self.login), "ec2-instance-connect", self.region)
        return str(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))

    async def _carry(
        self,
        connection: WSConnection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        given: dict[str, str],
    ) -> None:
        self.now += 1
        try:
            near, far = await asyncio.open_connection(*self.target(given))
        except (KeyError, OSError):
            writer.write(
                connection.send(CloseConnection(1008, "Unable to connect to target. Check your security groups"))
            )
            self.now -= 1
            await writer.drain()
            return
        out = asyncio.create_task(self._out(connection, near, writer))
        try:
            writer.write(connection.send(Ping(b"there?")))
            async with asyncio.timeout(self.seconds):
                await self._in(connection, reader, writer, far)
        except TimeoutError:
            if not self.silent:
                writer.write(connection.send(CloseConnection(1001, "the maximum duration of the tunnel is over")))
        finally:
            self.now -= 1
            out.cancel()
            far.transport.abort()

    async def _out(self, connection: WSConnection, near: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await near.read(1 << 16):
                writer.write(connection.send(BytesMessage(data)))
                await writer.drain()
            writer.write(connection.send(CloseConnection(1000)))

    async def _in(
        self,
        connection: WSConnection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far: asyncio.StreamWriter,
    ) -> None:
        while data := await reader.read(1 << 16):
            connection.receive_data(data)
            for event in connection.events():
                if isinstance(event, BytesMessage):
                    far.write(bytes(event.data))
                elif isinstance(event, CloseConnection):
                    return
            await far.drain()


async def _request(connection: WSConnection, reader: asyncio.StreamReader) -> Request:
    while data := await reader.read(1 << 16):
        connection.receive_data(data)
        for event in connection.events():
            if isinstance(event, Request):
                return event
    raise ConnectionError


async def _reject(connection: WSConnection, writer: asyncio.StreamWriter, status: int, kind: str, message: str) -> None:
    headers = [
        (b"x-amzn-errortype", f"{kind}:http://internal.amazon.com/".encode()),
        (b"content-type", b"application/json"),
    ]
    writer.write(connection.send(RejectConnection(status_code=status, headers=headers, has_body=True)))
    writer.write(connection.send(RejectData(f'{{"message": "{message}"}}'.encode())))
    await writer.drain()


def _certificate(folder: Path, names: tuple[str, ...]) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "ca.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, secret


@dataclass
class Ec2:
    """EC2's answers on instances in private subnets, and on the endpoint of their network. addresses: by instance."""

    addresses: dict[str, dict[str, Any]]
    server: TunnelServer
    endpoint: bool = True
    denied: bool = False
    unknown: int = 0
    asked: int = 0

    def describe_instances(self, *, Filters: list[dict[str, Any]]) -> dict[str, Any]:
        """[EC2] DescribeInstances: by a filter, an id that does not exist is no error but no instance."""
        (wanted,) = (one["Values"] for one in Filters if one["Name"] == "instance-id")
        if self.unknown > 0:
            self.unknown -= 1
            return {"Reservations": []}
        found = [
            {"InstanceId": one, "VpcId": "vpc-1", **self.addresses[one]} for one in wanted if one in self.addresses
        ]
        return {"Reservations": [{"Instances": [one]} for one in found]}

    def describe_instance_connect_endpoints(self, **given: Any) -> dict[str, Any]:
        self.asked += 1
        if self.denied:
            raise CloudCallFailed("UnauthorizedOperation", "DescribeInstanceConnectEndpoints", "no")
        found = [{"InstanceConnectEndpointId": ENDPOINT, "DnsName": self.server.host, "State": "create-complete"}]
        wanted = (
            given.get("InstanceConnectEndpointIds") == [ENDPOINT]
            or {"Name": "vpc-id", "Values": ["vpc-1"]} in given["Filters"]
        )
        return {"InstanceConnectEndpoints": found if self.endpoint and wanted else []}


@contextlib.contextmanager
def tunnels(
    folder: Path, targets: Mapping[str, int | tuple[str, int]], monkeypatch: pytest.MonkeyPatch, **more: Any
) -> Iterator[TunnelServer]:
    """A running server, with this process's credentials and trusted certificates as it wants them."""
    folder.mkdir(exist_ok=True)
    server = TunnelServer(targets, folder, **more)
    server.start()
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.login[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.login[1])
    monkeypatch.setenv("AWS_CA_BUNDLE", str(server.ca))
    session.cache_clear()
    try:
        yield server
    finally:
        session.cache_clear()
        server.stop()


def cloud(
    server: TunnelServer,
    state: Path,
    addresses: dict[str, dict[str, Any]],
    *,
    clock: Clock = SYSTEM_CLOCK,
    **more: Any,
) -> AwsCloud:
    """AWS with these instances (id -> what DescribeInstances says of its addresses)."""
    made = AwsCloud(REGION, state, clock=clock)
    made._clients["ec2"] = Ec2(addresses, server, **more)
    return made
