"""Variables that the first file sets for a service: what it calls its database by a name of its own, and the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hivemind.blueprint.provided import given_values, is_given
from hivemind.blueprint.references import referred
from hivemind.blueprint.resolve import variables_of
from hivemind.detections.detection import settings

if TYPE_CHECKING:
    from hivemind.detections.answer import Answer

HOSTS = "ALLOWED_HOSTS"
"""Note of a variable that holds Django's list of admitted hosts."""
_MANY = 3
"""Variables of which a comment does not name each."""
_URL, _ASYNCHRONOUS = "$DATABASE_URL", "ASYNC"
_POSTGRES = "$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/$PGDATABASE"
_MYSQL = "$MYSQL_USER:$MYSQL_PASSWORD@$MYSQL_HOST:$MYSQL_PORT/$MYSQL_DATABASE"
_OF_MYSQL = ("mysql", "mariadb", "trilogy")
"""Beginnings of schemes of MySQL."""


def variables(seen: Answer, types: Sequence[str]) -> tuple[dict[str, str], str]:
    """Variable -> value, sorted, and why, as a comment.

    What an application calls its database or cache by names of its own gets the values of those that HiveMind sets.
    What the repository sets elsewhere (`env`) is set here, too. types: of the resources that the service gets.
    """
    read = [(str(found.value), found.file) for found in seen.several["env_required"]]
    read += [
        (name, found.file if found.language else "") for found in seen.several["needs"] for name in variables_of(found)
    ]
    addressed = _address(seen)
    stands = given_values((name for name, _ in read), types)
    own = {name: (addressed(name, stands[name]), file) for name, file in read if name in stands}
    own |= {name: (addressed(name, _URL), file) for name, file in read if "$" + name == _URL}
    said = {
        name: (addressed(name, value), found.evidence)
        for name, (value, found) in settings(seen.several["env"]).items()
        if name not in own and all(is_given(one, types) for one in referred(value))
    }
    own = {name: (value, file) for name, (value, file) in own.items() if value != "$" + name}
    hosts = dict.fromkeys(_hosts(seen), "*")
    files = [file for _, file in own.values() if file]
    reasons = [f"read in {min(files)}" if files else "the application's own names"] if own else []
    reasons += [f"{name}: {why}" for name, (_, why) in sorted(said.items())] if len(said) < _MANY else [
        f"also set in {', '.join(sorted({found.file for found in seen.several['env']}))}"
    ]  # fmt: skip
    if hosts:
        reasons.append(f"{', '.join(hosts)}: any host, until you name yours")
    values = {name: value for name, (value, _) in (said | own).items()} | hosts
    return dict(sorted(values.items())), "; ".join(reasons)


def _address(seen: Answer) -> Callable[[str, str], str]:
    """What a variable's value is, of the application's own name and the value that it would be given: an address with
    the scheme that its driver wants. Of two addresses the one that says that it is asynchronous has it."""
    scheme = seen.value("url_scheme")
    names = [str(found.value) for found in seen.several["env_required"]]
    apart = any(_ASYNCHRONOUS in name for name in names)

    def value(name: str, given: str) -> str:
        if given != _URL or scheme is None or (apart and _ASYNCHRONOUS not in name):
            return given
        return f"{scheme}://{_MYSQL if str(scheme).startswith(_OF_MYSQL) else _POSTGRES}"

    return value


def _hosts(seen: Answer) -> list[str]:
    """Variables that say which host names an application answers: a load balancer's health checks and its own name
    are none that a repository can know."""
    return [str(found.value) for found in seen.several["env_required"] if found.note == HOSTS]
