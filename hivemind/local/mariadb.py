"""DB instances of MySQL and MariaDB: one `mariadbd` process each, that of this machine, on loopback.

No wheel brings a server, so it must be installed. Whatever engine and version was asked for, it is this one; clients
of MySQL work with it. The master user has, as on RDS, no SUPER.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from hivemind.local.launch import MOUNTS
from hivemind.local.servers import HOST, ServerFailed, Servers, give, owner
from hivemind.machine.programs import answer

ADMIN = "rdsadmin"
PROGRAM, MAKER = "mariadbd", "mariadb-install-db"
INSTALL = "apt install mariadb-server-core (Debian, Ubuntu), or brew install mariadb (macOS)"
_PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/opt/homebrew/bin", "/usr/local/opt/mariadb/bin")
"""Where servers lie that are not on the path of ordinary users."""
_SETTINGS = {
    "bind-address": HOST,
    "skip-name-resolve": "ON",
    "performance-schema": "OFF",
    "innodb-buffer-pool-size": "32M",
    "innodb-log-file-size": "16M",
    # A power cut may cost the last second's transactions; nothing else can.
    "innodb-flush-log-at-trx-commit": "2",
    "character-set-server": "utf8mb4",
    "max-connections": "200",
}
_RIGHTS = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, "
    "CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, "
    "CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER"
)
"""Of the master user (Amazon RDS User Guide, "Master user account privileges")."""


def program(name: str = PROGRAM) -> str | None:
    """The path of a program of MariaDB's on this machine; None where there is none."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), *_PLACES)))


