"""LocalCloud: the local cloud as everything above sees it (`hivemind.values.cloud.Cloud`)."""

from __future__ import annotations

import platform
import re
import socket
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hivemind.aws.clients import CallCounter, make_client
from hivemind.local import authority, interpreters, lifecycle, role_keys
from hivemind.local.accounts import account_for
from hivemind.machine.home import local_cloud
from hivemind.machine.programs import answer
from hivemind.values.artifact import LOCAL, Platform, machine_here
from hivemind.values.cloud import WebAddress
from hivemind.values.errors import CloudUnreachable, HiveMindError


def connect(
    checkout: Path, name: str, region: str | None = None, *, start: bool = True, directory: Path | None = None
) -> LocalCloud:
    """The local cloud for a checkout's deployment `name`.

    checkout: folder of the blueprint. region: None for the local cloud's own. start: starts it where it does
    not run; otherwise raises CloudUnreachable. directory: of its data, None for this user's.
    """
    directory = directory or local_cloud()
    running = lifecycle.status(directory)
    if running is None and not start:
        raise CloudUnreachable(
            "the local cloud is not running", hint="Start it with `hivemind local start` or `hivemind apply --local`."
        )
    running = running or lifecycle.start(directory, on_demand=True)
    running.secret_key  # noqa: B018  an older version's is told now, not by the first request that fails
    return LocalCloud(running, account_for(checkout, name, directory), region or running.region)


