"""Programs of this machine that open, dump and restore a database: which there are, and their arguments.

Passwords are in variables (PGPASSWORD, MYSQL_PWD), never among the arguments, which everybody here can list.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from hivemind.text.suggest import listed
from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Way

Arguments = Callable[["Way"], list[str]]
Programs = Mapping[str, Mapping[str, Arguments]]


def _by_variables(*more: str) -> Arguments:
    return lambda _: list(more)


def _by_url(way: Way) -> list[str]:
    return ["-u", way.variables["REDIS_URL"]]


def _mysql(*more: str) -> Arguments:
    def arguments(way: Way) -> list[str]:
        given = way.variables
        login = [f"--host={given['MYSQL_HOST']}", f"--port={given['MYSQL_PORT']}", f"--user={given['MYSQL_USER']}"]
        return ["--protocol=tcp", *login, *more, given["MYSQL_DATABASE"]]

    return arguments


# The way ends on this machine, so that no certificate can be for it; MariaDB's client demands one from 11.4 on.
_UNVERIFIED = "--skip-ssl-verify-server-cert"
_DUMPED = ("--single-transaction", "--quick", "--no-tablespaces")
CLIENTS: Programs = MappingProxyType(
    {
        "postgres": {"pgcli": _by_variables(), "psql": _by_variables()},
        "mysql": {"mysql": _mysql(), "mariadb": _mysql(_UNVERIFIED)},
        "mariadb": {"mariadb": _mysql(_UNVERIFIED), "mysql": _mysql()},
        "redis": {"valkey-cli": _by_url, "redis-cli": _by_url},
    }
)
"""Type of a resource -> its clients, the first that this machine has is taken: program -> its arguments."""
DUMPERS: Programs = MappingProxyType(
    {
        "postgres": {"pg_dump": _by_variables("--clean", "--if-exists", "--no-owner", "--no-privileges")},
        "mysql": {"mysqldump": _mysql(*_DUMPED), "mariadb-dump": _mysql(_UNVERIFIED, *_DUMPED)},
        "mariadb": {"mariadb-dump": _mysql(_UNVERIFIED, *_DUMPED), "mysqldump": _mysql(*_DUMPED)},
    }
)
"""Those that write a database as SQL that replaces the tables it names."""
RESTORERS: Programs = MappingProxyType(
    {
        "postgres": {
            "psql": _by_variables("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-")
        },
        "mysql": CLIENTS["mysql"],
        "mariadb": CLIENTS["mariadb"],
    }
)
"""Those that read such SQL."""
_INSTALL: Mapping[str, str] = MappingProxyType(
    {
        "pgcli": "`pip install pgcli`, or `apt install postgresql-client`",
        "pg_dump": "`apt install postgresql-client`",
        "psql": "`apt install postgresql-client`",
        "mysql": "`apt install default-mysql-client`",
        "mysqldump": "`apt install default-mysql-client`",
        "mariadb": "`apt install mariadb-client`",
        "mariadb-dump": "`apt install mariadb-client`",
        "valkey-cli": "`apt install redis-tools`",
    }
)


def started_with(programs: Programs, way: Way) -> tuple[list[str], Mapping[str, str]]:
    """The command, and the variables that it is to have. Raises HiveMindError where this machine has no such program,
    or where none is known for the resource's type."""
    known = programs.get(way.type, {})
    if not known:
        hint = f"Use `hivemind proxy {way.resource}` and a program of your own."
        raise HiveMindError(f"no program is known for {way.type}", hint=hint, exit_code=ExitCode.NOT_FOUND)
    variables = dict(way.variables)
    if "MYSQL_PASSWORD" in variables:
        variables["MYSQL_PWD"] = variables["MYSQL_PASSWORD"]
    for program, arguments in known.items():
        if found := shutil.which(program):
            return [found, *arguments(way)], variables
    install = _INSTALL[next(iter(known))]
    hint = f"Install one: {install}. Or use `hivemind proxy {way.resource}` and a program of your own."
    raise HiveMindError(f"this machine has no {listed(known)}", hint=hint, exit_code=ExitCode.NOT_FOUND)
