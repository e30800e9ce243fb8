"""The table behind `hivemind.descriptions`: phrases, and what each asks for.

| subject | value |
|---|---|
| `instances` | how many, of each web service |
| `size`, `database-size`, `cache-size` | EC2 instance type, RDS instance class, ElastiCache node type |
| `storage` | GB of the database |
| `region` | AWS region |
| `stage` | `stage-1` or `production` |
| `environment` | name of an environment |
| `cloud` | `local` or `aws` |
| `need`, `no-need` | resource type: `postgres`, `redis` ... |
| `available` | `multi-az`: survives the loss of an availability zone |
| `port`, `health`, `name` | as in the blueprint |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

NUMBERS = {
    "one": 1, "single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "couple of": 2, "pair of": 2, "dozen": 12,
}  # fmt: skip
PLACES = {
    "us-east-1": ("virginia", "n. virginia", "northern virginia", "us east"),
    "us-east-2": ("ohio",),
    "us-west-1": ("california", "northern california", "san francisco"),
    "us-west-2": ("oregon", "us west"),
    "ca-central-1": ("canada", "montreal"),
    "eu-central-1": ("frankfurt", "germany"),
    "eu-central-2": ("zurich", "switzerland"),
    "eu-west-1": ("ireland", "dublin"),
    "eu-west-2": ("london", "england", "united kingdom", "uk"),
    "eu-west-3": ("paris", "france"),
    "eu-north-1": ("stockholm", "sweden"),
    "eu-south-1": ("milan", "italy"),
    "eu-south-2": ("spain", "madrid"),
    "ap-northeast-1": ("tokyo", "japan"),
    "ap-northeast-2": ("seoul", "korea"),
    "ap-northeast-3": ("osaka",),
    "ap-south-1": ("mumbai", "india"),
    "ap-southeast-1": ("singapore",),
    "ap-southeast-2": ("sydney", "australia"),
    "ap-southeast-3": ("jakarta", "indonesia"),
    "ap-east-1": ("hong kong",),
    "sa-east-1": ("sao paulo", "s\u00e3o paulo", "brazil"),
    "me-central-1": ("dubai", "uae"),
    "af-south-1": ("cape town", "south africa"),
}
"""Region -> cities and countries. Source: AWS Regions and Availability Zones, the regions' names."""

DATABASES = {
    "postgres": ("postgresql", "postgres", "postgre", "psql", "pgsql"),
    "mysql": ("mysql", "mariadb"),
    "mongodb": ("mongodb", "mongo"),
    "redis": ("redis", "valkey"),
    "memcached": ("memcached", "memcache"),
    "elasticsearch": ("elasticsearch", "opensearch"),
    "rabbitmq": ("rabbitmq",),
    "kafka": ("kafka",),
    "bucket": ("s3 bucket", "object storage", "bucket", "s3"),
}

_FILLERS = """
a an and any app application are at be but by can could deploy deployed deployment deploying do each for from
get give has have i in instance instances is it its just like me my need needs needed of on one or our own
please project put region repo repository run running server service should site so some that the then this to
us use used using want wants we website web which will with would also only simple api host hosted behind as
small it's environment env
"""
FILLERS = frozenset(_FILLERS.split())
"""Words that say nothing by themselves: they are not reported as not understood."""

NEGATIONS = re.compile(
    r"\b(?:no|not|without|w/o|don'?t|doesn'?t|do not|does not|never|except|minus|skip|drop|avoid|excluding|instead of"
    r"|rather than|neither|nor)\s+(?:(?:a|an|any|the|use|using|need|needs|want|wants|have|having|in|on|with|create|add"
    r"|run|my|for|really|its|own|be|to|of)\s+){0,4}\Z",
    re.IGNORECASE,
)
"""A negation right before a phrase, with nothing but fillers between."""


@dataclass(frozen=True)
class Phrase:
    """pattern: what is looked for. subject, value: what it asks for; a value of `{1}` is the first group as `read`
    makes it. negated: (subject, value) of "no ..."; None: then it asks for nothing."""

    pattern: re.Pattern[str]
    subject: str
    value: str = "{1}"
    negated: tuple[str, str] | None = None
    read: Callable[[str], str | None] = str.lower

    def wish(self, match: re.Match[str], *, negated: bool) -> tuple[str, str] | None:
        """(subject, value) of an occurrence; None where it asks for nothing."""
        value = self.value
        if value == "{1}":
            made = self.read(match[1])
            if made is None:
                return None
            value = made
        if not negated:
            return self.subject, value
        if self.subject == "need":
            return "no-need", value
        return self.negated


def _phrase(
    pattern: str,
    subject: str,
    value: str = "{1}",
    *,
    negated: tuple[str, str] | None = None,
    read: Callable[[str], str | None] = str.lower,
) -> Phrase:
    whole = re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.IGNORECASE)
    return Phrase(whole, subject, value, negated, read)


