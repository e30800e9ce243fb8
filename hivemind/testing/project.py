"""A project on disk on which tests run the `hivemind` command as a user would, in processes of their own."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hivemind.testing import commands
from hivemind.testing.commands import Running

TIMEOUT = 240.0
"""Seconds after which a command counts as hanging."""

WIDE = "1000"
"""Columns of the window that commands print for: what a test looks for is on one line."""

_PRIVATE = ("AWS_", "HIVEMIND_", "XDG_")
_FACES = frozenset({"CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"})

HELLO_APPLICATION = """\
import http.server, os, socketserver, sys

VERSION = "1"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        healthy = int(os.environ.get("HEALTH_STATUS", "200"))
        words = [os.environ.get("GREETING", "hello"), VERSION, self.path, self.headers.get("Host", "-")]
        body = "|".join(words).encode()
        self.send_response(healthy if self.path == "/health" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, text, *values):
        print(text % values, flush=True)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "hello", 8000


if os.environ.get("EXIT"):
    sys.exit(os.environ.get("EXIT"))
print("hello listens", flush=True)
Server(("", 8000), Handler).serve_forever()
"""
"""A small web application without requirements; its port is hard-coded. GREETING and HEALTH_STATUS change its
answers, EXIT makes it end at its start with these words."""


@dataclass(frozen=True)
class Ran:
    """The result of a command. code: exit code."""

    command: str
    code: int
    out: str
    err: str

    @property
    def lines(self) -> tuple[dict[str, Any], ...]:
        """Standard output as JSON, one object per line. Raises ValueError for any other line."""
        return tuple(json.loads(line) for line in self.out.splitlines())

    @property
    def last(self) -> dict[str, Any]:
        """The last line of standard output as JSON."""
        return self.lines[-1]

    def __str__(self) -> str:
        shown = [line for line in self.out.splitlines() if '"kind": "progress"' not in line]
        report = re.search(r"What is known is in (\S+)", self.err)
        defect = Path(report[1]).read_text(encoding="utf-8") if report and Path(report[1]).exists() else ""
        return "\n".join((f"$ {self.command}", *shown, self.err + f"(exit code {self.code})", defect))


@dataclass(frozen=True)
class Page:
    """An HTTP response."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Project:
    """A folder with a `hivemind.yaml`. home: HIVEMIND_HOME of its commands. environment: variables of its commands
    in addition to those of the test; None removes one. target: options that select the cloud. forked: whether commands
    may be forks of a process that has loaded HiveMind, which halves their time; otherwise each command loads it.
    timeout: seconds after which a command counts as hanging."""

    folder: Path
    home: Path
    environment: Mapping[str, str | None] = field(default_factory=dict)
    target: tuple[str, ...] = ("--local",)
    forked: bool = True
    timeout: float = TIMEOUT

    def write(self, files: Mapping[str, str]) -> None:
        """Writes text files. files: path in the folder -> content."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        """Replaces a text in a file. Raises ValueError if the file does not contain it."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise ValueError(f"{name} does not contain {old!r}")
        path.write_text(text.replace(old, new), encoding="utf-8")

    def start(self, *words: str, **files: Any) -> Running:
        """Starts `hivemind WORDS` in the folder. files: stdin, stdout and stderr, as subprocess.Popen takes them."""
        given: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return commands.start(words, self.folder, self._variables(), forked=self.forked, **(given | files))

    def run(self, *words: str, code: int | None = 0, stdin: str | None = None) -> Ran:
        """Runs `hivemind WORDS` in the folder to its end.

        code: the exit code it must have, None for any. stdin: what it reads. Raises AssertionError with its whole
        output for another exit code, subprocess.TimeoutExpired if it hangs.
        """
        started = self.start(*words, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE)
        try:
            out, err = started.communicate(stdin, timeout=self.timeout)
        finally:
            started.kill()
        ran = Ran(" ".join(("hivemind", *words)), started.returncode, out, err)
        if code is not None and ran.code != code:
            raise AssertionError(f"expected exit code {int(code)}\n{ran}")
        return ran

    def apply(self, *words: str, code: int | None = 0) -> Ran:
        """`hivemind apply --yes --json`."""
        return self.run("apply", *self.target, "--yes", "--json", *words, code=code)

    def status(self, *words: str) -> dict[str, Any]:
        """`hivemind status --json`."""
        return self.run("status", "--json", *words).last

    def get(self, path: str = "/", *, host: str | None = None, service: str | None = None) -> Page:
        """Sends a GET request to the deployment through its load balancer."""
        return self.ask("GET", path, host=host, service=service)

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        host: str | None = None,
        service: str | None = None,
    ) -> Page:
        """Sends a request to the deployment through its load balancer. service: whose address; default: the first."""
        return ask(self._url(service), method, path, body=body, headers=headers, host=host)

    def _url(self, service: str | None) -> str:
        """As recorded, which takes a hundredth of asking `hivemind status`; that is asked where there are several."""
        from hivemind.deploy.state import StateStore

        roots = (self.home / "local/deployments", self.home / "deployments")
        here = str(self.folder.resolve())
        known = [state for root in roots for state in StateStore(root).all().states if state.checkout == here]
        if len(known) == 1 and known[0].urls:
            urls = known[0].urls
            return urls[service] if service else next(iter(urls.values()))
        status = self.status()
        return str(status["urls"][service] if service else status["url"])

    def _variables(self) -> dict[str, str]:
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE) and name not in _FACES
        }
        if self.target != ("--local",):
            own |= {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        else:
            own["AWS_EC2_METADATA_DISABLED"] = "true"
        own |= {"HIVEMIND_HOME": str(self.home), "COLUMNS": WIDE}
        own.pop("PYTHONDONTWRITEBYTECODE", None)  # each command would compile HiveMind anew
        for name, value in self.environment.items():
            own.pop(name, None)
            if value is not None:
                own[name] = value
        return own


def ask(
    url: str,
    method: str = "GET",
    path: str = "/",
    *,
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
    host: str | None = None,
) -> Page:
    """Sends an HTTP request; follows no redirect. url: scheme, host and port. host: another Host header."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request(method, path, body=body, headers={**(headers or {}), **({"Host": host} if host else {})})
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Page(answer.status, answer.read().decode("utf-8", "replace"), found)
    finally:
        connection.close()


def hello(name: str = "hello", *, service: str = "", more: str = "") -> dict[str, str]:
    """Files of a project with one small web application.

    service: further lines of `services.web`. more: further lines of the blueprint.
    """
    indented = "".join(f"    {line}\n" for line in service.splitlines())
    blueprint = (
        f"hivemind: 1\nname: {name}\nservices:\n  web:\n    runtime: python\n    start: python app.py\n"
        f"    port: 8000\n    health: /health\n{indented}{more}"
    )
    return {"hivemind.yaml": blueprint, "app.py": HELLO_APPLICATION}
