"""A PING to Redis, through an instance that is let in."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.hosts.bridge import bridge
from hivemind.releases.bindings import binding_values
from hivemind.releases.release import CheckFailed

if TYPE_CHECKING:
    from hivemind.hosts.ssh import Host
    from hivemind.releases.secret_values import SecretValues
    from hivemind.template.fragment import Binding

_LONGEST = 1000


@dataclass(frozen=True)
class CacheAddress:
    """Where a Redis is, as its services see it. encrypted: whether they connect by TLS."""

    host: str
    port: int
    encrypted: bool = False


def address_of(binding: Binding, outputs: Mapping[str, str], secrets: SecretValues) -> CacheAddress:
    """The address that a binding hands to services: its placeholders host and port, and the scheme of REDIS_URL."""
    values = binding_values(binding, outputs, secrets)
    try:
        port = int(values["port"])
        return CacheAddress(values["host"], port, binding.env.get("REDIS_URL", "").startswith("rediss:"))
    except KeyError as missing:
        raise LookupError(f"the binding of {binding.resource} has no {missing}") from None


def ping(host: Host, address: CacheAddress, *, timeout: float = 10.0) -> str:
    """Its answer to PING. timeout: seconds for connection and answer. Raises CheckFailed with its words where that is
    an error, OSError where it is not reached."""
    with (
        bridge(host, address.host, address.port, timeout=timeout) as sock,
        _encrypted(sock) if address.encrypted else sock as connection,
        connection.makefile("rb") as answers,
    ):
        connection.sendall(b"PING\r\n")
        answer = answers.readline(_LONGEST).decode(errors="replace").strip()
    if not answer:
        raise ConnectionError("redis closed the connection")
    if not answer.startswith("+"):
        raise CheckFailed(f"redis refused PING: {answer.lstrip('-')}")
    return answer[1:]


def _encrypted(sock: socket.socket) -> ssl.SSLSocket:
    # Not verified: the way to the instance is authenticated, and from there it is as private as the application's own.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(sock)
