"""Checks that plugins and blueprints use: HTTP, database, Redis, TLS. Values; they act through the Probe they get."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from hivemind.checks.tls import HANDSHAKE_SECONDS, TlsError, inspect
from hivemind.releases.release import CheckFailed, HttpResponse, Probe, ProcessState
from hivemind.values.clock import SYSTEM_CLOCK, Clock, polls

SHOWN = 120
"""Characters of a body or value that a message quotes."""
NO_ROUTE = "No route of this deployment leads here."
"""What a load balancer of a deployment answers, with 404, where no rule forwards the request."""


@dataclass(frozen=True)
class HttpCheck:
    """Requests a page of a web service through its public address.

    path: with its query. status: expected code; None: 200 to 399. contains: text in the body. matches: regular
    expression that the body matches somewhere. redirect: the response must redirect to this address, or to one that
    starts with it; a path is relative to the service. refusing: also accept responses such as 404 and 401: the service
    must answer, not the load balancer in its place, but the answer does not matter. header: response headers that must
    have exactly these values. under: seconds that the response may take. timeout: seconds after which the check gives
    up.
    """

    service: str
    path: str = "/"
    status: int | None = None
    contains: str | None = None
    matches: str | None = None
    redirect: str | None = None
    header: Mapping[str, str] = field(default_factory=dict)
    under: float | None = None
    timeout: float = 10.0
    label: str | None = None
    refusing: bool = False

    @property
    def name(self) -> str:
        return self.label or f"http {self.service} {self.path}"

    def run(self, probe: Probe) -> str:
        """One request; does not follow redirects. Raises CheckFailed, or OSError without a response."""
        response = probe.http(self.service, self.path, timeout=self.timeout)
        self._check_status(response)
        self._check_content(response)
        if self.under is not None and response.milliseconds > self.under * 1000:
            raise CheckFailed(f"took {response.milliseconds:.0f} ms, expected under {self.under * 1000:.0f} ms")
        return f"{response.status} in {response.milliseconds:.0f} ms"

    def _check_status(self, response: HttpResponse) -> None:
        expected = "200 to 399"
        good = 200 <= response.status <= 399
        if self.status is not None:
            expected, good = str(self.status), response.status == self.status
        elif self.refusing:
            if response.status == 404 and response.body.strip() == NO_ROUTE:
                raise CheckFailed("no rule of the load balancer matches the request")
            expected, good = "200 to 499", 200 <= response.status <= 499
        elif self.redirect is not None:
            expected, good = "a redirect", 300 <= response.status <= 399
        if not good:
            raise CheckFailed(f"status {response.status}, expected {expected}{_quote(response.body)}")
        location = _header(response, "location")
        if self.status is None and self.redirect is None and _leads_nowhere(response, location):
            raise CheckFailed(
                f"redirects to {location}, but the load balancer does not answer HTTPS. Set `certificate`, or turn the "
                "redirect off (Django: SECURE_SSL_REDIRECT; Rails: force_ssl)"
            )
        if self.redirect is not None and (location is None or not _leads_to(location, self.redirect)):
            raise CheckFailed(f"redirects to {location or 'no address'}, expected {self.redirect}")

    def _check_content(self, response: HttpResponse) -> None:
        if self.contains is not None and self.contains not in response.body:
            raise CheckFailed(f'the body does not contain "{self.contains}"{_quote(response.body)}')
        if self.matches is not None and re.search(self.matches, response.body) is None:
            raise CheckFailed(f'the body does not match "{self.matches}"{_quote(response.body)}')
        for name, value in self.header.items():
            seen = _header(response, name)
            if seen != value:
                raise CheckFailed(f"header {name} is {seen or 'missing'}, expected {value}")


@dataclass(frozen=True)
class RunningCheck:
    """Checks that a service without a web address stays up on each of its instances: many that fail do so again and
    again, seconds after their start.

    seconds: for which it must run without a restart. timeout: seconds after which the check gives up.
    """

    service: str
    seconds: float = 8.0
    timeout: float = 20.0
    clock: Clock = field(default=SYSTEM_CLOCK, repr=False, compare=False)

    @property
    def name(self) -> str:
        return f"running {self.service}"

    def run(self, probe: Probe) -> str:
        """Looks until each instance has run for long enough. Raises CheckFailed, or OSError if one can't be asked."""
        first: dict[str, int] = {}
        states: tuple[ProcessState, ...] = ()
        for _ in polls(self.clock, deadline=self.timeout, first=0.5, most=2.0):
            states = probe.processes(self.service)
            for one in states:
                # One that was started again long ago may have been rebooted; one that is now is not up.
                if one.state not in ("running", "starting") or one.restarts > first.setdefault(
                    one.instance, one.restarts
                ):
                    raise CheckFailed(_not_running(one))
            if all(one.state == "running" and (one.seconds or 0.0) >= self.seconds for one in states):
                return f"runs on {len(states)} instance{'s' if len(states) != 1 else ''}"
        raise CheckFailed("; ".join(_not_running(one) for one in states) or "no instance runs it")


