"""A login and a query on MySQL or MariaDB, over a socket that is connected already."""

from __future__ import annotations

import socket
import ssl
from typing import Any, Protocol

from hivemind.releases.release import CheckFailed


class NotEncrypted(ConnectionError):
    """The server takes connections without TLS only."""


class Login(Protocol):
    """What of a login counts here."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def user(self) -> str: ...
    @property
    def password(self) -> str: ...
    @property
    def database(self) -> str: ...


def rows(sock: socket.socket, login: Login, sql: str, *, timeout: float, encrypted: bool) -> list[tuple[Any, ...]]:
    """Logs in and runs one statement, read only.

    timeout: seconds for each answer. Raises NotEncrypted where the server has no TLS, CheckFailed with the server's
    words for a refused login or a failing statement, OSError where the connection ends.
    """
    import pymysql

    connection = pymysql.connect(
        host=login.host,
        port=login.port,
        user=login.user,
        password=login.password,
        database=login.database,
        read_timeout=timeout,
        write_timeout=timeout,
        ssl=_unverified() if encrypted else None,
        program_name="hivemind-check",
        defer_connect=True,
    )
    try:
        connection.connect(sock)
    except pymysql.err.OperationalError as error:
        if encrypted and "SSL" in _words(error):
            raise NotEncrypted(_words(error)) from error
        raise _as_refusal(error, "the database refused the login") from error
    except pymysql.err.MySQLError as error:
        raise CheckFailed(f"the database refused the login: {_words(error)}") from error
    try:
        with connection.cursor() as cursor:
            cursor.execute("set session transaction read only")
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
    except pymysql.err.MySQLError as error:
        raise _as_refusal(error, "the query failed") from error
    finally:
        connection.close()


def _unverified() -> ssl.SSLContext:
    # The way to the instance is authenticated, and from there it is as private as the application's own.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _as_refusal(error: Exception, what: str) -> Exception:
    """Codes from 2000 are the client's own: the connection ended (MySQL, "Client Error Message Reference")."""
    code = error.args[0] if error.args else 0
    if isinstance(code, int) and 2000 <= code < 3000:
        return ConnectionError(_words(error))
    return CheckFailed(f"{what}: {_words(error)}")


def _words(error: Exception) -> str:
    return str(error.args[1]) if len(error.args) > 1 else str(error)
