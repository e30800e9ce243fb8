"""Which driver SQLAlchemy is to speak to a database with, where the plain scheme of an address would choose another.

`postgresql://` means psycopg2 (https://docs.sqlalchemy.org/en/20/core/engines.html#postgresql), which an application of
asyncpg or of psycopg 3 does not have; asynchronous engines refuse it. `mysql://` means mysqlclient.
"""

from __future__ import annotations

from collections.abc import Sequence

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python.dependencies import Dependencies
from hivemind.detections.detection import Detection, Precedence

_USERS = ("sqlalchemy", "sqlmodel", "flask-sqlalchemy", "advanced-alchemy", "databases", "gino")
_ASYNCHRONOUS = r"\b(?:create_async_engine|async_engine_from_config|AsyncEngine)\b"
_CHANGED = r"\.replace\(.*(?:postgres|mysql)|\bdrivername\s*=|scheme\s*=\s*[\"'](?:postgres|mysql)|URL\.create\("
"""Code that sees to the scheme itself, or makes the address out of parts."""
_SYNCHRONOUS = (
    (("psycopg2", "psycopg2-binary", "psycopg2cffi"), None),
    (("psycopg", "psycopg-binary", "psycopg-c"), "postgresql+psycopg"),
    (("pg8000",), "postgresql+pg8000"),
    (("mysqlclient",), None),
    (("pymysql",), "mysql+pymysql"),
    (("mysql-connector-python",), "mysql+mysqlconnector"),
    (("mariadb",), "mysql+mariadbconnector"),
    (("asyncmy",), "mysql+asyncmy"),
    (("aiomysql",), "mysql+aiomysql"),
)
_ASKED = r"\.startswith\(\s*[\"']postgres://[\"']\s*\)"
_MOST_FILES = 400


def detect(folder: Folder, dependencies: Dependencies) -> list[Detection]:
    """`url_scheme`, such as `postgresql+asyncpg`; nothing where `postgresql` is right."""
    if not dependencies.has(*_USERS):
        return []
    files = list(folder.sources(".py", most=_MOST_FILES))
    if any(folder.line(file, _CHANGED) for file in files):
        return []
    for file in files:
        line = folder.line(file, _ASYNCHRONOUS)
        if line and (driver := dependencies.has("asyncpg", "psycopg")):
            return [_said(folder, f"postgresql+{driver}", file, line, driver)]
        if line and (driver := dependencies.has("asyncmy", "aiomysql")):
            return [_said(folder, f"mysql+{driver}", file, line, driver)]
    for drivers, scheme in _SYNCHRONOUS:
        if driver := dependencies.has(*drivers):
            return [_said(folder, scheme, *dependencies.names[driver], driver)] if scheme else []
    return []


def asked(folder: Folder, settings: Sequence[str]) -> list[Detection]:
    """`url_scheme` for a Django project whose settings ask whether the address begins with `postgres://`, the older
    name of the scheme (libpq takes both: PostgreSQL, "Connection URIs"), and do not change it. settings: files."""
    if any(folder.line(file, _CHANGED) for file in settings):
        return []
    for file in settings:
        if line := folder.line(file, _ASKED):
            return [_said(folder, "postgres", file, line, "the settings ask for it")]
    return []


def _said(folder: Folder, scheme: str, file: str, line: int | None, driver: str) -> Detection:
    return folder.found(
        "url_scheme", scheme, file, line, precedence=Precedence.CODE, confidence=0.8, note=driver, language="python"
    )
