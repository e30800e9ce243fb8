"""Databases and variables that a Python application needs."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python.dependencies import Dependencies
from hivemind.agents.recon.languages.python.environment_reads import EnvironmentRead, required
from hivemind.agents.recon.languages.python.source import PythonCode
from hivemind.detections.detection import Detection, Precedence

LANGUAGE = "python"
DRIVERS = {
    "postgres": (
        "psycopg",
        "psycopg2",
        "psycopg2-binary",
        "psycopg-binary",
        "psycopg-c",
        "asyncpg",
        "pg8000",
        "aiopg",
        "psycopg2cffi",
    ),
    "mysql": ("mysqlclient", "pymysql", "aiomysql", "mysql-connector-python", "asyncmy"),
    "redis": (
        "redis",
        "aioredis",
        "django-redis",
        "rq",
        "valkey",
        "channels-redis",
        "arq",
        "django-rq",
        "flask-redis",
    ),
    "mongodb": ("pymongo", "motor", "mongoengine", "beanie"),
}
_VARIABLES = {
    "postgres": r"(DATABASE|POSTGRES\w*|PG|DB|SQLALCHEMY_DATABASE)_?(URL|URI|DSN|HOST)$|PGHOST$|POSTGRES_\w+$",
    "mysql": r"(DATABASE|MYSQL\w*|DB)_?(URL|URI|DSN|HOST)$|MYSQL_\w+$",
    "redis": r"(REDIS|VALKEY|CACHE|CELERY_BROKER|BROKER|RQ)\w*_?(URL|URI|HOST)$",
    "mongodb": r"MONGO\w*$",
}
_SCHEMES = {"postgres": "postgres", "mysql": "mysql|mariadb", "redis": "redis|valkey", "mongodb": "mongo"}
_KIND = re.compile(r"(?:^|_)(?:DATABASE|DB|SQL)_(?:TYPE|ENGINE|DRIVER|BACKEND|DIALECT|KIND|SCHEME)$")
"""Variables that say which of several databases is used."""
_PART = re.compile(r"HOST|HOSTNAME|SERVER|PORT|USER|USERNAME|PASS|PASSWORD|NAME|DB|DATABASE")
"""Ends of variables that hold a part of an address each."""
_TESTS = re.compile(r"(?:^|_)(?:PY)?TEST(?:S|ING)?_|_TEST(?:_|$)")
_GIVEN = frozenset({"PORT", "HOST", "HOME", "PATH", "USER", "PWD", "LANG", "SHELL", "TMPDIR", "HOSTNAME", "PYTHONPATH"})


def detect(folder: Folder, dependencies: Dependencies, source: PythonCode) -> list[Detection]:
    """`need`s by a driver in the production dependencies and a variable that the code reads; `env_required`.

    A driver alone is less; least where the application does with an embedded database unless told otherwise.
    """
    found: list[Detection] = []
    embedded = _embedded(folder, source)
    used: set[str] = set()
    for need, drivers in DRIVERS.items():
        driver = dependencies.has(*drivers)
        if driver is None or (need == "mysql" and "postgres" in used):
            continue
        used.add(need)
        reads = _own_first([each for each in source.reads if re.search(_VARIABLES[need], each.name)], _VARIABLES[need])
        read = next((each for each in reads if not _TESTS.search(each.name)), next(iter(reads), None))
        is_embedded = embedded and need in {"postgres", "mysql"}
        defaults = [each.default or "" for each in source.reads if each is read or _KIND.search(each.name)]
        is_embedded = is_embedded and not any(re.search(_SCHEMES[need], default) for default in defaults)
        spot = dependencies.names[driver]
        if read is None:
            found.append(_without_variable(folder, source, need, driver, spot, embedded=is_embedded))
            continue
        where = ", ".join([f"{driver} in {_spot(spot)}", *_parts(read, source)])
        found.append(
            folder.found(
                "need", need, read.file, read.line, precedence=Precedence.CODE,
                confidence=0.25 if is_embedded else 0.95, note=where, language=LANGUAGE,
            )
        )  # fmt: skip
        if (
            not is_embedded
            and not _TESTS.search(read.name)
            and not any(each.default for each in source.reads if each.name == read.name)
        ):
            found.append(
                folder.found(
                    "env_required", read.name, read.file, read.line, precedence=Precedence.CODE, confidence=0.6,
                    note=f"the address of {need}", language=LANGUAGE,
                )
            )  # fmt: skip
    return found + _required(folder, source)


def _own_first(reads: list[EnvironmentRead], pattern: str) -> list[EnvironmentRead]:
    """`DATABASE_URL` before `GEO_DATABASE_URL`, which is another database's."""
    return sorted(reads, key=lambda each: re.match(pattern, each.name) is None)


def _without_variable(
    folder: Folder, source: PythonCode, need: str, driver: str, spot: tuple[str, int | None], *, embedded: bool
) -> Detection:
    """A driver whose address stands in the code, or nowhere that is seen: a need where the code names a database of
    the kind, or uses the driver itself."""
    file, line = spot
    if (written := source.addresses.get(need)) and not embedded:
        return folder.found(
            "need", need, *written, precedence=Precedence.CODE, confidence=0.7, note=driver, language=LANGUAGE
        )
    module = driver.replace("-binary", "").replace("-", "_")
    if module in source.imports and not embedded:
        return folder.found(
            "need", need, *source.imports[module], precedence=Precedence.CODE, confidence=0.6, note=driver,
            language=LANGUAGE,
        )  # fmt: skip
    sure = 0.25 if embedded else 0.45
    return Detection("need", need, file, line, Precedence.DECLARED, sure, driver, LANGUAGE)


def _embedded(folder: Folder, source: PythonCode) -> bool:
    """Whether the code falls back to SQLite: in a default, or beside where it reads the address of a database."""
    files = {each.file for each in source.reads if re.search(_VARIABLES["postgres"], each.name)}
    files |= {
        file
        for file in folder.sources(".py")
        if re.search(r"(^|/)(settings|config|database|db)\b[^/]*(/[^/]+)?$", file)
    }
    return any(folder.line(file, r"sqlite3?(://|['\"]|\+|\.)|['\"]sqlite3?['\"]") is not None for file in sorted(files))


def _parts(read: EnvironmentRead, source: PythonCode) -> list[str]:
    """The variables that make up an address together: the one that was found, and those that are called alike."""
    begins, _, part = read.name.rpartition("_")
    if not begins or not _PART.fullmatch(part):
        return [read.name]
    alike = (each.name for each in source.reads if each.file == read.file and each.name.startswith(f"{begins}_"))
    return list(dict.fromkeys([read.name, *(one for one in alike if _PART.fullmatch(one.rpartition("_")[2]))]))


def _spot(spot: tuple[str, int | None]) -> str:
    file, line = spot
    return f"{file}:{line}" if line else file


def _required(folder: Folder, source: PythonCode) -> list[Detection]:
    """Variables without which the code stops at import."""
    found: dict[str, Detection] = {}
    for read in required(source.reads):
        if read.name not in _GIVEN:
            found.setdefault(
                read.name,
                folder.found(
                    "env_required", read.name, read.file, read.line, precedence=Precedence.CODE, confidence=0.8,
                    language=LANGUAGE,
                ),
            )  # fmt: skip
    return list(found.values())
