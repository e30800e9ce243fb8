"""The AWS API emulator (ministack, exact pin) and every private name of it that we use.

This module has the serving; `emulated_stores.py` the records, `emulated_stacks.py` CloudFormation,
`emulated_services.py` the rest, `emulated_callers.py` what callers may do, and `closing.py` what shuts its doors. No
other module imports ministack.
`tests/local/test_emulator.py` fails when a new version moves one of these names or changes what we rely on.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from hivemind.local import closing
from hivemind.local.emulated_services import Services
from hivemind.local.emulated_stacks import Stacks
from hivemind.local.emulated_stores import SERVICES
from hivemind.local.files import write_text

log = logging.getLogger("hivemind.local")

VERSION = "1.5.33"
Response = tuple[int, dict[str, str], bytes]
Operation = Callable[[Mapping[str, Any]], Response]
Guard = Callable[[str, str, Mapping[str, str]], Response | None]
KEPT = (*SERVICES, "dynamodb", "sns", "sqs")
"""Services whose state is kept. The last are loaded when they are first used."""
STACKS = "cloudformation"


def prepare_environment(state: Path, port: int, region: str) -> None:
    """Sets what ministack reads when it is imported; call it before the first `Emulator`.

    state: folder for its saved state. port: where it will be served. region: for unsigned requests.
    """
    for name in [name for name in os.environ if name.startswith(("AWS_", "MINISTACK_", "LOCALSTACK_"))]:
        del os.environ[name]
    os.environ.update(
        PERSIST_STATE="1",
        STATE_DIR=str(state / "services"),
        S3_PERSIST="1",
        S3_DATA_DIR=str(state / "objects"),
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        LOG_LEVEL="WARNING",
        GATEWAY_PORT=str(port),
        BIND_HOST="127.0.0.1",
        MINISTACK_REGION=region,
        MINISTACK_HOST="localhost",
        # A container engine that happens to run here is none of our business.
        DOCKER_HOST="unix:///nonexistent/docker.sock",
    )
    # The client of one takes a third of what the daemon needs to start. ministack does without it where it is absent.
    sys.modules["docker"] = None  # type: ignore[assignment]


class Emulator(Stacks, Services):
    """ministack, and the places where our own behaviour goes in."""

    def __init__(self) -> None:
        super().__init__()
        self._saved: dict[str, int] = {}

    @property
    def asgi(self) -> Callable[..., Awaitable[None]]:
        """The ASGI application; it loads its saved state at lifespan startup and saves at shutdown."""
        application: Callable[..., Awaitable[None]] = self._app.app
        return application

    def save(self) -> None:
        """Writes the state of those services that changed since the last time to disk, each file atomically; the rest
        is written at shutdown. What can't be written now is left for the next time.

        Stacks are read before everything else and written after it: killed at any moment, a stack knows on disk of what
        its deletion, which goes on in threads, has not taken from the services' files yet.
        """
        from ministack.core import persistence

        every = self._app._build_persistence_save_dict()
        keys = [key for key, name in self._app._state_map.items() if name in KEPT and key in every]
        keys.sort(key=lambda key: key != STACKS)
        texts: dict[str, str] = {}
        for key in keys:
            try:
                # As ministack's own `save_state`, which takes ten times as long: it encodes piece by piece.
                content = {"__ministack_format__": persistence._state_format_version(key), "payload": every[key]()}
                if content["payload"] is not None:
                    texts[key] = json.dumps(content, default=persistence._json_default)
            except (RuntimeError, TypeError, ValueError):
                log.exception("the state of %s is not saved", key)
                texts.pop(STACKS, None)
        for key, text in reversed(texts.items()):
            if self._saved.get(key) == hash(text):
                continue
            try:
                write_text(Path(persistence.STATE_DIR, f"{key}.json"), text)
            except OSError:
                log.exception("the state of %s is not saved", key)
                return
            self._saved[key] = hash(text)

    def intercept(self, before: Guard, after: Callable[[str, str], None]) -> None:
        """Has `before(service, operation, headers)` answer instead of the service when it returns a
        response, and `after(service, operation)` called once a request was served."""
        serve = self._app._dispatch_service_request

        async def dispatch(  # noqa: PLR0917 - the signature is ministack's
            method: str,
            path: str,
            headers: dict[str, str],
            body: bytes,
            query: dict[str, Any],
            request_id: str,
        ) -> Response:
            service, operation = self._named(method, path, headers, body, query)
            refused = before(service, operation, headers)
            if refused is not None:
                return refused
            answer: Response = await serve(method, path, headers, body, query, request_id)
            after(service, operation)
            return answer

        self._app._dispatch_service_request = dispatch

    def _named(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> tuple[str, str]:
        """(service, operation); for REST services the operation is the HTTP method."""
        parameters = self._app._routing_params(method, path, headers, body, query)
        service = str(self._app.detect_service(method, path, headers, parameters))
        target = headers.get("x-amz-target", "")
        if target:
            return service, target.rpartition(".")[2]
        action = parameters.get("Action") or query.get("Action")
        if not action and b"Action=" in body[:4096]:
            from urllib.parse import parse_qs

            action = parse_qs(body.decode("utf-8", "replace")).get("Action")
        name = action[0] if isinstance(action, list) else action
        return service, str(name or method)

    def replace_operation(self, service: str, operation: str, make: Callable[[Operation | None], Operation]) -> None:
        """Puts `make(current)` in the place of a Query API operation of a service, such as `ec2` or `cloudformation`.
        current: None where the emulator has no such operation."""
        if service == "elasticache":
            # It has no table: each request looks for a function of this name.
            name = re.sub(r"(?=[A-Z])", "_", operation).lower()
            setattr(self._modules[service], name, make(getattr(self._modules[service], name)))
            return
        if service == "cloudformation":
            operations = self._handlers._ACTION_HANDLERS
        else:
            operations = self._modules[service]._ACTION_MAP
        operations[operation] = make(operations.get(operation))

    def xml(self, service: str, operation: str, inner: str) -> Response:
        """A successful Query API answer of `ec2` or `alb`."""
        module = self._modules[service]
        answer: Response = (
            module._xml(200, f"{operation}Response", inner) if service == "ec2" else module._xml(200, operation, inner)
        )
        return answer

    def error(self, service: str, code: str, message: str) -> Response:
        """A Query API error of a service, HTTP status 400."""
        if service == "cloudformation":
            from ministack.services.cloudformation.helpers import _error

            answer: Response = _error(code, message)
            return answer
        refusal: Response = self._modules[service]._error(code, message, 400)
        return refusal

    def close(self, templates: Callable[[Mapping[str, Any]], str | None], kinds: Callable[[str], str]) -> None:
        """Shuts the ways past `intercept` and `install` (`closing.py`). templates: why a template is not taken, a
        sentence, or None. kinds: the same of a resource type, always said."""
        closing.close_entries(self._app, KEPT)
        closing.close_types(self._provisioners, self._installed, kinds)
        closing.check_templates(self._template_modules, templates)
