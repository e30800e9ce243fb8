"""Databases that a Node application needs."""

from __future__ import annotations

import re

from hivemind.agents.recon.demands import GIVEN
from hivemind.agents.recon.evidence.examples import own_secret
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node import package as packages
from hivemind.agents.recon.languages.node.package import FILE, Package
from hivemind.agents.recon.languages.node.source import NodeCode
from hivemind.blueprint.provided import TYPES, given_values, is_given
from hivemind.blueprint.resolve import PROVIDED
from hivemind.detections.detection import LIKELY, Detection, Precedence

LANGUAGE = "node"
DRIVERS = {
    "postgres": ("pg", "postgres", "pg-promise", "@neondatabase/serverless", "slonik", "pg-native", "pg-hstore",
                 "@mikro-orm/postgresql", "@payloadcms/db-postgres", "@vercel/postgres", "pg-boss"),
    "mysql": ("mysql2", "mysql", "mariadb", "@mikro-orm/mysql", "@planetscale/database"),
    "redis": ("ioredis", "redis", "bullmq", "bull", "connect-redis", "@keyv/redis", "@redis/client", "bee-queue"),
    "mongodb": ("mongoose", "mongodb", "@mikro-orm/mongodb", "@typegoose/typegoose", "monk", "agenda"),
}  # fmt: skip
_ALWAYS = frozenset({"bullmq", "bull", "bee-queue"})
"""Queues that are kept in Redis and nowhere else."""
_DEVELOPMENT = re.compile(r"(?:^|_)(?:DEV|DEVELOPMENT|TEST|TESTS|TESTING|LOCAL|CI|STAGING)_")
_EMBEDDED = ("sqlite3", "better-sqlite3", "sql.js", "libsql", "@libsql/client", "nedb", "lowdb", "level")
"""Databases within the application, by package; a fork of one under somebody's scope is the same, `@me/sqlite3`."""
_VARIABLES = {
    "postgres": r"(DATABASE|POSTGRES\w*|PG|DB)_?(URL|URI|DSN|HOST|HOSTNAME)$|PGHOST$|POSTGRES_\w+$",
    "mysql": r"(DATABASE|MYSQL\w*|DB)_?(URL|URI|DSN|HOST|HOSTNAME)$|MYSQL_\w+$",
    "redis": r"(REDIS|VALKEY|CACHE|QUEUE)\w*_?(URL|URI|HOST)$",
    "mongodb": r"MONGO\w*$|(DATABASE|DB)_?(URL|URI)$",
}
_WORDS = {
    "postgres": r"(?i)postgres|\bpg\b", "mysql": r"(?i)mysql|mariadb", "redis": r"(?i)redis", "mongodb": r"(?i)mongo",
}  # fmt: skip
_PRISMA = re.compile(r"provider\s*=\s*\"(postgresql|mysql|mongodb)\"")
_SCHEMAS = ("prisma/schema.prisma", "schema.prisma")
"""Where Prisma looks by itself ("Prisma schema location"); a schema elsewhere is found by its ending."""


def detect(folder: Folder, package: Package, source: NodeCode) -> list[Detection]:
    """`need`s by a driver in the dependencies and a variable that the code reads. Either alone is less; a database
    that the application can do without, because it carries an embedded one, is less still."""
    found = _prisma(folder, package)
    embedded = any(name in _EMBEDDED or name.rpartition("/")[2] in _EMBEDDED for name in package.dependencies)
    for need, drivers in DRIVERS.items():
        held = [name for name in drivers if name in package.dependencies]
        driver = next((name for name in held if name in _ALWAYS), next(iter(held), None))
        named = _own_first([name for name in source.reads if re.search(_VARIABLES[need], name)], _VARIABLES[need])
        variable = next((name for name in named if not _DEVELOPMENT.search(name)), next(iter(named), None))
        if driver is None:
            continue
        line = packages.line_of(folder, driver)
        if variable is None:
            written = _written(folder, source, need)
            found += written
            sure = (
                0.9 if driver in _ALWAYS else 0.15 if embedded else 0.6 if written or need in source.connects else 0.45
            )
            found.append(folder.found("need", need, FILE, line, confidence=sure, note=driver, language=LANGUAGE))
            continue
        file, number = source.reads[variable]
        note = f"{driver} in {folder.in_repository(FILE)}:{line}, {variable}"
        sure = 0.15 if embedded and need != "redis" else 0.4 if _is_optional(named, source, need) else 0.95
        found.append(
            folder.found("need", need, file, number, precedence=Precedence.CODE, confidence=sure, note=note,
                         language=LANGUAGE)
        )  # fmt: skip
        if sure > LIKELY and variable not in source.defaulted and not _DEVELOPMENT.search(variable):
            found.append(
                folder.found("env_required", variable, file, number, precedence=Precedence.CODE, confidence=0.6,
                             note=f"the address of {need}", language=LANGUAGE)
            )  # fmt: skip
    found += [
        folder.found("env_required", name, *spot, precedence=Precedence.CODE, confidence=0.75, language=LANGUAGE)
        for name, spot in source.demanded.items()
        if name not in GIVEN and not _DEVELOPMENT.search(name)
    ]
    return found + _paths(folder, source) + _names(folder, package, source) + _secrets(folder, source)