class LocalCloud:
    """running: the daemon to talk to. account: 12 digits. region: any AWS region's name."""

    def __init__(self, running: lifecycle.Running, account: str, region: str) -> None:
        self._running, self._account, self._region = running, account, region
        self._counter = CallCounter()
        self._clients: dict[str, Any] = {}
        self._addresses: dict[tuple[str, int], tuple[str, int]] = {}
        self._lock = threading.RLock()
        self._pace: float | None = None

    @property
    def name(self) -> str:
        return "local"

    @property
    def region(self) -> str:
        return self._region

    @property
    def account(self) -> str:
        return self._account

    @property
    def identity(self) -> str:
        return ""

    @property
    def credentials_end(self) -> datetime | None:
        return None

    @property
    def endpoint(self) -> str:
        return self._running.endpoint

    @property
    def secret_key(self) -> str:
        """What requests to the endpoint are signed with; the access key is the account."""
        return self._running.secret_key

    @property
    def outdated(self) -> str | None:
        """Why it runs other code than this HiveMind's; None where it does not."""
        return self._running.outdated

    @property
    def state(self) -> Path:
        return self._running.directory / "deployments"

    @property
    def pace(self) -> float:
        with self._lock:
            if self._pace is None:
                self._pace = float(self._running.ask("status")["pace"])
            return self._pace

    @property
    def shares_ports(self) -> bool:
        return bool(self._running.ask("status")["instances"] == "shared")

    def client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = make_client(
                    service,
                    region=self._region,
                    counter=self._counter,
                    endpoint=self._running.endpoint,
                    access_key=self._account,
                    secret_key=self.secret_key,
                    meaning=self._meaning,
                )
            return self._clients[service]

    def lost(self) -> CloudUnreachable | None:
        """Why the local cloud is not the one any more that this command began with; None while it is."""
        return lifecycle.lost(self._running)

    def _meaning(self, error: HiveMindError) -> HiveMindError:
        """Nothing of what a network or credentials can do to AWS happens here."""
        if not isinstance(error, CloudUnreachable):
            return error
        return lifecycle.unanswered(self._running, error.message)

    def dial(self, instance_id: str, port: int, *, timeout: float) -> socket.socket:
        """A socket to the front of an instance's port; refused where its security groups say so, as OSError."""
        connection = socket.create_connection(self._front(instance_id, port), timeout=timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _front(self, instance_id: str, port: int) -> tuple[str, int]:
        key = (instance_id, port)
        with self._lock:
            known = self._addresses.get(key)
        if known is None:
            try:
                answer = self._running.ask(f"instances/{instance_id}/ports/{port}")
            except LookupError as error:
                raise ConnectionRefusedError(str(error)) from error
            known = (answer["host"], answer["port"])
            with self._lock:
                self._addresses[key] = known
        return known

    def admit(self, instance_id: str, user: str, public_key: str) -> bool:
        """False: what knows the key is this machine."""
        del instance_id, user, public_key
        return False

    def host_key(self, instance_id: str) -> str | None:
        try:
            key = self._running.ask(f"instances/{instance_id}/host-key")["host_key"]
        except LookupError:
            return None
        return None if key is None else str(key)

    def download_url(self, bucket: str, key: str) -> str | None:
        """None: instances reach what the template's security groups say, not the API."""
        del bucket, key
        return None

    def api_access(self, stack: str, role: str) -> Mapping[str, str]:
        """Address of this local cloud, and keys of the role (`role_keys.py`): there is no instance metadata."""
        key = role_keys.access_key(self._account, stack, role)
        return MappingProxyType(
            {
                "AWS_ENDPOINT_URL": self.endpoint,
                "AWS_ACCESS_KEY_ID": key,
                "AWS_SECRET_ACCESS_KEY": role_keys.secret(self.secret_key, key),
            }
        )

    def web_address(self, dns_name: str, port: int, *, tls: bool = False) -> WebAddress:
        """Raises CloudUnreachable for a load balancer or listener that does not exist."""
        try:
            answer = self._running.ask("web", {"dns_name": dns_name, "port": port})
        except LookupError as error:
            raise CloudUnreachable(str(error)) from error
        connect_to = (str(answer["host"]), int(answer["port"]))
        name = f"{answer['name']}.localhost" if _resolves_localhost() else connect_to[0]
        host = f"{name}:{connect_to[1]}"
        trusted = str(authority.certificate(self._running.directory)) if tls else None
        return WebAddress(f"{'https' if tls else 'http'}://{host}", connect_to, host, trusted)

    def platform(self, os: str, size: str) -> Platform:
        return host_platform(os, size)

    def calls(self) -> Mapping[str, int]:
        return MappingProxyType(self._counter.counts())


@cache
def _resolves_localhost() -> bool:
    """Whether names below `localhost` resolve to this machine, as RFC 6761 wishes and some systems do."""
    try:
        found = socket.getaddrinfo("hivemind.localhost", 80, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return any(address[4][0] == "127.0.0.1" for address in found)


@cache
def host_platform(os: str, size: str) -> Platform:  # noqa: ARG001
    """Whatever system and size the blueprint asks for, the local cloud's instances are this machine."""
    kind, release = platform.libc_ver()
    numbers = [int(part) for part in release.split(".")[:2]] if kind == "glibc" else []
    glibc = (numbers[0], numbers[1]) if len(numbers) == 2 else None
    return Platform(LOCAL, machine_here(), glibc, tuple(interpreters.pythons().items()), _node(), True, _runtimes())


def _runtimes() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Java, Ruby and PHP of this machine. Most installations tell the version by their path; the others are asked."""
    found = {}
    for language, (command, told, asked, said) in _RUNTIMES.items():
        path = interpreters.program(command)
        match = re.search(told, path) if path else None
        version = match[1] if match else path and _says([path, asked], said)
        if path and version:
            found[language] = ((version, path),)
    return MappingProxyType(found)


_RUNTIMES = {
    "java": ("java", r"(?:java|jdk|jre|temurin|corretto)-?(\d+)", "--version", r"(\d+)\."),
    "ruby": ("ruby", r"ruby-?(\d+\.\d+)", "--version", r"ruby (\d+\.\d+)"),
    "php": ("php", r"php-?(\d+\.\d+)", "--version", r"PHP (\d+\.\d+)"),
}
"""Language -> program, how its path tells the version, the option that asks, and how its answer tells."""


def _node() -> tuple[str, str] | None:
    path = interpreters.node()
    version = path and _says([path, "--version"], r"v(\d+\.\d+\.\d+)")
    return (version, path) if path and version else None


def _says(command: list[str], pattern: str) -> str | None:
    """What the pattern's group finds in the command's answer; a version manager's shim may fail."""
    match = re.search(pattern, answer(command, seconds=10) or "")
    return match[1] if match else None
