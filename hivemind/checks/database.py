"""A login and a query on PostgreSQL, MySQL or MariaDB, through an instance that is let in."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hivemind.checks import mysql
from hivemind.hosts.bridge import bridge
from hivemind.releases.bindings import binding_values
from hivemind.releases.release import CheckFailed

if TYPE_CHECKING:
    from hivemind.hosts.ssh import Host
    from hivemind.releases.secret_values import SecretValues
    from hivemind.template.fragment import Binding


@dataclass(frozen=True)
class DatabaseLogin:
    """Where a database is, as its services see it, and who logs in. scheme: of its URL, which tells the protocol."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    scheme: str = "postgresql"


def login_of(binding: Binding, outputs: Mapping[str, str], secrets: SecretValues) -> DatabaseLogin:
    """The login that a binding hands to services: its placeholders host, port, user and password, and PGDATABASE or
    MYSQL_DATABASE."""
    values = binding_values(binding, outputs, secrets)
    database = binding.env.get("PGDATABASE") or binding.env.get("MYSQL_DATABASE", "postgres")
    scheme = binding.env.get("DATABASE_URL", "postgresql:").partition(":")[0]
    try:
        return DatabaseLogin(values["host"], int(values["port"]), values["user"], values["password"], database, scheme)
    except KeyError as missing:
        raise LookupError(f"the binding of {binding.resource} has no {missing}") from None


def query(host: Host, login: DatabaseLogin, sql: str, *, timeout: float = 10.0) -> list[tuple[Any, ...]]:
    """Logs in and runs one statement, read only. Encrypted where the server offers it.

    timeout: seconds for connection and for each answer. Raises CheckFailed with the server's words for a refused
    login or a failing statement, OSError where the server is not reached.
    """
    from pg8000.exceptions import DatabaseError, InterfaceError

    if login.scheme == "mysql":
        try:
            with bridge(host, login.host, login.port, timeout=timeout) as sock:
                return mysql.rows(sock, login, sql, timeout=timeout, encrypted=True)
        except mysql.NotEncrypted:
            with bridge(host, login.host, login.port, timeout=timeout) as sock:
                return mysql.rows(sock, login, sql, timeout=timeout, encrypted=False)
    with bridge(host, login.host, login.port, timeout=timeout) as sock:
        try:
            connection = _login(sock, login)
        except InterfaceError as error:
            raise ConnectionError(str(error)) from error
        except DatabaseError as error:
            raise CheckFailed(f"the database refused the login: {_words(error)}") from error
        try:
            return _fetch(connection, sql)
        except DatabaseError as error:
            raise CheckFailed(f"the query failed: {_words(error)}") from error
        finally:
            # The answer is there or an error is on its way; neither is lost over a farewell.
            with contextlib.suppress(Exception):
                connection.close()


def _login(sock: socket.socket, login: DatabaseLogin) -> Any:
    import pg8000.dbapi

    # Without an `ssl_context` of ours it encrypts where the server offers it and does not verify: the way to the
    # instance is authenticated, and from there it is as private as the application's own.
    return pg8000.dbapi.connect(
        login.user,
        host=login.host,
        port=login.port,
        database=login.database,
        password=login.password,
        sock=sock,
        application_name="hivemind-check",
    )


def _fetch(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    cursor.execute("set transaction read only")
    cursor.execute(sql)
    rows = cursor.fetchall() if cursor.description else []
    connection.rollback()
    return [tuple(row) for row in rows]


def _words(error: Exception) -> str:
    """The server's message: pg8000 gives its fields as a mapping."""
    fields = error.args[0] if error.args else None
    return str(fields.get("M", fields)) if isinstance(fields, dict) else str(error)
