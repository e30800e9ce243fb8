"""A Probe that answers as told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hivemind.releases.release import HttpResponse, ProcessState

Answer = HttpResponse | OSError
NOTHING: Mapping[Any, Any] = {}


class FakeProbe:
    """A Probe for tests of checks.

    pages: (service, path) -> response, or an OSError to raise. rows: (resource, sql) -> rows. pongs: resource -> answer
    to PING. answers: (service, resource) -> what AWS says of it. outputs: (service, command) -> exit code and output.
    processes: service -> its states at one look after the other, the last one stays. Everything else gets a refused
    connection. asked: every call, in order.
    """

    def __init__(
        self,
        *,
        pages: Mapping[tuple[str, str], Answer] = NOTHING,
        rows: Mapping[tuple[str, str], Sequence[tuple[Any, ...]]] = NOTHING,
        outputs: Mapping[tuple[str, str], tuple[int, str]] = NOTHING,
        pongs: Mapping[str, str] = NOTHING,
        answers: Mapping[tuple[str, str], str] = NOTHING,
        processes: Mapping[str, Sequence[Sequence[ProcessState]]] = NOTHING,
    ) -> None:
        self._pages = pages
        self._rows = rows
        self._outputs = outputs
        self._pongs = pongs
        self._answers = answers
        self._processes = {name: list(looks) for name, looks in processes.items()}
        self.asked: list[tuple[str, str, str]] = []

    def http(self, service: str, path: str, *, timeout: float = 10.0, method: str = "GET") -> HttpResponse:  # noqa: ARG002
        self.asked.append((method, service, path))
        answer = self._pages.get((service, path)) or ConnectionRefusedError(111, f"no response for {path}")
        if isinstance(answer, OSError):
            raise answer
        return answer

    def query(self, resource: str, sql: str, *, timeout: float = 10.0) -> list[tuple[Any, ...]]:  # noqa: ARG002
        self.asked.append(("query", resource, sql))
        if (resource, sql) not in self._rows:
            raise ConnectionRefusedError(111, f"{resource} does not answer")
        return list(self._rows[resource, sql])

    def ping(self, resource: str, *, timeout: float = 10.0) -> str:  # noqa: ARG002
        self.asked.append(("ping", resource, ""))
        if resource not in self._pongs:
            raise ConnectionRefusedError(111, f"{resource} does not answer")
        return self._pongs[resource]

    def reach(self, service: str, resource: str, *, timeout: float = 10.0) -> str:  # noqa: ARG002
        self.asked.append(("reach", service, resource))
        if (service, resource) not in self._answers:
            raise ConnectionRefusedError(111, f"AWS does not answer {service}")
        return self._answers[service, resource]

    def processes(self, service: str) -> tuple[ProcessState, ...]:
        self.asked.append(("processes", service, ""))
        looks = self._processes.get(service)
        if not looks:
            raise ConnectionRefusedError(111, f"no instance of {service} answers")
        return tuple(looks.pop(0) if len(looks) > 1 else looks[0])

    def run(self, service: str, command: str, *, timeout: float = 30.0) -> tuple[int, str]:  # noqa: ARG002
        self.asked.append(("run", service, command))
        if (service, command) not in self._outputs:
            raise ConnectionRefusedError(111, f"no instance of {service} answers")
        return self._outputs[service, command]


def page(
    status: int = 200, body: str = "", *, headers: Mapping[str, str] = NOTHING, milliseconds: float = 1.0
) -> HttpResponse:
    """A response for `pages`."""
    return HttpResponse(status, dict(headers), body, milliseconds, "http://test.invalid/")
