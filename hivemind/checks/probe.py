"""The Probe of a real release: HTTP through the load balancer, databases, caches and commands through instances."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hivemind.checks.access import ApiQuestion, ask
from hivemind.checks.database import DatabaseLogin, query
from hivemind.checks.redis import CacheAddress, ping
from hivemind.releases.processes import process_state
from hivemind.releases.release import HttpResponse, ProcessState
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.errors import StageError

if TYPE_CHECKING:
    from hivemind.hosts.ssh import Host
    from hivemind.releases.release import Release, ServiceRelease
    from hivemind.values.cloud import WebAddress

BODY_LIMIT = 1_000_000
AGENT = "hivemind-check/1"


class CloudProbe:
    """What checks look through.

    addresses: web service -> where its listener is reached. connect: instance id -> an open connection, owned
    by whoever hands it in. logins, caches: resource -> how to log in, or where it is; questions: (service, resource)
    -> what to ask AWS. All asked for when a check needs it.
    """

    def __init__(
        self,
        release: Release,
        *,
        addresses: Mapping[str, WebAddress],
        connect: Callable[[str], Host],
        logins: Callable[[str], DatabaseLogin],
        caches: Callable[[str], CacheAddress],
        questions: Callable[[str, str], ApiQuestion],
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._release = release
        self._addresses = addresses
        self._connect = connect
        self._logins = logins
        self._caches = caches
        self._questions = questions
        self._clock = clock

    def http(self, service: str, path: str, *, timeout: float = 10.0, method: str = "GET") -> HttpResponse:
        """One request to a service's public address. Raises OSError without an answer."""
        address = self._addresses.get(service)
        if address is None:
            raise LookupError(f"service {service} has no public address")
        host = self._service(service).host or address.host
        began = self._clock.monotonic()
        connection = _connection(address, host, timeout)
        try:
            connection.request(method, path, headers={"Host": host, "User-Agent": AGENT, "Accept": "*/*"})
            answer = connection.getresponse()
            body = answer.read(BODY_LIMIT)
        except http.client.HTTPException as error:
            raise ConnectionError(f"the response is not HTTP: {type(error).__name__} {error}".rstrip()) from error
        finally:
            connection.close()
        took = (self._clock.monotonic() - began) * 1000
        charset = answer.headers.get_content_charset() or "utf-8"
        return HttpResponse(
            status=answer.status,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=_decoded(body, charset),
            milliseconds=took,
            url=address.base + path,
        )

    def query(self, resource: str, sql: str, *, timeout: float = 10.0) -> list[tuple[Any, ...]]:
        """Logs in to a database through an instance of a service that needs it. Raises OSError where that fails."""
        return query(self._neighbour(resource), self._logins(resource), sql, timeout=timeout)

    def ping(self, resource: str, *, timeout: float = 10.0) -> str:
        """Asks a Redis through an instance of a service that needs it. Raises OSError where that fails."""
        return ping(self._neighbour(resource), self._caches(resource), timeout=timeout)

    def reach(self, service: str, resource: str, *, timeout: float = 10.0) -> str:
        """Asks AWS for a resource on the service's first instance. Raises CheckFailed, and OSError where that fails."""
        instances = self._service(service).instances
        if not instances:
            raise LookupError(f"service {service} has no instance")
        return ask(self._host(instances[0]), self._questions(service, resource), timeout=timeout)

    def processes(self, service: str) -> tuple[ProcessState, ...]:
        """What runs a service on each of its instances, as their installers say. Raises OSError where one can't be
        asked."""
        return tuple(self._process(service, instance) for instance in self._service(service).instances)

    def _process(self, service: str, instance: str) -> ProcessState:
        try:
            return process_state(self._host(instance), service)
        except StageError as error:
            raise ConnectionError(error.message) from error

    def run(self, service: str, command: str, *, timeout: float = 30.0) -> tuple[int, str]:
        """Runs a shell command on the service's first instance, as its user where that is possible."""
        instances = self._service(service).instances
        if not instances:
            raise LookupError(f"service {service} has no instance")
        host = self._host(instances[0])
        done = host.run(command, user="hivemind", timeout=timeout, what="a check's command")
        return done.code, done.stdout + done.stderr

    def _neighbour(self, resource: str) -> Host:
        """An instance of a service that needs a resource."""
        instance = next(
            (one for service in self._release.services if resource in service.needs for one in service.instances), None
        )
        if instance is None:
            raise LookupError(f"no service with an instance needs {resource}")
        return self._host(instance)

    def _host(self, instance_id: str) -> Host:
        try:
            return self._connect(instance_id)
        except StageError as error:
            raise ConnectionError(error.message) from error

    def _service(self, name: str) -> ServiceRelease:
        for service in self._release.services:
            if service.name == name:
                return service
        raise LookupError(f"the release has no service {name}")


def _connection(address: WebAddress, host: str, timeout: float) -> http.client.HTTPConnection:
    target, port = address.connect
    if urlsplit(address.base).scheme != "https":
        return http.client.HTTPConnection(target, port, timeout=timeout)
    trusted = address.authorities
    return _NamedHttps(target, port, timeout=timeout, name=host.partition(":")[0], authorities=trusted)


class _NamedHttps(http.client.HTTPSConnection):
    """HTTPS to an address by the name of the host that is meant."""

    def __init__(self, target: str, port: int, *, timeout: float, name: str, authorities: str | None) -> None:
        self._context = ssl.create_default_context(cafile=authorities)
        super().__init__(target, port, timeout=timeout, context=self._context)
        self._name = name

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self._name)


def _decoded(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, errors="replace")
    except LookupError:
        return body.decode("utf-8", errors="replace")
