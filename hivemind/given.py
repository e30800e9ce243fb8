"""The variables that HiveMind sets for services which need PostgreSQL or Redis, and which names of an application's
own stand for the same. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_HOST = "HOST|HOSTNAME|SERVER|ADDRESS"
_URL = "URL|URI|DSN|CONNECTION_STRING"


@dataclass(frozen=True)
class _Given:
    """given: names that HiveMind sets, a pattern. subject: what names of an application's own begin with. parts: what
    they end with -> the value that they are to have."""

    given: str
    subject: str
    parts: Mapping[str, str]


_OF_TYPE: Mapping[str, _Given] = {
    "redis": _Given(
        "REDIS_(?:URL|HOST|PORT)",
        "REDIS(?:CLOUD|TOGO)?|VALKEY|CACHE|BROKER|CELERY|RESULT|BULL(?:MQ)?|RQ|SIDEKIQ",
        {
            rf"(?:BACKEND|(?:TLS_|ENDPOINT_)?(?:{_URL}))": "$REDIS_URL", f"(?:{_HOST})": "$REDIS_HOST",
            "PORT": "$REDIS_PORT", "(?:PASS|PASSWORD|USER|USERNAME)": "", "(?:DB|DATABASE|DB_INDEX)": "0",
        },
    ),
    "postgres": _Given(
        "DATABASE_URL|PG(?:HOST|PORT|USER|PASSWORD|DATABASE)",
        "DB|DATABASE|POSTGRES|POSTGRESQL|PG|SEQUELIZE|KNEX|TYPEORM",
        {
            f"(?:{_HOST})": "$PGHOST", "PORT": "$PGPORT", "(?:USER|USERNAME)": "$PGUSER",
            "(?:PASS|PASSWORD)": "$PGPASSWORD", "(?:NAME|DATABASE|DB)": "$PGDATABASE", f"(?:{_URL})": "$DATABASE_URL",
            "DIALECT": "postgres",
        },
    ),
}  # fmt: skip
"""Type of a resource -> its names. In this order: REDIS_DB_HOST is about Redis."""
TYPES = tuple(_OF_TYPE)


def url_variable(resource: str) -> str:
    """The variable that holds the address of a resource under its own name: `CACHE_URL` for `cache`."""
    return resource.upper().replace("-", "_") + "_URL"


def is_given(variable: str, types: Iterable[str] = TYPES) -> bool:
    """Whether HiveMind itself sets a variable for services that need resources of these types."""
    return any(re.fullmatch(_OF_TYPE[one].given, variable) for one in types if one in _OF_TYPE)


def given_value(variable: str, types: Iterable[str] = TYPES) -> str | None:
    """What a variable is to be set to that by its name is for a part of a resource of these types: `$PGHOST` for
    `PROD_DB_HOSTNAME`, a reference to what HiveMind sets. None for other names, and for those that it sets itself."""
    if is_given(variable):
        return None
    known = frozenset(types)
    for one, names in _OF_TYPE.items():
        for part, value in names.parts.items():
            if one in known and re.fullmatch(rf"(?:[A-Z0-9]+_)*?(?:{names.subject})_?{part}", variable):
                return value
    return None
