"""What AWS can answer instead: expired tokens, throttling, refusals."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs


@dataclass
class Fault:
    """What AWS answers instead. action: of the API, `*` for any. after: calls that still pass. times: how often."""

    action: str
    code: str
    message: str
    status: int = 400
    times: int = 1
    after: int = 0
    seen: int = 0

    def strikes(self, action: str) -> bool:
        if self.action not in ("*", action) or self.times <= 0:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.times -= 1
        self.seen += 1
        return True


def action_of(environ: dict[str, Any]) -> str:
    """The operation of a request; `GET object` and the like of S3."""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return str(target).rpartition(".")[2]
    if environ["REQUEST_METHOD"] != "POST" or "x-www-form-urlencoded" not in environ.get("CONTENT_TYPE", ""):
        return f"{environ['REQUEST_METHOD']} object"
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return parse_qs(body.decode()).get("Action", ["?"])[0]


def refusal(fault: Fault, environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """A fault, in the protocol that the request speaks."""
    if environ.get("HTTP_X_AMZ_TARGET"):
        kind, body = "application/x-amz-json-1.1", f'{{"__type": "{fault.code}", "message": "{fault.message}"}}'
    elif environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        wrong = f"<Error><Type>Sender</Type><Code>{fault.code}</Code><Message>{fault.message}</Message></Error>"
        kind, body = "text/xml", f"<ErrorResponse>{wrong}<RequestId>r</RequestId></ErrorResponse>"
        if "ec2" in environ.get("HTTP_AUTHORIZATION", "").partition("/aws4_request")[0].rpartition("/")[2]:
            body = f"<Response><Errors>{wrong}</Errors><RequestID>r</RequestID></Response>"
    else:
        kind, body = "application/xml", f"<Error><Code>{fault.code}</Code><Message>{fault.message}</Message></Error>"
    start_response(f"{fault.status} Refused", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body.encode()]
