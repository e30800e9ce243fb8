"""Servers of data: processes on loopback that keep a folder and a port of their own, whoever starts them again.

As root they run as `nobody`, who may pass through none of the folders above.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import socket
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hivemind.local.files import read_json, write_json
from hivemind.local.launch import MOUNTS

HOST = "127.0.0.1"
NOBODY = 65534
HELD = 200
"""Number of the descriptor by which a server under another user finds its folder."""
PATIENCE = 30.0
LOG_LIMIT = 2_000_000
REVIVALS = (0.1, 1.0, 5.0, 30.0)
"""Seconds before each try to start a server again that ended by itself."""
log = logging.getLogger("hivemind.local")


class ServerFailed(RuntimeError):
    """A server did not start or refused; the message says what it logged."""


class Servers(ABC):
    """The servers of one kind in this local cloud, by key (account, region and identifier in one).

    directory: holds a folder for each, the snapshots and a table. table: its file's name. package: importable name
    of what holds the programs, or the folder of those of this machine. All coroutines must run on one loop.
    """

    name: str
    """As people know it."""
    ending: Sequence[signal.Signals]
    """Signals that end it, the kindest first."""

    def __init__(self, directory: Path, table: str, package: str | Path) -> None:
        self._directory = directory
        self._table = directory / table
        self._known: dict[str, dict[str, Any]] = read_json(self._table, {})
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._watching: set[asyncio.Task[None]] = set()
        self._install = package if isinstance(package, Path) else _installation(package)

    @abstractmethod
    def _program(self, folder: str, port: int) -> Sequence[str]:
        """Path below the package, and arguments, of a server's process. folder: its own, as it sees it."""

    @abstractmethod
    async def _answers(self, key: str, port: int) -> bool:
        """Whether a server that was just started does its work already."""

    def known(self) -> tuple[str, ...]:
        """All that there are, running or not."""
        return tuple(self._known)

    def running(self) -> tuple[str, ...]:
        return tuple(self._running)

    def port(self, key: str) -> int | None:
        """Where a running one is reached on loopback."""
        return int(self._known[key]["port"]) if key in self._running else None

    def address(self, key: str) -> tuple[str, int] | None:
        """Where the daemon reaches a running one for its instances: host and port, or a Unix socket's path and 0."""
        port = self.port(key)
        return None if port is None else (HOST, port)

    async def start(self, key: str) -> int:
        """Starts a stopped one, on its port of before where that is free. Raises ServerFailed."""
        if key in self._running:
            return int(self._known[key]["port"])
        known, home = self._known[key], self._home(key)
        port = known["port"] = free_port(int(known["port"]))
        self._write_table()
        log = home / "log"
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.unlink()
        program, *arguments = self._program(self._seen(home), port)
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *self._command(home, program, *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                start_new_session=True,
            )
        self._running[key] = process
        await self._until_ready(key, process, port)
        watching = asyncio.create_task(self._watch(key, process))
        self._watching.add(watching)
        watching.add_done_callback(self._watching.discard)
        return port

    async def _watch(self, key: str, process: asyncio.subprocess.Process) -> None:
        """Starts a server again that nobody stopped, as the clouds do."""
        code = await process.wait()
        if self._running.get(key) is not process:
            return
        log.warning("%s %s ended unexpectedly (exit code %s); it is started again", self.name, key, code)
        await self.stop(key)  # and what stands before it, which knew its port
        for pause in REVIVALS:
            await asyncio.sleep(pause)
            if key not in self._known or key in self._running:
                return
            try:
                await self.start(key)
            except (ServerFailed, OSError):
                log.exception("%s %s did not start again", self.name, key)
            else:
                return

    async def _until_ready(self, key: str, process: asyncio.subprocess.Process, port: int) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        while process.returncode is None and loop.time() < deadline:
            if await self._answers(key, port):
                return
            await asyncio.sleep(0.03)
        await self.stop(key)
        tail = (self._home(key) / "log").read_text(errors="replace").splitlines()[-5:]
        raise ServerFailed(f"{self.name} did not start: " + " / ".join(tail))

    async def stop(self, key: str) -> None:
        """Ends a server after its work; it can be started again."""
        process = self._running.pop(key, None)
        if process is None:
            return
        for signal_number in self.ending:
            if process.returncode is None:
                process.send_signal(signal_number)
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                continue
            return

    async def remove(self, key: str) -> None:
        """Ends a server and deletes its data."""
        await self.stop(key)
        if self._known.pop(key, None) is not None:
            self._write_table()
        await asyncio.to_thread(shutil.rmtree, self._home(key), ignore_errors=True)

    async def discard_snapshot(self, name: str) -> None:
        (self._snapshots() / name).unlink(missing_ok=True)

    async def close(self) -> None:
        """Ends all servers."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*(self.stop(key) for key in list(self._running)))

    def _write_table(self) -> None:
        write_json(self._table, self._known)

    # -- folders and processes -------------------------------------------------------------------------

    def _home(self, key: str) -> Path:
        return self._directory / "servers" / key

    def _snapshots(self) -> Path:
        return self._directory / "snapshots"

    def _new_home(self, key: str) -> Path:
        """An empty folder of a server to be, which is this one's alone."""
        return self._empty(self._home(key))

    @staticmethod
    def _empty(folder: Path) -> Path:
        """The folder, emptied or new, of the user that servers run as."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        give(folder)
        return folder

    @staticmethod
    def _seen(home: Path) -> str:
        """The folder's path as its server sees it: as another user it may not pass through those above."""
        return f"/proc/self/fd/{HELD}" if owner() is not None and sys.platform == "linux" else str(home)

    def _command(self, home: Path, program: str, *arguments: str) -> list[str]:
        options = [f"parent={os.getpid()}"]
        binaries = self._install
        if (whose := owner()) is not None:
            options += [f"uid={whose[0]}", f"gid={whose[1]}"]
            options += [f"hold={HELD}={home}"] if sys.platform == "linux" else []
            if not _open_to_all(self._install):
                libraries = self._install.parent / f"{self._install.name}.libs"
                options += [f"mount={self._install.name}={self._install}"]
                options += [f"mount={libraries.name}={libraries}"] if libraries.is_dir() else []
                binaries = Path(MOUNTS) / self._install.name
        elif _nameless():
            options += [f"appear={NOBODY}"]
        launcher = str(Path(__file__).with_name("launch.py"))
        return [sys.executable, "-I", "-S", launcher, *options, "--", str(binaries / program), *arguments]


def give(*paths: Path) -> None:
    """Makes files and folders those of the user that servers run as."""
    if (whose := owner()) is not None:
        for path in paths:
            os.chown(path, *whose)


def _installation(package: str) -> Path:
    from importlib.util import find_spec

    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ServerFailed(f"The package {package.replace('_', '-')} is not installed")
    return Path(spec.origin).resolve().parent


def owner() -> tuple[int, int] | None:
    """User and group that servers run as where we are root; None: as we are."""
    if os.geteuid() != 0:
        return None
    import pwd

    # PostgreSQL refuses root and wants an account with a name; `nobody` is on every system, and we create none.
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def _nameless() -> bool:
    """Whether this user has no account, as in many containers: initdb wants one."""
    import pwd

    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return sys.platform == "linux"
    return False


def _open_to_all(path: Path) -> bool:
    """Whether every user may pass through the folder and all above it."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents) if folder.exists())


def free_port(preferred: int) -> int:
    """The port, or another one where that is taken. Raises ServerFailed."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServerFailed("No free port on loopback")