class MariaDb(Servers):
    """The DB instances of MySQL and MariaDB of this local cloud."""

    name = "MariaDB"
    ending = (signal.SIGTERM, signal.SIGKILL)

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, "databases.json", Path("/"))
        self._making = asyncio.Lock()

    def version(self) -> str:
        """What really runs, such as `MariaDB 10.11.19`."""
        found = program()
        said = (answer([found, "--version"], seconds=10) or "").split() if found else []
        number = next((word.partition("-")[0] for word in said if word[:1].isdigit()), "")
        return f"MariaDB {number}".strip()

    async def create(self, key: str, user: str, password: str, database: str | None, restore: str | None) -> int:
        """Makes and starts a database server; its port. restore: name of a snapshot to fill it from.

        Raises ServerFailed.
        """
        home = await asyncio.to_thread(self._new_home, key)
        if restore:
            await asyncio.to_thread(_unpack, self._snapshots() / restore, home)
        else:
            async with self._making:
                made = await self._made()
            await asyncio.to_thread(shutil.copytree, made / "data", home / "data")
        await asyncio.to_thread(_hand_over, home)
        self._known[key] = {"port": 0, "admin": secrets.token_urlsafe(24)}
        port = await self.start(key)
        name = [f"CREATE DATABASE IF NOT EXISTS {_quoted(database)}"] if database else []
        await asyncio.to_thread(self._execute, key, [*name, *_master(user, password)])
        return port

    async def _made(self) -> Path:
        """What mariadb-install-db makes, once for all servers here. Raises ServerFailed."""
        maker = program(MAKER)
        if maker is None or program() is None:
            raise ServerFailed(f"{PROGRAM} is not installed on this machine: {INSTALL}")
        made = self._directory / ("made-" + self.version().rpartition(" ")[2])
        if made.exists():
            return made
        fresh = self._empty(made.with_suffix(".new"))
        options = ("--no-defaults", f"--datadir={self._seen(fresh)}/data", "--auth-root-authentication-method=normal")
        command = self._command(fresh, maker, *options, "--skip-test-db", f"--basedir={Path(maker).parents[1]}")
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd="/",
        )
        output, _ = await process.communicate()
        if process.returncode != 0:
            raise ServerFailed(f"{MAKER}: {output.decode(errors='replace').strip()[-800:]}")
        fresh.rename(made)
        return made

    @staticmethod
    def _seen(home: Path) -> str:
        # It follows /proc/self/fd to the folder's path, which it may not pass through: the folder is mounted.
        return f"{MOUNTS}/home" if owner() is not None and sys.platform == "linux" else str(home)

    def _command(self, home: Path, program: str, *arguments: str) -> list[str]:
        command = super()._command(home, program, *arguments)
        if owner() is not None and sys.platform == "linux":
            command.insert(command.index("--"), f"mount=home={home}")
        return command

    async def start(self, key: str) -> int:
        """Starts a stopped one, on its port of before where that is free. Raises ServerFailed."""
        if key not in self._running:
            await asyncio.to_thread(self._write_first_statements, key)
        return await super().start(key)

    def _write_first_statements(self, key: str) -> None:
        """What the server runs before it listens: its administrator has the password that we know."""
        file = self._home(key) / "init.sql"
        who, admin = f"'{ADMIN}'@'{HOST}'", self._known[key]["admin"]
        statements = [f"CREATE USER IF NOT EXISTS {who}", f"ALTER USER {who} IDENTIFIED BY '{admin}'"]
        statements += [
            f"GRANT ALL PRIVILEGES ON *.* TO {who} WITH GRANT OPTION",
            "DROP USER IF EXISTS 'root'@'localhost'",
        ]
        file.unlink(missing_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as text:
            text.writelines(f"{statement};\n" for statement in statements)
        give(file)

    def _program(self, folder: str, port: int) -> Sequence[str]:
        found = program()
        if found is None:
            raise ServerFailed(f"{PROGRAM} is not installed on this machine: {INSTALL}")
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        places = [f"--datadir={folder}/data", f"--socket={folder}/socket", f"--pid-file={folder}/pid"]
        return [found, "--no-defaults", *places, f"--init-file={folder}/init.sql", f"--port={port}", *settings]

    async def _answers(self, key: str, port: int) -> bool:
        try:
            await asyncio.to_thread(self._execute, key, [], port)
        except Exception:  # noqa: BLE001 - whatever the driver says, it is not ready
            return False
        return True

    async def set_password(self, key: str, user: str, password: str) -> None:
        """Changes a user's password."""
        await self.start(key)
        await asyncio.to_thread(self._execute, key, _master(user, password))

    async def snapshot(self, key: str, name: str) -> None:
        """Keeps all databases and users of a server as a file `name` among the snapshots. The server stops for it."""
        await self.stop(key)
        folder = self._snapshots()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        await asyncio.to_thread(_pack, self._home(key) / "data", folder / name)

    def _execute(self, key: str, statements: Sequence[str], port: int | None = None) -> None:
        import pymysql

        known = self._known[key]
        connection = pymysql.connect(
            host=HOST, port=port or int(known["port"]), user=ADMIN, password=str(known["admin"]), connect_timeout=10
        )
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()


def _master(user: str, password: str) -> list[str]:
    """Statements that make the master user, or change its password."""
    who, secret = f"{_text(user)}@'%'", _text(password)
    return [
        f"CREATE USER IF NOT EXISTS {who} IDENTIFIED BY {secret}",
        f"ALTER USER {who} IDENTIFIED BY {secret}",
        f"GRANT {_RIGHTS} ON *.* TO {who} WITH GRANT OPTION",
    ]


def _text(value: str) -> str:
    from pymysql.converters import escape_string

    return f"'{escape_string(value)}'"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _hand_over(home: Path) -> None:
    give(home, *home.rglob("*"))


def _pack(data: Path, target: Path) -> None:
    with tarfile.open(target, "w") as archive:
        archive.add(data, "data", filter=_owned_by_nobody)


def _owned_by_nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _unpack(source: Path, home: Path) -> None:
    with tarfile.open(source) as archive:
        archive.extractall(home, filter="data")


def is_there() -> bool:
    """Whether this machine can run MySQL and MariaDB for the local cloud."""
    return program() is not None and program(MAKER) is not None
