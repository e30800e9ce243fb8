"""The Cloud: an AWS region with an account, real or local, as everything above `aws/` sees it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from hivemind.values.artifact import Platform


@dataclass(frozen=True)
class WebAddress:
    """Where a listener can be reached from here. base: `http://host:port` without a trailing slash,
    as printed. connect: (host, port) that always connects. host: the Host header of `base`. authorities: PEM
    file of the certificate authorities to trust there, None for the system's."""

    base: str
    connect: tuple[str, int]
    host: str
    authorities: str | None = None


class Line(socket.socket):
    """A connection that the cloud carries, and ends after a while.

    lasts: seconds. why: what ended it, in words; empty while nobody knows.
    """

    def __init__(self, plain: socket.socket, lasts: float) -> None:
        super().__init__(fileno=plain.detach())
        self.lasts = lasts
        self.why = ""


class NoRoom(ConnectionRefusedError):
    """The cloud carries no more connections at a time: another one has to be closed first."""


class NoWayYet(ConnectionRefusedError):
    """No way leads to the instance, as long as it, or what leads to it, is being made. hint: what makes one."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Cloud(Protocol):
    """name: `aws` or `local`. region: `eu-west-1`. account: 12 digits. identity: ARN of whom its calls are made as,
    empty in the local cloud. endpoint: of the API, None for AWS's own. state: folder of this cloud's deployment states.
    pace: how many times faster than AWS its health checks run (1 on AWS)."""

    @property
    def name(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def identity(self) -> str: ...
    @property
    def credentials_end(self) -> datetime | None:
        """When the credentials end that nothing renews; None where something does, or nobody knows."""
        ...

    @property
    def endpoint(self) -> str | None: ...
    @property
    def state(self) -> Path: ...
    @property
    def pace(self) -> float: ...
    @property
    def shares_ports(self) -> bool:
        """Whether all instances share the ports of one machine, so that each is handed its own as `PORT`."""
        ...

    def client(self, service: str) -> Any:
        """A boto3 client, cached. Only calls of `aws.mutations.ALLOWED` may change anything."""
        ...

    def dial(self, instance_id: str, port: int, *, timeout: float) -> socket.socket:
        """A connected TCP socket to a port of an instance, TCP_NODELAY set; a Line where the cloud carries it. OSError
        when there is none: NoWayYet as long as nothing leads there, NoRoom when there are too many at a time."""
        ...

    def admit(self, instance_id: str, user: str, public_key: str) -> bool:
        """Asks the cloud to let a public key in for a minute; whether it does."""
        ...

    def host_key(self, instance_id: str) -> str | None:
        """The instance's SSH host key (`ssh-ed25519 AAAA...`) from an authenticated source; None: not yet known."""
        ...

    def download_url(self, bucket: str, key: str) -> str | None:
        """An address from which an instance can fetch an object for a while, without rights of its own; None where
        instances can't reach the bucket."""
        ...

    def api_access(self, stack: str, role: str) -> Mapping[str, str]:
        """Variables with which a program on an instance calls the API as a role of a stack, where it does not find that
        by itself: none on AWS. stack: its name. role: logical id."""
        ...

    def web_address(self, dns_name: str, port: int, *, tls: bool = False) -> WebAddress: ...

    def platform(self, os: str, size: str) -> Platform:
        """What instances of a system and a size (`t4g.small`: arm64) run. Raises KeyError for an unknown system."""
        ...

    def calls(self) -> Mapping[str, int]:
        """API calls made so far, by `service:Operation`."""
        ...
