"""What a release would lose: data that an application writes beside its code, where each release has a new folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hivemind.values.findings import Finding, Place, Severity

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint, Service
    from hivemind.repositories.repository import Repository

DATABASES = frozenset({"postgres", "mysql", "mariadb"})
_SOURCES = (
    ".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".go", ".php", ".yml", ".yaml", ".toml", ".ini", ".cfg", ".prisma",
    ".json",
)  # fmt: skip
_ASIDE = re.compile(r"(^|/)(tests?|specs?|__tests__|examples?|docs?|fixtures?|migrations)(/|$)|(^|/)(test_|conftest\.)")
_MOST = 3
"""Findings of a service."""
_LARGEST = 200_000
"""Bytes of a file that is looked at."""
_NAME = r"(?P<name>[\w./-]{1,100})"
_DATABASE = tuple(
    re.compile(pattern)
    for pattern in (
        # SQLAlchemy's "Database URLs": three slashes are a relative path, four an absolute one.
        rf"sqlite(?:\+\w+)?:///(?!/){_NAME}",
        rf"sqlite3\.connect\(\s*[\"']{_NAME}[\"']",
        rf"aiosqlite\.connect\(\s*[\"']{_NAME}[\"']",
        # Django, "DATABASES": NAME of the engine sqlite3 is a path.
        r"django\.db\.backends\.sqlite3[\"'](?:[^}]{0,200}?[\"'](?P<name>[\w.-]+\.(?:sqlite3?|db))[\"'])?",
        # better-sqlite3, node-sqlite3, node:sqlite
        rf"new\s+(?:sqlite3?\.)?Database(?:Sync)?\(\s*[\"']{_NAME}[\"']",
        # Sequelize, TypeORM, Knex
        r"(?:storage|filename|database)\s*:\s*[\"'](?P<name>[\w./-]{1,100}\.(?:sqlite3?|db3?))[\"']",
        # Prisma, "SQLite"
        r"file:(?:\./)?(?P<name>[\w./-]{1,100}\.db)",
        rf"sql\.Open\(\s*[\"']sqlite3?[\"']\s*,\s*[\"'](?:file:)?{_NAME}",
        # Rails, config/database.yml
        r"database:\s*(?P<name>(?:storage|db)/[\w.-]+\.sqlite3)",
    )
)
_INSTANCE = "instance"
_FILE = re.compile(r"[\"'](?P<name>[\w./-]{1,100}\.(?:sqlite3?|db3?))[\"']")
"""The name of a SQLite file, wherever it is written in a file that speaks of SQLite."""
_UPLOADS = tuple(
    re.compile(pattern)
    for pattern in (
        # Django, "MEDIA_ROOT"
        r"MEDIA_ROOT\s*=\s*[^\n]{0,200}?[\"'](?P<name>[\w-]+)[\"']",
        # Flask, "Uploading Files"
        r"UPLOAD_FOLDER[\"']?\]?\s*=\s*[^\n]{0,200}?[\"'](?:\./)?(?P<name>[\w/-]+)[\"']",
        # multer
        r"multer\(\s*\{\s*dest\s*:\s*[\"'](?:\./)?(?P<name>[\w/-]+)/?[\"']",
    )
)


def losing(blueprint: Blueprint, repository: Repository) -> Iterator[Finding]:
    """H307 where a service that is released keeps data beside its code, and nothing says that it lasts.

    A service that needs a database is not asked about SQLite: applications fall back to that where no address is given.
    """
    for service in blueprint.services.values():
        types = {blueprint.resources[need].type for need in service.needs if need in blueprint.resources}
        patterns = (*(() if types & DATABASES else (*_DATABASE, _FILE)), *_UPLOADS)
        found: list[str] = []
        for path, line, name in _named(service, repository, patterns):
            lasts = any(PurePosixPath(name).is_relative_to(PurePosixPath(kept)) for kept in service.data)
            if lasts or name in found or len(found) >= _MOST:
                continue
            found.append(name)
            yield _finding(service, path, line, name)


def _finding(service: Service, path: str, line: int, name: str) -> Finding:
    data = ", ".join([*service.data, name])
    return Finding(
        "H307",
        Severity.WARNING,
        f"the application keeps {name} beside its code: each release has a new folder, and begins without it",
        Place(path, line),
        f"If it holds data, write `data: [{data}]` in services.{service.name}, or use a database or a bucket.",
        path=f"services.{service.name}.data",
    )


def _named(
    service: Service, repository: Repository, patterns: Sequence[re.Pattern[str]]
) -> Iterator[tuple[str, int, str]]:
    """File, line and path below the service's folder, of everything that looks like a place for data."""
    for file in repository.under(service.path):
        if not file.endswith(_SOURCES) or _ASIDE.search(file):
            continue
        path = file if service.path in ("", ".") else f"{service.path.rstrip('/')}/{file}"
        text = repository.text(path, limit=_LARGEST)
        for pattern in patterns if text else ():
            if pattern is _FILE and "sqlite" not in (text or "").lower():
                continue
            for match in pattern.finditer(text or ""):
                name = _below(match["name"] or "db.sqlite3")
                if name is not None and _in_instance_folder(text or "", match):
                    name = _INSTANCE
                if name is not None:
                    yield path, (text or "").count("\n", 0, match.start()) + 1, name


def _in_instance_folder(text: str, match: re.Match[str]) -> bool:
    """Whether the line of a match takes it from Flask's instance folder, which is made beside the application (Flask,
    "Instance Folders")."""
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.end()]
    return "instance_path" in line


def _below(name: str) -> str | None:
    """A path below the service's folder; None for one that is elsewhere, or no file at all."""
    if name.startswith(("/", "django.db.")) or ".." in name.split("/") or "memory" in name:
        return None
    plain = PurePosixPath(name).as_posix()
    return plain if plain not in ("", ".") else None