def _own_first(names: list[str], pattern: str) -> list[str]:
    """`DATABASE_URL` before `GEO_DATABASE_URL`, which is another database's."""
    return sorted(names, key=lambda name: re.match(pattern, name) is None)


def _is_optional(named: list[str], source: NodeCode, need: str) -> bool:
    """Whether a cache is used where its address is set, and done without where not."""
    return need == "redis" and bool(named) and source.asked.issuperset(named)


def _written(folder: Folder, source: NodeCode, need: str) -> list[Detection]:
    """A doubt about a database whose address stands in the code: it would be looked for on the instance itself."""
    for file, line in source.written:
        if re.search(_WORDS[need], folder.text(file) or ""):
            said = f"the code contains the address of {need}, which does not run on the instance"
            given = "DATABASE_URL" if need in ("postgres", "mysql") else f"{need.upper()}_URL"
            add = f"needs: [{PROVIDED[need]}]" if need in PROVIDED else f"secrets: {{{given}: ssm:/NAME}}"
            help_ = f"Let the code read process.env.{given}, and write `services.NAME.{add}`."
            return [Detection("doubt", said, folder.in_repository(file), line, Precedence.CODE, 0.9, help_, LANGUAGE)]
    return []


def _names(folder: Folder, package: Package, source: NodeCode) -> list[Detection]:
    """Names of its own for parts of a database or cache, where the application reads none that HiveMind sets."""
    types = [
        one
        for one in TYPES
        if any(name in package.dependencies for name in DRIVERS[one])
        and not any(is_given(name, (one,)) for name in source.reads)
    ]
    stands = given_values((name for name in source.reads if not _DEVELOPMENT.search(name)), types)
    return [
        folder.found("env_required", name, file, line, precedence=Precedence.CODE, confidence=0.6, language=LANGUAGE)
        for name, (file, line) in source.reads.items()
        if name in stands
    ]


def _secrets(folder: Folder, source: NodeCode) -> list[Detection]:
    """Secrets of the application's own that the code reads, and has nothing in place of."""
    return [
        folder.found("env_required", name, file, line, precedence=Precedence.CODE, confidence=0.55, language=LANGUAGE)
        for name, (file, line) in source.reads.items()
        if own_secret(name) and name not in source.defaulted
    ]


def _paths(folder: Folder, source: NodeCode) -> list[Detection]:
    """Variables that must be set, because their default is a path that can't be written."""
    return [
        folder.found(
            "env_required", variable, file, line, precedence=Precedence.CODE, confidence=0.6,
            note=f"its default {path} is not writable,", language=LANGUAGE,
        )
        for variable, path, file, line in source.system_paths
    ]  # fmt: skip


def _prisma(folder: Folder, package: Package) -> list[Detection]:
    """What the schema says of its database, and the variable that has the address (Prisma's documentation, "Prisma
    schema reference": `datasource`). A schema may be parted over the files of a folder."""
    files = [file for file in folder.files if re.fullmatch(r"(?:[\w-]+/){0,3}[\w-]+\.prisma", file)]
    file = folder.first(*_SCHEMAS) or next(iter(files), None)
    if file is None or not {"@prisma/client", "prisma"} & {*package.dependencies, *package.development}:
        return []
    speaking = next((each for each in (file, *files[:50]) if "provider" in (folder.text(each) or "")), file)
    text = folder.text(speaking) or ""
    match = _PRISMA.search(text)
    if match is None:
        return []
    need = "postgres" if match[1] == "postgresql" else match[1]
    line = folder.line(speaking, r"provider\s*=\s*\"(postgresql|mysql|mongodb)")
    found = [folder.found("need", need, speaking, line, language=LANGUAGE)]
    if variable := re.search(r"url\s*=\s*env\(\"(\w+)\"\)", text):
        where = folder.line(speaking, rf"env\(\"{variable[1]}\"\)")
        found.append(folder.found("env_required", variable[1], speaking, where, confidence=0.9, language=LANGUAGE))
    return found
