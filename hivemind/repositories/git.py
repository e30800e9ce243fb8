"""Runs git on repositories that nobody has looked at: nothing they say is executed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

_SAFE = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.pager=cat",
    "core.untrackedCache=false",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "core.autocrlf=false",
    "diff.external=",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "transfer.bundleURI=false",
    "protocol.ext.allow=never",
    "http.followRedirects=initial",
    "advice.detachedHead=false",
    "init.defaultBranch=main",
)
_PROTOCOLS = "https:http:ssh:file"
_KEPT = ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_ASKPASS", "GIT_SSL_", "GIT_PROXY_", "GIT_CONFIG_")
"""Variables that say how this user reaches servers; all others that git reads would point it elsewhere."""
_LOCAL_SECONDS = 120.0
_NETWORK_SECONDS = 900.0
_WATCH_SECONDS = 0.25


class GitFailed(Exception):
    """git ended with an error. words: what it said on its error output."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class TooLarge(Exception):
    """What arrived is over the bound."""


def local(folder: Path, *arguments: str) -> bytes:
    """What a git command that needs no network prints. It reads no configuration but the clone's own, which is ours.

    No filter program (`.gitattributes`) runs: they are configured by the user, and the user's settings are not read.
    Raises GitFailed.
    """
    return _run(arguments, folder, _environment(networked=False), _LOCAL_SECONDS)


def remote(
    folder: Path, *arguments: str, seconds: float = _NETWORK_SECONDS, watch: Callable[[], None] | None = None
) -> bytes:
    """What a git command that speaks to a server prints, with the user's own settings for credentials and proxies.

    watch: called some times a second; what it raises stops git. Raises GitFailed.
    """
    return _run(arguments, folder, _environment(networked=True), seconds, watch)


def available() -> None:
    """Raises HiveMindError where there is no git on this machine."""
    import shutil

    if shutil.which("git") is None:
        raise HiveMindError(
            "git is not installed",
            hint="Install it with `apt install git` or `brew install git`.",
            exit_code=ExitCode.NOT_FOUND,
        )


def _environment(*, networked: bool) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {
        "LC_ALL": "C",
        "GIT_ALLOW_PROTOCOL": _PROTOCOLS,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "1" if sys.stdin.isatty() else "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_ATTR_NOSYSTEM": "1",
    }
    if not networked:
        return environment | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    environment |= {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
    if not sys.stdin.isatty():
        environment.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=20")
    return environment


def _run(
    arguments: Sequence[str],
    folder: Path,
    environment: dict[str, str],
    seconds: float,
    watch: Callable[[], None] | None = None,
) -> bytes:
    settings = [part for setting in _SAFE for part in ("-c", setting)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        with _running(["git", *settings, *arguments], folder, environment, out.fileno(), said.fileno()) as process:
            code = _wait(process, seconds, watch)
        out.seek(0)
        said.seek(0)
        if code != 0:
            raise GitFailed(said.read(20_000).decode("utf-8", errors="replace"))
        return out.read()


@contextmanager
def _running(
    command: list[str], folder: Path, environment: dict[str, str], out: int, said: int
) -> Iterator[subprocess.Popen[bytes]]:
    asks = sys.stdin.isatty()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=None if asks else subprocess.DEVNULL, stdout=out, stderr=said
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], seconds: float, watch: Callable[[], None] | None) -> int:
    for _ in range(max(1, int(seconds / _WATCH_SECONDS))):
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_WATCH_SECONDS)
        if watch is not None:
            watch()
    raise GitFailed(f"Operation timed out after {seconds:.0f} seconds")
