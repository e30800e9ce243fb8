"""The variables that HiveMind sets for services which need a database or Redis, and which names of an application's
own stand for the same. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_HOST = "HOST|HOSTNAME|SERVER|ADDRESS"
_URL = "URL|URI|DSN|CONNECTION_?STRING"


@dataclass(frozen=True)
class _Given:
    """given: names that HiveMind sets, a pattern. subject: what names of an application's own begin with. parts: what
    they end with -> the value that they are to have; None for what there is none of."""

    given: str
    subject: str
    parts: Mapping[str, str | None]


_OF_TYPE: Mapping[str, _Given] = {
    "redis": _Given(
        "REDIS_(?:URL|HOST|PORT)",
        "REDIS(?:CLOUD|TOGO|(?:_(?:DB|CACHE|QUEUES?|JOBS?|TASKS?|SESSIONS?|RATE_LIMIT(?:S|ER)?|LIMITER|LOCKS?|PUBSUB))+)?|VALKEY|CACHE|BROKER|CELERY|RESULT|BULL(?:MQ)?|RQ|SIDEKIQ",
        {
            rf"(?:BACKEND|(?:TLS_)?(?:{_URL})|ENDPOINT_URI)": "$REDIS_URL", f"(?:{_HOST})": "$REDIS_HOST",
            # Redis Cloud calls host and port together the endpoint.
            "ENDPOINT(?:_URL)?": "$REDIS_HOST:$REDIS_PORT", "PORT": "$REDIS_PORT", "(?:DB|DATABASE|DB_INDEX)": "0",
            # It asks for none, and clients that have an empty one are refused.
            "(?:PASS|PASSWORD|USER|USERNAME)": None,
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
    "mysql": _Given(
        "DATABASE_URL|MYSQL_(?:HOST|PORT|USER|PASSWORD|DATABASE)",
        "DB|DATABASE|MYSQL|MARIADB|SEQUELIZE|KNEX|TYPEORM",
        {
            f"(?:{_HOST})": "$MYSQL_HOST", "PORT": "$MYSQL_PORT", "(?:USER|USERNAME)": "$MYSQL_USER",
            "(?:PASS|PASSWORD)": "$MYSQL_PASSWORD", "(?:NAME|DATABASE|DB)": "$MYSQL_DATABASE",
            f"(?:{_URL})": "$DATABASE_URL", "DIALECT": "mysql",
        },
    ),
}  # fmt: skip
"""Type of a resource -> its names. In this order: REDIS_DB_HOST is about Redis."""
TYPES = tuple(_OF_TYPE)
_SAME = {"mariadb": "mysql"}
"""Type -> the one that it has the variables of."""
_SQL = ("postgres", "mysql")


_OF_THE_APPLICATION = frozenset(
    {"APP", "APPLICATION", "MAIN", "PRIMARY", "DEFAULT", "PROD", "PRODUCTION", "LIVE", "SERVER", "SERVICE", "BACKEND",
     "API", "WEB", "SITE", "DJANGO", "FLASK", "SQLALCHEMY", "RAILS", "DIRECT", "ASYNC", "SYNC", "MIGRATION",
     "MIGRATIONS", "POOLED", "LOCAL", "DEV", "DEVELOPMENT", "STAGING"}
)  # fmt: skip
"""Words before the name of a database that say nothing of which one it is."""
_OF_ANOTHER = frozenset(
    {"GEO", "GIS", "LEGACY", "OLD", "SOURCE", "SRC", "EXTERNAL", "REMOTE", "UPSTREAM", "FOREIGN", "ANALYTICS",
     "WAREHOUSE", "DWH", "REPORT", "REPORTS", "REPORTING", "METRICS", "STATS", "LOG", "LOGS", "AUDIT", "ARCHIVE",
     "BACKUP", "REPLICA", "READ", "READONLY", "READER", "SECONDARY", "SECOND", "OTHER", "TARGET", "IMPORT", "EXPORT",
     "SHADOW", "TEST", "TESTS", "TESTING", "VECTOR", "SEARCH", "TIMESCALE", "CUSTOMER", "TENANT"}
)  # fmt: skip
"""Words that say that it is one beside the application's own. Prisma empties the one of SHADOW_DATABASE_URL ("About the
shadow database")."""


