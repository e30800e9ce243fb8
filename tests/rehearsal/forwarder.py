"""A load balancer's address: HTTP to healthy targets, by turns."""

from __future__ import annotations

import http.client
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from moto.elbv2.models import elbv2_backends
from tunnels import ACCOUNT

if TYPE_CHECKING:
    from room import MachineRoom


def forwarder(room: MachineRoom, load_balancer: Any) -> type[BaseHTTPRequestHandler]:
    """An HTTP server at a load balancer's address: each request goes to a healthy target of its listener."""

    class Forwarder(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            target = _target(load_balancer)
            if target is None:
                return self._give(503, b"no healthy target")
            connection = http.client.HTTPConnection(*target, timeout=30)
            try:
                sent = {**dict(self.headers), "X-Forwarded-For": self.client_address[0], "X-Forwarded-Proto": "http"}
                connection.request(self.command, self.path, body=body, headers=sent)
                answer = connection.getresponse()
                return self._give(answer.status, answer.read())
            except (OSError, http.client.HTTPException):
                return self._give(502, b"bad gateway")
            finally:
                connection.close()

        def _give(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _forward

        def log_message(self, *_: Any) -> None:
            pass

    turn = iter(range(1 << 62))

    def _target(balancer: Any) -> tuple[str, int] | None:
        backend = elbv2_backends[ACCOUNT][load_balancer.arn.split(":")[3]]
        actions = [action for listener in list(balancer.listeners.values()) for action in listener.default_actions]
        groups = [backend.target_groups.get(action.data.get("TargetGroupArn")) for action in actions]
        healthy = [
            (room.machines[one["Id"]].private, int(one["Port"]))
            for group in groups
            for one in list(group.targets.values() if group else ())
            if group.health_for(one, backend.ec2_backend).status == "healthy"
        ]
        return healthy[next(turn) % len(healthy)] if healthy else None

    return Forwarder
