"""All DB instances, each with the servers of its engine: PostgreSQL, or MariaDB for MySQL as well."""

from __future__ import annotations

from pathlib import Path

from hivemind.local.mariadb import MariaDb
from hivemind.local.postgres import Postgres

POSTGRES, MYSQL, MARIADB = "postgres", "mysql", "mariadb"
ENGINES = (POSTGRES, MYSQL, MARIADB)
PORTS = {POSTGRES: 5432, MYSQL: 3306, MARIADB: 3306}
"""Engine -> TCP port of its DB instances without one of their own."""


class Databases:
    """directory: of the local cloud's data. A key belongs to the servers that know it."""

    def __init__(self, directory: Path) -> None:
        self.postgres = Postgres(directory / "postgres")
        self.maria = MariaDb(directory / "mariadb")

    def _of(self, key: str) -> Postgres | MariaDb:
        return self.maria if key in self.maria.known() else self.postgres

    async def create(
        self,
        key: str,
        user: str,
        password: str,
        database: str | None,
        restore: str | None,
        *,
        engine: str = POSTGRES,
        demands_tls: bool = False,
    ) -> int:
        """Makes and starts a server; the port where clients reach it. restore: name of a snapshot to fill it from.

        Raises ServerFailed.
        """
        if engine == POSTGRES:
            return await self.postgres.create(key, user, password, database, restore, demands_tls=demands_tls)
        return await self.maria.create(key, user, password, database, restore)

    def demand_tls(self, key: str, demands: bool) -> None:
        """Whether a server refuses connections without TLS from now on; PostgreSQL's only."""
        if key in self.postgres.known():
            self.postgres.demand_tls(key, demands)

    async def set_password(self, key: str, user: str, password: str) -> None:
        """Changes a user's password."""
        await self._of(key).set_password(key, user, password)

    async def start(self, key: str) -> int:
        """Starts a stopped one. Raises ServerFailed."""
        return await self._of(key).start(key)

    async def snapshot(self, key: str, name: str) -> None:
        """Keeps all databases and users of a server as a file `name` among the snapshots."""
        await self._of(key).snapshot(key, name)

    async def discard_snapshot(self, name: str) -> None:
        """Deletes such a file, whichever servers keep it."""
        for servers in (self.postgres, self.maria):
            await servers.discard_snapshot(name)

    async def remove(self, key: str) -> None:
        """Ends a server and deletes its data."""
        await self._of(key).remove(key)

    def port(self, key: str) -> int | None:
        """Where a running one is reached on loopback."""
        return self._of(key).port(key)

    def address(self, key: str) -> tuple[str, int] | None:
        """Where the daemon reaches a running one for its instances."""
        return self._of(key).address(key)

    def version(self, engine: str = POSTGRES) -> str:
        """What really runs, such as `PostgreSQL 18.6`."""
        return (self.postgres if engine == POSTGRES else self.maria).version()
