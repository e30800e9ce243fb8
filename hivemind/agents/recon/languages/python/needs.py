"""Databases and variables that a Python application needs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python.dependencies import Dependencies
from hivemind.agents.recon.languages.python.environment_reads import EnvironmentRead, required
from hivemind.agents.recon.languages.python.source import PythonCode
from hivemind.blueprint.provided import given_value, is_given
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
    "mysql": ("mysqlclient", "pymysql", "aiomysql", "mysql-connector-python", "asyncmy", "mariadb"),
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
_SQLITE = r"sqlite3?(://|['\"]|\+|\.)|['\"]sqlite3?['\"]"
_SETTINGS = r"^(?:DEBUG|DATABASES|INSTALLED_APPS|ROOT_URLCONF)\s*[=:+]"
_TESTS = re.compile(r"(?:^|_)(?:PY)?TEST(?:S|ING)?_|_TEST(?:_|$)")
_GIVEN = frozenset({"PORT", "HOST", "HOME", "PATH", "USER", "PWD", "LANG", "SHELL", "TMPDIR", "HOSTNAME", "PYTHONPATH"})


def detect(
    folder: Folder, dependencies: Dependencies, source: PythonCode, settings: Sequence[str] = ()
) -> list[Detection]:
    """`need`s by a driver in the production dependencies and a variable that the code reads; `env_required`.

    A driver alone is less; least where the application does with an embedded database unless told otherwise. settings:
    files of the settings that a Django project is served with, what others add to last; empty where not known.
    """
    found: list[Detection] = []
    embedded = _embedded(folder, source, settings)
    used: set[str] = set()
    for need, drivers in DRIVERS.items():
        driver = dependencies.has(*drivers)
        if driver is None or (need == "mysql" and "postgres" in used):
            continue
        used.add(need)
        reads = _own_first(source, _VARIABLES[need])
        read = next((each for each in reads if not _TESTS.search(each.name)), next(iter(reads), None))
        is_embedded = embedded and need in {"postgres", "mysql"}
        defaults = [each.default or "" for each in source.reads if each is read or _KIND.search(each.name)]
        asked = next((each for each in source.database_addresses if each.asked and need == "postgres"), None)
        is_embedded = (
            is_embedded and asked is None and not any(re.search(_SCHEMES[need], default) for default in defaults)
        )
        spot = dependencies.names[driver]
        if need == "postgres" and not is_embedded:
            found += _addresses(folder, source)
        if read is None and asked is not None:
            note = f"{driver} in {_spot(spot)}, {asked.name}"
            found.append(
                folder.found(
                    "need", need, asked.file, asked.line, precedence=Precedence.CODE, confidence=0.95, note=note,
                    language=LANGUAGE,
                )
            )  # fmt: skip
            continue
        if read is None:
            found.append(_without_variable(folder, source, need, driver, spot, embedded=is_embedded))
            continue
        where = ", ".join([f"{driver} in {_spot(spot)}", *_parts(read, source, need)])
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
    aside = _other_settings(folder, settings)
    return found + [each for each in _required(folder, source) if each.file not in aside]


def _other_settings(folder: Folder, settings: Sequence[str]) -> frozenset[str]:
    """Settings beside those that are used, such as those for developers: what these read need not be set."""
    places = {file.rpartition("/")[0] for file in settings}
    beside = (file for file in folder.files if file.endswith(".py") and file.rpartition("/")[0] in places)
    others = (file for file in beside if file not in settings and folder.line(file, _SETTINGS) is not None)
    return frozenset(map(folder.in_repository, others))


def _addresses(folder: Folder, source: PythonCode) -> list[Detection]:
    """`env` for variables that hold the address of the database by what the code does with them, whatever they are
    called: the only one, or those that are asked whether PostgreSQL's is in them."""
    known = [each for each in source.database_addresses if not is_given(each.name) and not _TESTS.search(each.name)]
    asked = [each for each in known if each.asked] or known
    if len({each.name for each in asked}) != 1 or given_value(asked[0].name, ("postgres",)) is not None:
        return []
    one = asked[0]
    return [
        folder.found(
            "env", f"{one.name}=$DATABASE_URL", one.file, one.line, precedence=Precedence.CODE, confidence=0.8,
            note="the address of a database", language=LANGUAGE,
        )
    ]  # fmt: skip


def _own_first(source: PythonCode, pattern: str) -> list[EnvironmentRead]:
    """What code connects to first, then `DATABASE_URL` before `GEO_DATABASE_URL`, which is another database's."""
    connected = {each.name for each in source.database_addresses}
    reads = [each for each in source.reads if re.search(pattern, each.name)]
    return sorted(reads, key=lambda each: (each.name not in connected, re.match(pattern, each.name) is None))


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


def _embedded(folder: Folder, source: PythonCode, settings: Sequence[str]) -> bool:
    """Whether the code falls back to SQLite: in a default, or beside where it reads the address of a database. Of
    Django's settings, only those that name the database last count."""
    if deciding := next((file for file in settings if folder.line(file, r"\bDATABASES\b")), None):
        return folder.line(deciding, _SQLITE) is not None
    files = {each.file for each in source.reads if re.search(_VARIABLES["postgres"], each.name)}
    files |= {
        file
        for file in folder.sources(".py")
        if re.search(r"(^|/)(settings|config|database|db)\b[^/]*(/[^/]+)?$", file)
    }
    return any(folder.line(file, _SQLITE) is not None for file in sorted(files))


def _parts(read: EnvironmentRead, source: PythonCode, need: str) -> list[str]:
    """The variables that make up an address together: the one that was found, and those that are called alike. Of Redis
    also those of its other uses, REDIS_QUEUE_HOST beside REDIS_CACHE_HOST: one server is there for all."""
    begins, _, part = read.name.rpartition("_")
    if not begins or not _PART.fullmatch(part):
        return [read.name]
    here = [each.name for each in source.reads if each.file == read.file]
    alike = [name for name in here if name.startswith(f"{begins}_") and _PART.fullmatch(name.rpartition("_")[2])]
    others = [name for name in here if need == "redis" and given_value(name, (need,)) is not None]
    return list(dict.fromkeys([read.name, *alike, *others]))


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
