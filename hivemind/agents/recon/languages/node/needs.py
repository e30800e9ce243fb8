"""Databases that a Node application needs."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node import package as packages
from hivemind.agents.recon.languages.node.package import FILE, Package
from hivemind.agents.recon.languages.node.source import Source
from hivemind.detection import Detection, Precedence

DRIVERS = {
    "postgres": ("pg", "postgres", "pg-promise", "@neondatabase/serverless", "slonik", "pg-native"),
    "mysql": ("mysql2", "mysql", "mariadb"),
    "redis": ("ioredis", "redis", "bullmq", "bull", "connect-redis"),
    "mongodb": ("mongoose", "mongodb"),
}
_EMBEDDED = ("sqlite3", "better-sqlite3", "sql.js", "libsql", "@libsql/client")
_VARIABLES = {
    "postgres": r"(DATABASE|POSTGRES\w*|PG|DB)_?(URL|URI|DSN|HOST)$|PGHOST$|POSTGRES_\w+$",
    "mysql": r"(DATABASE|MYSQL\w*|DB)_?(URL|URI|DSN|HOST)$|MYSQL_\w+$",
    "redis": r"(REDIS|VALKEY|CACHE|QUEUE)\w*_?(URL|URI|HOST)$",
    "mongodb": r"MONGO\w*$|(DATABASE|DB)_?(URL|URI)$",
}
_PRISMA = re.compile(r"provider\s*=\s*\"(postgresql|mysql|mongodb)\"")


def detect(folder: Folder, package: Package, source: Source) -> list[Detection]:
    """`need`s with a driver in the dependencies and a variable that the code reads. A database that the application
    can do without, because it carries an embedded one, is none."""
    found = _prisma(folder, package)
    embedded = any(name in package.dependencies for name in _EMBEDDED)
    for need, drivers in DRIVERS.items():
        driver = next((name for name in drivers if name in package.dependencies), None)
        variable = next((name for name in source.reads if re.search(_VARIABLES[need], name)), None)
        if driver is None or variable is None or (embedded and need == "mysql"):
            continue
        file, line = source.reads[variable]
        note = f"{driver} in {folder.in_repository(FILE)}:{packages.line_of(folder, driver)}, {variable}"
        found.append(folder.found("need", need, file, line, precedence=Precedence.CODE, note=note, language="node"))
    for variable, path, file, line in source.system_paths:
        note = f"its default {path} can't be written,"
        found.append(
            folder.found(
                "env_required",
                variable,
                file,
                line,
                precedence=Precedence.CODE,
                confidence=0.6,
                note=note,
                language="node",
            )
        )
    return found


def _prisma(folder: Folder, package: Package) -> list[Detection]:
    file = folder.first("prisma/schema.prisma", "schema.prisma")
    if file is None or not {"@prisma/client", "prisma"} & {*package.dependencies, *package.development}:
        return []
    match = _PRISMA.search(folder.text(file) or "")
    if match is None:
        return []
    need = "postgres" if match[1] == "postgresql" else match[1]
    return [
        folder.found(
            "need", need, file, folder.line(file, r"provider\s*=\s*\"(postgresql|mysql|mongodb)"), language="node"
        )
    ]
