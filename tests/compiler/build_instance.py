"""A build instance without SSH: a folder, and commands that run in it with the base interpreter alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from compiler_builds import HOST

from hivemind.agents.compiler import hivemind_build
from hivemind.agents.compiler.remote.building import There
from hivemind.blueprint.model import Service
from hivemind.hosts.ssh import Completed
from hivemind.repositories.repository import read
from hivemind.values.artifact import Artifact, Platform


class BuildInstance:
    """As `hosts.ssh.Host`. put_there: names of what was sent. fetched: of what came back."""

    instance_id = "i-0123456789"

    def __init__(self, home: Path) -> None:
        self.home = home
        self.put_there: list[str] = []
        self.fetched: list[str] = []
        # As on an instance: no virtual environment, nothing but Python itself.
        shims = home / "bin"
        shims.mkdir(parents=True)
        (shims / "python3").symlink_to(Path(sys.executable).resolve())

    def program(self, name: str, script: str) -> None:
        """Puts a shell script on the PATH there."""
        file = self.home / "bin" / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def put(self, content: bytes | Path, remote: str, *, mode: int = 0o600) -> bool:
        target = self.home / remote
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.read_bytes() if isinstance(content, Path) else content)
        self.put_there.append(remote)
        return True

    def get(self, remote: str, target: Path) -> None:
        shutil.copyfile(self.home / remote, target)
        self.fetched.append(remote.rpartition("/")[2])

    def run(
        self,
        command: str,
        *,
        user: str | None = None,
        stdin: bytes = b"",
        timeout: float = 60.0,
        on_line: Callable[[str], None] | None = None,
        what: str = "",
    ) -> Completed:
        env = {"HOME": str(self.home), "PATH": f"{self.home}/bin:{os.defpath}", "LANG": "C.UTF-8"}
        done = subprocess.run(
            ["/bin/sh", "-c", command], input=stdin, capture_output=True, cwd=self.home, env=env, check=False
        )
        for line in done.stdout.decode().splitlines():
            if on_line is not None:
                on_line(line)
        return Completed(done.returncode, done.stdout.decode(), done.stderr.decode())


def build_there(
    instance: BuildInstance, root: Path, store: Path, platform: Platform = HOST, **service: Any
) -> Artifact:
    artifact = hivemind_build(
        Service("web", build_on="t3.large", **service), read(root), there(instance, store, platform)
    )
    assert artifact is not None
    return artifact


def there(instance: BuildInstance, store: Path, platform: Platform = HOST, **builders: str) -> There:
    """The instance as a place to build on."""
    return There(instance, "t3.large", platform, store, lambda _: None, builders)  # type: ignore[arg-type]
