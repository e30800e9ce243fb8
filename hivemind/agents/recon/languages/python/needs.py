"""Databases and variables that a Python application needs."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python.dependencies import Dependencies
from hivemind.agents.recon.languages.python.source import EnvironmentRead, Source
from hivemind.detection import Detection, Precedence

DRIVERS = {
    "postgres": ("psycopg", "psycopg2", "psycopg2-binary", "psycopg-binary", "psycopg-c", "asyncpg", "pg8000", "aiopg"),
    "mysql": ("mysqlclient", "pymysql", "aiomysql", "mysql-connector-python", "asyncmy"),
    "redis": ("redis", "aioredis", "django-redis", "rq", "valkey"),
    "mongodb": ("pymongo", "motor", "mongoengine", "beanie"),
}
_VARIABLES = {
    "postgres": r"(DATABASE|POSTGRES\w*|PG|DB|SQLALCHEMY_DATABASE)_?(URL|URI|DSN|HOST)$|PGHOST$|POSTGRES_\w+$",
    "mysql": r"(DATABASE|MYSQL\w*|DB)_?(URL|URI|DSN|HOST)$|MYSQL_\w+$",
    "redis": r"(REDIS|VALKEY|CACHE|CELERY_BROKER|BROKER|RQ)\w*_?(URL|URI|HOST)$",
    "mongodb": r"MONGO\w*$",
}
_GIVEN = frozenset(
    {"PORT", "HOST", "HOME", "PATH", "USER", "PWD", "LANG", "SHELL", "TMPDIR", "HOSTNAME", "DATABASE_URL", "PYTHONPATH"}
)


def detect(folder: Folder, dependencies: Dependencies, source: Source) -> list[Detection]:
    """`need`s with a driver in the production dependencies and a variable that the code reads; `env_required`."""
    found: list[Detection] = []
    used: set[str] = set()
    for need, drivers in DRIVERS.items():
        driver = dependencies.has(*drivers)
        read = next((each for each in source.reads if re.search(_VARIABLES[need], each.name)), None)
        if driver is None or read is None:
            continue
        if need == "mysql" and "postgres" in used:
            continue
        used.add(need)
        where = f"{driver} in {_spot(dependencies.names[driver])}, {read.name}"
        sure = 0.7 if _embedded(read) else 0.95
        found.append(
            folder.found(
                "need", need, read.file, read.line,
                precedence=Precedence.CODE, confidence=sure, note=where, language="python",
            )
        )  # fmt: skip
    return found + _required(folder, source)


def _embedded(read: EnvironmentRead) -> bool:
    return "sqlite" in (read.default or "")


def _spot(spot: tuple[str, int | None]) -> str:
    file, line = spot
    return f"{file}:{line}" if line else file


def _required(folder: Folder, source: Source) -> list[Detection]:
    """Variables without which the code stops at import."""
    found: dict[str, Detection] = {}
    optional = {each.name for each in source.reads if each.default is not None}
    for read in source.reads:
        if read.default is None and read.at_import and read.name not in _GIVEN | optional:
            found.setdefault(
                read.name,
                folder.found(
                    "env_required",
                    read.name,
                    read.file,
                    read.line,
                    precedence=Precedence.CODE,
                    confidence=0.8,
                    language="python",
                ),
            )
    return list(found.values())
