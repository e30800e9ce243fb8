"""Runs git on repositories that nobody has looked at: nothing they say is executed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
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
    # A server that works says something every five seconds (`uploadpack.keepAlive`); one that falls silent is left.
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=10",
    "advice.detachedHead=false",
    "init.defaultBranch=main",
)
_PROTOCOLS = "https:http:ssh:file"
_KEPT = ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_ASKPASS", "GIT_SSL_", "GIT_PROXY_", "GIT_CONFIG_")
"""Variables that say how this user reaches servers; all others that git reads would point it elsewhere."""
_LOCAL_SECONDS = 120.0
_LISTING_SECONDS = 30.0
_MOST_SAID = 32 * 1024 * 1024
"""Bytes that a command may print before it is ended."""
_NETWORK_SECONDS = 900.0
_MOST_MEMORY = 1_000_000
"""kB that git and its helpers may use to list branches."""
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

    watch: called some times a second; what it raises stops git. Raises GitFailed; TooLarge for an answer over 32 MB.
    """
    return _run(arguments, folder, _environment(networked=True), seconds, watch)


def entries(folder: Path, *arguments: str) -> Iterator[bytes]:
    """What a local git command with `-z` lists, one by one; whoever stops asking ends it. Raises GitFailed.

    For lists that a few bytes can make longer than any memory: trees that hold the same tree a million times.
    """
    settings = [part for setting in _SAFE for part in ("-c", setting)]
    until = time.monotonic() + _LISTING_SECONDS
    with tempfile.TemporaryFile() as said:
        command = ["git", *settings, *arguments]
        with _running(command, folder, _environment(networked=False), subprocess.PIPE, said.fileno()) as process:
            assert process.stdout is not None
            rest = b""
            with process.stdout as listed:
                while part := os.read(listed.fileno(), 1 << 16):
                    *whole, rest = (rest + part).split(b"\0")
                    yield from whole
                    if time.monotonic() > until:
                        raise GitFailed(f"Operation timed out after {_LISTING_SECONDS:.0f} seconds")
            if process.wait() != 0:
                said.seek(0)
                raise GitFailed(said.read(20_000).decode("utf-8", errors="replace"))


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
        # Lists of branches are kept in memory until they end; objects are not.
        limited = ["sh", "-c", f'ulimit -v {_MOST_MEMORY} 2>/dev/null; exec "$@"', "sh"]
        bounded = limited if arguments[0] == "ls-remote" else []
        command = [*bounded, "git", *settings, *arguments]
        with _running(command, folder, environment, out.fileno(), said.fileno()) as process:
            code = _wait(process, seconds, _both(watch, lambda: os.fstat(out.fileno()).st_size))
        out.seek(0)
        said.seek(0)
        if code != 0:
            raise GitFailed(said.read(20_000).decode("utf-8", errors="replace"))
        return out.read()


def _both(watch: Callable[[], None] | None, said: Callable[[], int]) -> Callable[[], None]:
    """Looks at what arrives, and at how much a command has printed."""

    def look() -> None:
        if said() > _MOST_SAID:
            raise TooLarge
        if watch is not None:
            watch()

    return look


@contextmanager
def _running(
    command: list[str], folder: Path, environment: dict[str, str], out: int, said: int
) -> Iterator[subprocess.Popen[bytes]]:
    asks = sys.stdin.isatty()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=None if asks else subprocess.DEVNULL,
        stdout=out,
        stderr=said,
        # Where nobody is asked for a password; a group of its own could not ask.
        process_group=None if asks else 0,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(2)
            process.kill()
            process.wait()
        if not asks:
            # Those that git started (for http, ssh) would go on to take what a server sends.
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)


def _wait(process: subprocess.Popen[bytes], seconds: float, watch: Callable[[], None]) -> int:
    for _ in range(max(1, int(seconds / _WATCH_SECONDS))):
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_WATCH_SECONDS)
        watch()
    raise GitFailed(f"Operation timed out after {seconds:.0f} seconds")
