"""The control API under `/_hivemind/`: what the CLI and LocalCloud ask the daemon beside AWS's API.

Every request carries the token of the daemon's record, which only its owner can read.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from hivemind.local.faults import Fault

if TYPE_CHECKING:
    from hivemind.local.region import Region

PREFIX = "/_hivemind/"
BODY_LIMIT = 100_000
Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Problem(Exception):
    """A request that cannot be answered: HTTP status and a sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """region: what it speaks for. token: what a caller must know. stop: ends the daemon."""

    def __init__(self, region: Region, token: str, stop: Callable[[], None]) -> None:
        self._region, self._token, self._stop = region, token, stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            if not secrets.compare_digest(headers.get("authorization", ""), f"Bearer {self._token}"):
                raise Problem(401, "the token is wrong")
            answer = self.answer(scope["method"], scope["path"].removeprefix(PREFIX), await _body(receive))
            status, body = 200, answer
        except Problem as problem:
            status, body = problem.status, {"error": str(problem)}
        content = json.dumps(body).encode()
        kinds = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": kinds})
        await send({"type": "http.response.body", "body": content})

    def answer(self, method: str, path: str, body: Any) -> Any:
        """The answer's JSON value. Raises Problem."""
        parts = path.strip("/").split("/")
        if (method, path) == ("POST", "stop"):
            self._stop()
            return {"stopping": True}
        if (method, path) == ("GET", "status"):
            return self._status()
        if parts[0] == "instances" and method == "GET":
            return self._instance(parts[1:])
        if (method, path) == ("GET", "web"):
            return self._web(body)
        if parts[0] == "faults":
            return self._faults(method, body)
        if parts[0] == "policies":
            return self._policies(method, body)
        raise Problem(404, f"Nothing at {method} {path}")

    def _status(self) -> dict[str, Any]:
        region = self._region
        return {
            "stacks": [
                {"account": account, "region": name, "name": stack}
                for account, name, stack in region.emulator.live_stacks()
            ],
            "pace": region.pace,
            "time": region.time.name,
            "instances": region.instances.mode,
            "instances_reason": region.instances.reason,
            "database": region.databases.version(),
            "cache": region.caches.version(),
        }

    def _instance(self, parts: list[str]) -> Any:
        """`ID/host-key` or `ID/ports/N`."""
        identity = parts[0]
        emulator = self._region.emulator
        if not any(one["InstanceId"] == identity for *_, one in emulator.everywhere(emulator.instances)):
            raise Problem(404, f"no instance {identity}")
        if parts[1:] == ["host-key"]:
            return {"host_key": self._region.host_key(identity)}
        if len(parts) == 3 and parts[1] == "ports" and parts[2].isdigit():
            host, port = self._region.instances.address(identity, int(parts[2]))
            return {"host": host, "port": port, "variable": self._region.instances.port_variable(identity)}
        raise Problem(404, "Ask for ID/host-key or ID/ports/N")

    def _web(self, body: Any) -> Any:
        """Where a load balancer's listener is reached: `{"dns_name": ..., "port": ...}`."""
        for balancer in self._region.view().load_balancers:
            if balancer.dns_name == body.get("dns_name"):
                try:
                    host, port = self._region.dataplane.address(balancer.arn, int(body["port"]))
                except KeyError:
                    break
                return {"host": host, "port": port, "name": balancer.name}
        raise Problem(404, f"no load balancer {body.get('dns_name')} listens on port {body.get('port')}")

    def _faults(self, method: str, body: Any) -> Any:
        table = self._region.faults
        if method == "POST":
            try:
                table.add(Fault.from_json(body))
            except (KeyError, TypeError, ValueError) as error:
                raise Problem(400, str(error)) from error
        elif method == "DELETE":
            return {"cleared": table.clear()}
        return {"faults": [fault.as_json() for fault in table.all()]}

    def _policies(self, method: str, body: Any) -> Any:
        """What callers may do: `{"account": ..., "policies": [DOCUMENT, ...]}`."""
        callers = self._region.callers
        if method == "POST":
            try:
                callers.restrict(str(body["account"]), list(body["policies"]))
            except (KeyError, TypeError, ValueError) as error:
                raise Problem(400, str(error)) from error
        elif method == "DELETE":
            callers.clear()
        return {"policies": dict(callers.policies())}


async def _body(receive: Receive) -> Any:
    content = b""
    while True:
        message = await receive()
        content += message.get("body", b"")
        if len(content) > BODY_LIMIT:
            raise Problem(413, "The request is too long")
        if not message.get("more_body"):
            break
    try:
        return json.loads(content) if content else {}
    except ValueError as error:
        raise Problem(400, "The request is not JSON") from error
