"""A folder as an instance, and the installer run on it for real."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_artifacts import write

from hivemind.hosts.installer import installer
from hivemind.hosts.onhost.layout import ALONE


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def command_lines() -> list[bytes]:
    """The arguments of every process that may be seen."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes())
    return found


@dataclass
class Instance:
    """root: prefix of all paths there (HIVEMIND_ROOT)."""

    folder: Path
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.root.mkdir()
        self.program.write_bytes(installer().content)

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def program(self) -> Path:
        return self.folder / "installer.pyz"

    @property
    def home(self) -> Path:
        return self.root / "opt/hivemind/web"

    @property
    def current(self) -> str:
        return (self.home / "current").readlink().name

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HIVEMIND_ROOT": str(self.root)}

    def request(self, release: str = "r1", **changes: Any) -> dict[str, Any]:
        path, digest = write(self.folder, changes.pop("files", None))
        return {
            "service": "web",
            "release": release,
            "artifact": str(path),
            "digest": digest,
            "start": f"{sys.executable} main.py",
            "env": {"NAME": release, **changes.pop("env", {})},
            "port": self.port,
            "ready_timeout": 20,
            **changes,
        }

    def call(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=120,
            check=False,
        )

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, *ALONE, str(self.program), *arguments]

    def install(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        return steps(self.call("install", stdin=json.dumps(request)))

    def state(self) -> dict[str, Any]:
        status: dict[str, Any] = steps(self.call("status", "web"))[-1]["data"]
        return status

    def get(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=10) as answer:
            text: str = answer.read().decode()
        return text

    def everything_written(self) -> str:
        """Every file of the instance but the environment files."""
        files = [path for path in self.root.rglob("*") if path.is_file() and not path.is_symlink()]
        return "\n".join(path.read_bytes().decode(errors="replace") for path in files if path.name != "environment")

    def end(self) -> None:
        self.call("remove", "web", "--data")


def steps(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.stdout, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
