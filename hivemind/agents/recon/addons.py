"""Names that platforms give to databases that they provide."""

from __future__ import annotations

import re

_NAMES = {
    "postgres": r"postgres|pgvector|timescale|crunchy|^pg$|elephantsql|neon",
    "redis": r"redis|valkey|keyvalue|upstash|openredis|memetria",
    "mysql": r"mysql|mariadb|jawsdb|cleardb|stackhero-mysql",
    "mongodb": r"mongo",
    "rabbitmq": r"rabbitmq|cloudamqp|^amqp",
    "memcached": r"memcache",
    "elasticsearch": r"elasticsearch|opensearch|bonsai|searchbox",
    "kafka": r"kafka",
}


def need_of(name: str) -> str | None:
    """The need that an add-on or database engine of this name fulfils: `heroku-postgresql:mini` -> postgres."""
    plain = name.lower()[:100]
    return next((need for need, pattern in _NAMES.items() if re.search(pattern, plain)), None)