def resource_variable(resource: str, what: str) -> str:
    """The variable that holds something of a resource under its own name: `UPLOADS_BUCKET` for `uploads` and `BUCKET`;
    what the name says already is not said twice."""
    name = resource.upper().replace("-", "_")
    said = what.partition("_")[0]
    return what if name == said else f"{name.removesuffix(f'_{said}')}_{what}"


def url_variable(resource: str) -> str:
    """The variable that holds the address of a resource under its own name: `CACHE_URL` for `cache`."""
    return resource.upper().replace("-", "_") + "_URL"


def is_given(variable: str, types: Iterable[str] = TYPES) -> bool:
    """Whether HiveMind itself sets a variable for services that need resources of these types."""
    return any(re.fullmatch(_OF_TYPE[one].given, variable) for one in _known(types))


def given_value(variable: str, types: Iterable[str] = TYPES) -> str | None:
    """What a variable is to be set to that by its name is for a part of a resource of these types: `$PGHOST` for
    `PROD_DB_HOSTNAME`, a reference to what HiveMind sets. None for other names, and for those that it sets itself."""
    return next(_values(variable, types), None)


def given_values(variables: Iterable[str], types: Iterable[str] = TYPES) -> dict[str, str]:
    """Those of the variables that stand for the application's own database or cache -> what they are to be set to.

    A database has a password: its address goes to what is called like the application's own alone, not to
    GEO_DATABASE_URL beside DATABASE_URL, nor to one of two that are told apart by other words."""
    names, kinds = tuple(dict.fromkeys(variables)), tuple(types)
    values = {name: value for name in names if (value := given_value(name, kinds)) is not None}
    addressed = {name: _before(name) for name in values if re.search("PG|DATABASE|MYSQL", values[name])}
    usual = {words for words in addressed.values() if _OF_THE_APPLICATION.issuperset(words)}
    if not usual and not any(is_given(name, _SQL) for name in names):
        others = {words for words in addressed.values() if not _OF_ANOTHER.intersection(words)}
        usual = others if len(others) == 1 else usual
    return {name: value for name, value in values.items() if addressed.get(name, ()) in {(), *usual}}


def _before(variable: str) -> tuple[str, ...]:
    """The words of a variable before the name of the database: `("GEO",)` of GEO_DATABASE_URL."""
    databases = [_OF_TYPE[one] for one in _SQL]
    subjects = "|".join(one.subject for one in databases)
    parts = "|".join(databases[0].parts)
    match = re.fullmatch(rf"((?:[A-Z0-9]+_)*?)(?:{subjects})(?:_A?SYNC)?_?(?:{parts})", variable)
    return tuple(match[1].rstrip("_").split("_")) if match and match[1] else ()


def is_needless(variable: str, types: Iterable[str] = TYPES) -> bool:
    """Whether a variable is best left alone where there are resources of these types, such as a password of Redis."""
    return next(_values(variable, types), "") is None


def _values(variable: str, types: Iterable[str]) -> Iterator[str | None]:
    known = _known(types)
    for one, names in _OF_TYPE.items():
        if one not in known or is_given(variable):
            continue
        for part, value in names.parts.items():
            if re.fullmatch(rf"(?:[A-Z0-9]+_)*?(?:{names.subject})(?:_A?SYNC)?_?{part}", variable):
                yield value


def _known(types: Iterable[str]) -> frozenset[str]:
    """Those of the types that have names here, each under the one that it has them of."""
    return frozenset(_OF_TYPE).intersection(_SAME.get(one, one) for one in types)
