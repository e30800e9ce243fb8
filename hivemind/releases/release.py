"""Releases, checks on them, and the Verdict."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from hivemind.blueprint import model


@dataclass(frozen=True)
class ServiceRelease:
    """One service of a release. url: its first public address, None for a worker. host: Host header to send there,
    None for any. instances: EC2 ids. artifact: digest. connect: (host, port) that leads to its address, whatever
    DNS knows yet. authorities: PEM file of the certificate authorities to trust there, None for the system's."""

    name: str
    kind: str
    url: str | None
    host: str | None
    health_path: str | None
    instances: tuple[str, ...]
    artifact: str
    needs: tuple[str, ...] = ()
    path: str = "/"
    connect: tuple[str, int] | None = None
    authorities: str | None = None


@dataclass(frozen=True)
class Release:
    """What is deployed, as `hivemind_checks` gets it. resources: name -> type. options: plugin name -> its options
    in the blueprint. checks: the blueprint's entries; each plugin takes its own kinds."""

    deployment_id: str
    name: str
    environment: str
    revision: str
    services: tuple[ServiceRelease, ...]
    resources: Mapping[str, str]
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    checks: tuple[model.Check, ...] = ()

    @property
    def web_services(self) -> tuple[ServiceRelease, ...]:
        return tuple(service for service in self.services if service.url is not None)


class CheckStatus(enum.StrEnum):
    """How a check ended. SKIPPED: it had nothing to check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check. message: what it found, one line. milliseconds: of the deciding attempt. attempts:
    how many."""

    name: str
    status: CheckStatus
    message: str
    milliseconds: float = 0.0
    attempts: int = 1
    plugin: str = "hivemind"


@dataclass(frozen=True)
class Verdict:
    """The results of all checks. good: at least one passed and none failed; without any result, nothing is known."""

    results: tuple[CheckResult, ...]

    @property
    def good(self) -> bool:
        statuses = {result.status for result in self.results}
        return CheckStatus.PASSED in statuses and CheckStatus.FAILED not in statuses

    @property
    def word(self) -> str:
        return "good" if self.good else "bad"


@dataclass(frozen=True)
class HttpResponse:
    """The response to a probe. body: at most 1 MB, decoded."""

    status: int
    headers: Mapping[str, str]
    body: str
    milliseconds: float
    url: str


@dataclass(frozen=True)
class ProcessState:
    """What runs a service on one of its instances. state: `running`, `restarting`, `starting`, `stopped` or `failed`.
    seconds: for which it has been in it, None if unknown. restarts: since it was started with its release."""

    instance: str
    state: str
    seconds: float | None
    restarts: int


class Probe(Protocol):
    """What a check may use to look at a release. Raises OSError (or a subclass) if it gets no response."""

    def http(self, service: str, path: str, *, timeout: float = 10.0, method: str = "GET") -> HttpResponse: ...

    def query(self, resource: str, sql: str, *, timeout: float = 10.0) -> list[tuple[Any, ...]]:
        """Logs in to a database resource through an instance of a service that needs it, and runs `sql`."""
        ...

    def ping(self, resource: str, *, timeout: float = 10.0) -> str:
        """Sends a PING to a Redis resource through an instance of a service that needs it; returns the reply."""
        ...

    def reach(self, service: str, resource: str, *, timeout: float = 10.0) -> str:
        """Asks AWS for a bucket, queue or topic on an instance of a service, as the role of that instance; returns what
        the answer says. Raises CheckFailed if AWS refuses."""
        ...

    def processes(self, service: str) -> tuple[ProcessState, ...]:
        """What runs the service on each of its instances."""
        ...

    def run(self, service: str, command: str, *, timeout: float = 30.0) -> tuple[int, str]:
        """Runs a shell command on the service's first instance as its user; returns exit code and output."""
        ...


class Check(Protocol):
    """One post-deploy test. `run` returns normally (people see the returned text) or raises CheckFailed."""

    @property
    def name(self) -> str: ...

    def run(self, probe: Probe) -> str: ...


class CheckFailed(Exception):
    """The check failed. The message says what it expected and what it found."""