def _not_running(state: ProcessState) -> str:
    again = f", restarted {state.restarts} time{'s' if state.restarts != 1 else ''}" if state.restarts else ""
    return f"{state.instance}: {state.state}{again}"


@dataclass(frozen=True)
class DatabaseCheck:
    """Logs in to a database through an instance of a service that needs it, and runs a query.

    resource: name of the database. expect: first value of the first row, as text; None: any result. timeout: seconds.
    """

    resource: str
    query: str = "select 1"
    expect: str | None = None
    timeout: float = 10.0

    @property
    def name(self) -> str:
        return f"database {self.resource}" + ("" if self.query == "select 1" else f": {_short(self.query, 40)}")

    def run(self, probe: Probe) -> str:
        """One login and one query. Raises CheckFailed, or OSError if the database is not reachable."""
        rows = probe.query(self.resource, self.query, timeout=self.timeout)
        if self.expect is not None:
            seen = str(rows[0][0]) if rows and rows[0] else "nothing"
            if seen != self.expect:
                raise CheckFailed(f"the query returned {_short(seen, SHOWN)}, expected {self.expect}")
        return f"{len(rows)} row{'s' if len(rows) != 1 else ''}"


@dataclass(frozen=True)
class PingCheck:
    """Sends a PING to a Redis through an instance of a service that needs it. resource: its name. timeout: seconds."""

    resource: str
    timeout: float = 10.0

    @property
    def name(self) -> str:
        return f"redis {self.resource}"

    def run(self, probe: Probe) -> str:
        """One connection, one PING. Raises CheckFailed, or OSError if the Redis is not reachable."""
        return probe.ping(self.resource, timeout=self.timeout)


@dataclass(frozen=True)
class AccessCheck:
    """Asks AWS for a bucket, queue or topic on an instance of a service, with the rights of its role.

    kind: its type, as people know it. resource, service: names. timeout: seconds.
    """

    kind: str
    resource: str
    service: str
    timeout: float = 10.0

    @property
    def name(self) -> str:
        return f"{self.kind} {self.resource} for {self.service}"

    def run(self, probe: Probe) -> str:
        """One request that only looks. Raises CheckFailed where it is refused, OSError where nothing answers."""
        return probe.reach(self.service, self.resource, timeout=self.timeout)


@dataclass(frozen=True)
class TlsCheck:
    """Checks the certificate that a host presents: chain, host name, expiry.

    host: name that the certificate must be valid for. port: TCP port. days: minimum number of days until it expires.
    connect: (host, port) to connect to instead. authorities: PEM file of the only certificate authorities to trust;
    None: the system's. timeout: seconds.
    """

    host: str
    port: int = 443
    days: int = 14
    connect: tuple[str, int] | None = None
    authorities: str | None = None
    timeout: float = HANDSHAKE_SECONDS
    clock: Clock = field(default=SYSTEM_CLOCK, repr=False, compare=False)

    @property
    def name(self) -> str:
        return f"tls {self.host}"

    def run(self, probe: Probe) -> str:  # noqa: ARG002  a handshake of our own is the check
        """One handshake. Raises CheckFailed, or OSError if nothing listens."""
        try:
            expires = inspect(
                self.host, self.connect or (self.host, self.port), authorities=self.authorities, timeout=self.timeout
            )
        except TlsError as error:
            raise CheckFailed(str(error)) from error
        left = _days(expires, self.clock.now())
        if left < self.days:
            raise CheckFailed(
                f"the certificate expires in {left} days ({expires:%Y-%m-%d}), expected at least {self.days}"
            )
        return f"valid for {left} days"


def _days(until: datetime, now: datetime) -> int:
    return (until - now).days


def _header(response: HttpResponse, name: str) -> str | None:
    return next((value for key, value in response.headers.items() if key.lower() == name.lower()), None)


def _leads_nowhere(response: HttpResponse, location: str | None) -> bool:
    """Whether a page that was asked for without TLS sends people to the same host with it, which nothing answers."""
    here, there = urlsplit(response.url), urlsplit(location or "")
    redirects = 300 <= response.status <= 399
    return redirects and (here.scheme, there.scheme) == ("http", "https") and here.hostname == there.hostname


def _leads_to(location: str, expected: str) -> bool:
    if expected.startswith("/"):
        # A server may name itself in front of the path.
        location = re.sub(r"^https?://[^/]*", "", location) or "/"
    return location == expected or location.startswith(expected)


def _quote(body: str) -> str:
    text = _short(" ".join(body.split()), SHOWN)
    return f'; the body begins "{text}"' if text else "; the body is empty"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
