"""The `format`s of our schema, which plugins may use too: each says what is wrong with a text, or None."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hivemind.blueprint.engines import MARIADB, MYSQL, POSTGRES, VALKEY, nearest_line, nearest_postgres, nearest_valkey
from hivemind.blueprint.forms import route_of, secret_of
from hivemind.blueprint.generated import GENERATE
from hivemind.blueprint.hours import NoHours, hours_of
from hivemind.blueprint.https_rules import wrong_with_domain
from hivemind.blueprint.schedules import wrong_with
from hivemind.blueprint.sizes import CACHE_FAMILIES, DATABASE_FAMILIES, INSTANCE_FAMILIES, REGIONS
from hivemind.text.suggest import did_you_mean, listed, nearest
from hivemind.values.state_address import NoAddress, address_of

_WIDEST_SSH = 8
_PATTERN_LIMIT = 128
_HOST = re.compile(r"(\*\.|\*)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.IGNORECASE)
_ROUTE_PATH = re.compile(r"/[A-Za-z0-9_\-.$/~\"'@:+&*?]*")
_ZONE_ID = re.compile(r"Z[A-Z0-9]{5,31}")
_SIZE = re.compile(r"[a-z0-9-]+\.[a-z0-9-]+")
SIZES: Mapping[str, Mapping[str, frozenset[str]]] = {
    "": INSTANCE_FAMILIES, "db.": DATABASE_FAMILIES, "cache.": CACHE_FAMILIES,
}  # fmt: skip
"""Prefix of a kind of size -> family -> its sizes."""


@dataclass(frozen=True)
class Problem:
    """id, message and hint of a finding; `{owner}` in the message is the part of the blueprint it is in."""

    id: str
    message: str
    hint: str | None = None


def _instance_type(text: str) -> Problem | None:
    return _size(text, "", "t3.small")


def _database_class(text: str) -> Problem | None:
    return _size(text, "db.", "db.t3.micro")


def _cache_node(text: str) -> Problem | None:
    return _size(text, "cache.", "cache.t3.micro")


def _size(text: str, prefix: str, example: str) -> Problem | None:
    families, bare = SIZES[prefix], text.removeprefix(prefix)
    family, _, size = bare.partition(".")
    message = f'unknown size "{text}" for {{owner}}'
    sizes = families.get(family)
    if sizes and size in sizes:
        return None if text.startswith(prefix) else Problem("H104", message, f"Did you mean {prefix}{bare}?")
    if sizes:
        near = nearest(size, sizes)
        return Problem(
            "H104",
            message,
            f"Did you mean {prefix}{family}.{near}?" if near else f"Sizes of {prefix}{family}: {listed(sizes)}.",
        )
    near = nearest(bare, (f"{name}.{size}" for name in families for size in families[name]))
    if near and (not _SIZE.fullmatch(bare) or bare.replace("-", "").replace("_", "") == near):
        return Problem("H104", message, f"Did you mean {prefix}{near}?")
    if _SIZE.fullmatch(bare) and text.startswith(prefix):
        return None  # a family newer than our list: `unlisted` warns
    return Problem("H104", message, f"For example: `{example}`.")


def size_prefix(text: str) -> str:
    """`db.` of an RDS class, `cache.` of an ElastiCache node type, nothing for an EC2 type."""
    return next((prefix for prefix in SIZES if prefix and text.startswith(prefix)), "")


def _postgres_version(text: str) -> Problem | None:
    newest = f"{max(POSTGRES)}.{POSTGRES[max(POSTGRES)]}"
    known = f'"{min(POSTGRES)}" to "{max(POSTGRES)}", or an exact one such as "{newest}"'
    return _version(
        text, nearest_postgres(text), "{owner} asks for version {} of PostgreSQL, which RDS does not offer", known
    )


def _mysql_version(text: str) -> Problem | None:
    return _version(text, nearest_line(text, MYSQL), _NOT_OFFERED.format("MySQL"), _lines(MYSQL))


def _mariadb_version(text: str) -> Problem | None:
    return _version(text, nearest_line(text, MARIADB), _NOT_OFFERED.format("MariaDB"), _lines(MARIADB))


_NOT_OFFERED = "{{owner}} asks for version {{}} of {}, which RDS does not offer"


def _lines(known: Mapping[str, int]) -> str:
    newest = list(known)[-1]
    return ", ".join(f'"{line}"' for line in known) + f', or an exact one such as "{newest}.{known[newest]}"'


def _valkey_version(text: str) -> Problem | None:
    known = ", ".join(f'"{version}"' for version in VALKEY)
    return _version(
        text, nearest_valkey(text), "{owner} asks for version {} of Valkey, which ElastiCache does not offer", known
    )


def _version(text: str, near: str | None, message: str, known: str) -> Problem | None:
    if near is None:
        return None
    hint = f'Did you mean "{near}"? Known versions: {known}.'
    return Problem("H134", message.format(json.dumps(text), owner="{owner}"), hint)


def unlisted(text: str) -> str | None:
    """For a size or region that may be newer than our lists: the nearest one that is in them, or an empty text."""
    if "." in text:
        prefix = size_prefix(text)
        families, bare = SIZES[prefix], text.removeprefix(prefix)
        if bare.partition(".")[0] in families or not _SIZE.fullmatch(bare):
            return None
        near = nearest(bare, (f"{name}.{size}" for name in families for size in families[name])) or ""
        return f"{prefix}{near}" if near else near
    return None if text in REGIONS or _region(text) else nearest(text, REGIONS) or ""


def _region(text: str) -> Problem | None:
    areas = {name.rpartition("-")[0] for name in REGIONS}
    area, _, number = text.rpartition("-")
    if area in areas and number.isdigit() and number.isascii():
        return None
    return Problem("H129", f'unknown region "{text}"', did_you_mean(text, REGIONS) or "For example: `eu-west-1`.")


def _ssh_cidr(text: str) -> Problem | None:
    problem = _network(text)
    if problem:
        return problem
    network = ipaddress.IPv4Network(text)
    if network.prefixlen < _WIDEST_SSH:
        message = f"{text} lets {'everyone' if network.prefixlen == 0 else 'a large part of the internet'} reach SSH"
        return Problem(
            "H117", message, "Name your own networks, or remove `ssh_from`: the Instance Connect Endpoint needs none."
        )
    return None


def _vpc_cidr(text: str) -> Problem | None:
    problem = _network(text)
    if problem or text.endswith("/16"):
        return problem
    return Problem("H116", f'"{text}" is not a /16', "For example: `10.20.0.0/16`.")


def _network(text: str) -> Problem | None:
    try:
        ipaddress.IPv4Network(text)
    except ValueError:
        pass
    else:
        if "/" in text:
            return None
        return Problem("H116", f'"{text}" is an address; expected a network', f"Write `{text}/32`.")
    message = f'"{text}" is not an IPv4 network'
    try:
        return Problem("H116", message, f"Did you mean {ipaddress.IPv4Network(text, strict=False)}?")
    except ValueError:
        return Problem("H116", message, "For example: `203.0.113.0/24`.")


def _folder(text: str) -> Problem | None:
    message = None
    if not text.strip():
        message = "the path is empty"
    elif text.startswith(("/", "~")) or re.match(r"[A-Za-z]:", text):
        message = f'"{text}" is not relative to the blueprint'
    elif "\\" in text:
        message = f'"{text}" contains backslashes; separate names with `/`'
    elif ".." in text.split("/"):
        message = f'"{text}" is outside of the blueprint\'s folder'
    return Problem("H121", message, "Name a folder or file inside of it, for example `app`.") if message else None


def _url_path(text: str) -> Problem | None:
    if text.startswith("/") and not re.search(r"[\s\x00-\x1f]", text) and len(text) <= 1024:
        return None
    if "://" in text:
        hint = "Write the part after the host."
    else:
        hint = f"Did you mean /{text}?" if re.fullmatch(r"[\w./-]+", text) else "For example: `/up`."
    return Problem("H107", f'"{text}" is not a URL path', hint)


def _route_path(text: str) -> Problem | None:
    if _ROUTE_PATH.fullmatch(text) and len(text) <= _PATTERN_LIMIT:
        return None
    hint = f"Did you mean /{text}?" if _ROUTE_PATH.fullmatch(f"/{text}") else "For example: `/api/*`."
    return Problem("H107", f'"{text}" is not a path that the load balancer can match', hint)


def _host(text: str) -> Problem | None:
    if len(text) <= _PATTERN_LIMIT and _HOST.fullmatch(text):
        return None
    bare = re.sub(r"^[a-z]+://", "", text).split("/")[0].split(":")[0]
    hint = f"Did you mean {bare}?" if bare != text and _HOST.fullmatch(bare) else "For example: `shop.example.com`."
    return Problem("H107", f'"{text}" is not a host name', hint)


def _route(text: str) -> Problem | None:
    route = route_of(text)
    if route is None or "://" in text:
        return Problem("H107", f'"{text}" is not a route', "For example: `shop.example.com/api/*`.")
    return (_host(route.host) if route.host else None) or (_route_path(route.path) if route.path else None)


def _secret_reference(text: str) -> Problem | None:
    if secret_of(text) or text == GENERATE:
        return None
    message = "not a reference to a secret (text hidden)"
    return Problem("H124", message, "Write `ssm:/NAME`, `secretsmanager:NAME#FIELD`, or `generate` for a new value.")


def _json_pointer(text: str) -> Problem | None:
    if re.fullmatch(r"(/([^~/]|~[01])*)+", text):
        return None
    hint = (
        f"Did you mean /{text}?"
        if text and not text.startswith("/")
        else "For example: `/Resources/Vpc/Properties/Tags`."
    )
    return Problem("H120", f'"{text}" is not a JSON Pointer into the template', hint)


def _regex(text: str) -> Problem | None:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        return Problem(
            "H107",
            f'"{text}" is not a regular expression: {error}',
            "Write a Python regular expression in single quotes.",
        )
    return None


def _hours(text: str) -> Problem | None:
    hours = hours_of(text)
    return Problem("H107", hours.message, hours.hint) if isinstance(hours, NoHours) else None


def _state_address(text: str) -> Problem | None:
    try:
        address_of(text)
    except NoAddress as error:
        return Problem("H510", str(error), error.hint)
    return None


def _domain(text: str) -> Problem | None:
    wrong = wrong_with_domain(text)
    return Problem("H107", *wrong) if wrong else None


def _hosted_zone(text: str) -> Problem | None:
    if _ZONE_ID.fullmatch(text):
        return None
    if not text.startswith("*") and (wrong := wrong_with_domain(text)) is None:
        return None
    hint = wrong[1] if not text.startswith("*") and wrong else "For example: `example.com`."
    return Problem("H107", f'"{text}" is neither the domain nor the id of a hosted zone', hint)


def _schedule(text: str) -> Problem | None:
    wrong = wrong_with(text)
    return Problem("H470", wrong.message, wrong.hint) if wrong else None


FORMATS: Mapping[str, Callable[[str], Problem | None]] = {
    "aws-region": _region,
    "cache-node-type": _cache_node,
    "domain": _domain,
    "ec2-instance-type": _instance_type,
    "folder": _folder,
    "host": _host,
    "hosted-zone": _hosted_zone,
    "hours": _hours,
    "json-pointer": _json_pointer,
    "mariadb-version": _mariadb_version,
    "mysql-version": _mysql_version,
    "postgres-version": _postgres_version,
    "rds-instance-class": _database_class,
    "regex": _regex,
    "route": _route,
    "route-path": _route_path,
    "schedule": _schedule,
    "secret-reference": _secret_reference,
    "ssh-cidr": _ssh_cidr,
    "state-address": _state_address,
    "url-path": _url_path,
    "valkey-version": _valkey_version,
    "vpc-cidr": _vpc_cidr,
}
