"""The instance metadata service, version 2, at its own address in the network of the machines.

Document: "Use IMDS" in the EC2 User Guide. Who asks is told by the address; everybody has the keys of the account:
moto lets everybody do everything.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ADDRESS = "169.254.169.254"


class Metadata(ThreadingHTTPServer):
    """named: the id of the instance with an address. keys: access key and secret key of its role."""

    daemon_threads = True

    def __init__(self, named: Callable[[str], str | None], keys: tuple[str, str]) -> None:
        self.named, self.keys = named, keys
        super().__init__((ADDRESS, 80), _Handler)

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: Metadata

    def do_PUT(self) -> None:
        self._answer(200 if self.path == "/latest/api/token" else 404, "session")

    def do_GET(self) -> None:
        if self.headers.get("X-aws-ec2-metadata-token") != "session":
            self._answer(401, "")
            return
        found = self._known().get(self.path.removeprefix("/latest/meta-data/"))
        self._answer(404 if found is None else 200, found or "")

    def _known(self) -> Mapping[str, str]:
        key, secret = self.server.keys
        given = {"AccessKeyId": key, "SecretAccessKey": secret, "Token": "token"}
        name = self.server.named(self.client_address[0])
        return {
            "instance-id": name or "",
            "iam/security-credentials/": "role",
            "iam/security-credentials/role": json.dumps(given),
        }

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass
