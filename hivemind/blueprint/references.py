"""References in a service's own variables, `$PGHOST`, and what stands for them where no resource is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from hivemind.blueprint.provided import given_value, resource_variable, url_variable

_REFERENCE = re.compile(r"\$(?:(\$)|\{([A-Z][A-Z0-9_]*)\}|([A-Z][A-Z0-9_]*)\b)")
NOWHERE = "not-there-while-building"
"""What secrets, names and passwords hold while a build runs."""
_ABSENT = {
    "DATABASE_URL": f"postgresql://{NOWHERE}@127.0.0.1:1/none", "PGHOST": "127.0.0.1", "PGPORT": "1", "PGUSER": NOWHERE,
    "PGPASSWORD": NOWHERE, "PGDATABASE": "none",
    "MYSQL_HOST": "127.0.0.1", "MYSQL_PORT": "1", "MYSQL_USER": NOWHERE, "MYSQL_PASSWORD": NOWHERE,
    "MYSQL_DATABASE": "none",
    "REDIS_URL": "redis://127.0.0.1:1", "REDIS_HOST": "127.0.0.1", "REDIS_PORT": "1",
    "QUEUE_URL": "http://127.0.0.1:1/none", "TOPIC_ARN": f"arn:aws:sns:us-east-1:000000000000:{NOWHERE}",
    "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
}  # fmt: skip
"""Nothing answers on port 1, and all of it parses: code that reads it at import must not fail."""

_ADDRESSES = {
    "postgres": _ABSENT["DATABASE_URL"],
    "mysql": f"mysql://{NOWHERE}@127.0.0.1:1/none", "mariadb": f"mysql://{NOWHERE}@127.0.0.1:1/none",
}  # fmt: skip
"""Type of a database -> an address of it that nothing answers on. Drivers refuse the scheme of another."""


def filled(own: Mapping[str, str], bound: Mapping[str, str]) -> dict[str, str]:
    """A service's own variables with the values of those that they refer to; `$$` is a dollar.

    bound: variable -> value, of resources. A reference to none of them stays as it is.
    """

    def value(match: re.Match[str]) -> str:
        return match[1] or bound.get(match[2] or match[3], match[0])

    return {name: _REFERENCE.sub(value, text) for name, text in own.items()}


def referred(text: str) -> frozenset[str]:
    """The names that a value refers to."""
    return frozenset(match[2] or match[3] for match in _REFERENCE.finditer(text) if not match[1])


def absent(needs: Iterable[str], types: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """What a build finds in place of the variables of resources: values that parse and lead nowhere.

    needs: names of resources. types: of those whose type is known; of another, a build finds what any would bring. The
    first database gives DATABASE_URL, as where it is deployed.
    """
    names = tuple(needs)
    addresses = {name: _ADDRESSES.get(types.get(name, "")) for name in names}
    first = next((address for address in addresses.values() if address), _ABSENT["DATABASE_URL"])
    urls = {
        url_variable(name): (addresses[name] or given_value(url_variable(name)) or "$DATABASE_URL") for name in names
    }
    others = {
        resource_variable(name, what): value
        for name in names
        for what, value in (("BUCKET", NOWHERE), ("QUEUE_URL", "$QUEUE_URL"), ("TOPIC_ARN", "$TOPIC_ARN"))
    }
    known = {**_ABSENT, "DATABASE_URL": first}
    return {**filled({**urls, **others}, known), **known} if names else {}