def _number(most: int) -> Callable[[str], str | None]:
    def number(text: str) -> str | None:
        plain = " ".join(text.lower().split())
        count = NUMBERS.get(plain) or (int(plain) if plain.isascii() and plain.isdigit() else 0)
        return str(count) if 1 <= count <= most else None

    return number


_ANY_NUMBER = rf"\d{{1,6}}|{'|'.join(re.escape(word) for word in NUMBERS)}"
_NAME = r"[a-z](?:[a-z0-9-]{0,26}[a-z0-9])?"
_REGIONS = r"(?:us|eu|ap|sa|ca|me|af|il|mx)(?:-gov)?-(?:central|(?:north|south)?(?:east|west)|north|south)-\d"

_COUNTED = "instances?|servers?|machines?|nodes?|replicas?|copies|hosts?|boxes|vms?"
_CHEAP = (
    r"cheap(?:ly|est|er)?|low[ -]cost|inexpensive|budget|as little as possible|save money|minimal cost"
    r"|cost[ -]optimi[sz]ed"
)
_AVAILABLE = r"(?:highly|high)[ -]availab(?:le|ility)|multi[ -]az|fault[ -]tolerant|redundant|redundancy|standby"
_HERE = r"local cloud|locally|on (?:my|this) (?:own )?(?:machine|computer|laptop)"
_SIZE = r"[a-z][a-z0-9-]{0,8}\d[a-z0-9-]{0,12}\.(?:nano|micro|small|medium|large|\d{0,3}xlarge|metal(?:-\d+xl)?)"
_DATABASE_SIZE = r"db\.[a-z0-9]+\.[0-9a-z]+"
_CACHE_SIZE = r"cache\.[a-z0-9]+\.[0-9a-z]+"
_PATH = r"/[\w./-]{0,100}"
_PRODUCTION = ("stage", "production")
NUMBERED = {"instances": 50, "storage": 65536, "port": 65535}
"""Subject -> the largest number it can be."""
WRITTEN = {
    "size": _SIZE, "database-size": _DATABASE_SIZE, "cache-size": _CACHE_SIZE, "environment": _NAME, "health": _PATH,
}  # fmt: skip
"""Subject -> pattern of its values."""


def _any(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


PHRASES: tuple[Phrase, ...] = (
    _phrase(rf"({_DATABASE_SIZE})", "database-size"),
    _phrase(rf"({_CACHE_SIZE})", "cache-size"),
    _phrase(rf"({_SIZE})", "size"),
    _phrase(rf"({_REGIONS})", "region"),
    *(_phrase(_any(names), "region", region) for region, names in PLACES.items()),
    _phrase(
        rf"(?:at least\s+|exactly\s+|up to\s+)?({_ANY_NUMBER})\s+(?:\w+\s+)?(?:{_COUNTED})",
        "instances", read=_number(NUMBERED["instances"]),
    ),
    _phrase(r"(?:instances?|replicas?)\s*[:=]\s*(\d{1,4})", "instances", read=_number(NUMBERED["instances"])),
    _phrase(
        r"(\d{1,5})\s*(?:gb|gib|gigabytes?|g)(?:\s+(?:of\s+)?(?:storage|disk|space|database|db))?",
        "storage", read=_number(NUMBERED["storage"]),
    ),
    _phrase(r"stage[ -]?1|stage one", "stage", "stage-1", negated=_PRODUCTION),
    _phrase(r"staging|preview|for (?:testing|tests|a demo)", "environment", "staging"),
    _phrase(_CHEAP, "stage", "stage-1", negated=_PRODUCTION),
    _phrase(r"production|prod", "stage", "production", negated=("stage", "stage-1")),
    _phrase(_AVAILABLE, "available", "multi-az", negated=("available", "no")),
    _phrase(_HERE, "cloud", "local", negated=("cloud", "aws")),
    _phrase(r"aws|amazon(?: web services)?", "cloud", "aws", negated=("cloud", "local")),
    *(
        _phrase(rf"(?:{_any(names)})(?:\s+(?:database|db|cache|server|instance|queue))?", "need", kind)
        for kind, names in DATABASES.items()
    ),
    _phrase(r"cache|caching|session store", "need", "redis"),
    _phrase(r"(?:sql |relational )?databases?|db|rds", "need", "postgres"),
    _phrase(r"port\s*[:=]?\s*(\d{1,5})", "port", read=_number(NUMBERED["port"])),
    _phrase(
        rf"health(?:[ -]?check)?(?:\s+path)?\s*(?:[:=]|at|on|is|under)?\s*({_PATH})", "health", read=str
    ),
    _phrase(rf"(?:called|named|name\s*[:=]?)\s+({_NAME})", "name"),
    _phrase(rf"environment\s*[:=]?\s+(?:called\s+|named\s+)?({_NAME})", "environment"),
)  # fmt: skip
"""Tried in this order; a phrase takes the words it matches away from those after it."""
