"""Databases and variables that a PHP application needs."""

from __future__ import annotations

import re

from hivemind.agents.recon.languages.php.manifest import FILE, line_of
from hivemind.agents.recon.notes import Notes

_EXAMPLES = (".env.example", ".env.dist", ".env")
_KINDS = {"mysql": "mysql", "mariadb": "mysql", "pgsql": "postgres", "postgres": "postgres", "postgresql": "postgres",
          "mongodb": "mongodb", "mysqli": "mysql", "pdo_mysql": "mysql", "pdo_pgsql": "postgres"}  # fmt: skip
_CONNECTION = re.compile(
    r"^\s*(?:(?:DB|DATABASE)_(?:CONNECTION|DRIVER|TYPE|ENGINE)|database\.default\.DBDriver)\s*=\s*[\"']?(\w+)"
)
_ADDRESS = re.compile(r"^\s*(?:DATABASE_URL|DB_DSN|DB_URL)\s*=\s*[\"']?(\w+?)(?:\+\w+)?:")
_REDIS = re.compile(
    r"^\s*(?:\w*CACHE\w*|QUEUE_CONNECTION|QUEUE_DRIVER|SESSION_DRIVER|BROADCAST_\w+)\s*=\s*[\"']?redis\b|"
    r"^\s*\w*(?:REDIS_URL|MESSENGER_TRANSPORT_DSN)\s*=\s*[\"']?redis:"
)
_EMPTY = re.compile(r"^\s*([A-Z][A-Z0-9_]*(?:KEY|SECRET|SALT))\s*=\s*(?:[\"']{2})?\s*$")
_PART = re.compile(r"^\s*(DB_(?:CONNECTION|HOST|DATABASE|USERNAME|PASSWORD))\s*=")
"""What Laravel finds its database by ("Database: Getting Started")."""
_KEYED = ("tymon/jwt-auth", "php-open-source-saver/jwt-auth")
"""Packages that sign with JWT_SECRET, which `php artisan jwt:secret` makes."""
_PACKAGES = {
    "ext-pdo_pgsql": "postgres", "ext-pgsql": "postgres", "ext-pdo_mysql": "mysql", "ext-mysqli": "mysql",
    "ext-redis": "redis", "ext-mongodb": "mongodb", "mongodb/mongodb": "mongodb",
    "mongodb/laravel-mongodb": "mongodb", "doctrine/mongodb-odm-bundle": "mongodb",
}  # fmt: skip
_ALWAYS = {"wordpress": "mysql", "magento": "mysql", "shopware": "mysql", "sylius": "mysql", "october": "mysql"}


def detect(notes: Notes, required: dict[str, str], framework: str | None) -> None:
    """`need`s by the settings that the application ships and by the extensions it asks for, and its empty keys."""
    folder = notes.folder
    embedded = False
    found: set[str] = set()
    file = folder.first(*_EXAMPLES)
    for number, line in enumerate((folder.text(file, limit=100_000) or "").splitlines() if file else (), 1):
        match = _CONNECTION.match(line) or _ADDRESS.match(line)
        if file and match:
            embedded = embedded or match[1].lower().startswith("sqlite")
            if need := _KINDS.get(match[1].lower()):
                found.add(need)
                notes.declared("need", need, file, number, sure=0.9)
        if file and _REDIS.match(line):
            notes.declared("need", "redis", file, number, sure=0.8)
        if file and (match := _EMPTY.match(line)) and match[1] in {"APP_KEY", "APP_SECRET", "JWT_SECRET"}:
            notes.declared("env_required", match[1], file, number, sure=0.9)
    sql = found & {"postgres", "mysql"}
    _keys(notes, required)
    _parts(notes, file if sql and framework in {"laravel", "lumen"} else None)
    for package, need in _PACKAGES.items():
        if package not in required or (need in {"postgres", "mysql"} and (sql or embedded)):
            continue
        if need == "redis" and framework:
            continue
        notes.declared("need", need, FILE, line_of(folder, package), sure=0.85, note=package)
    if framework in _ALWAYS and not sql:
        notes.usual(
            "need",
            _ALWAYS[framework],
            file or FILE if required else "index.php",
            note=f"{framework} keeps its content there",
        )
    if framework == "laravel" and not file:
        settings = "config/database.php"
        usual = re.search(r"env\([\"']DB_CONNECTION[\"'],\s*[\"'](mysql|pgsql)", folder.text(settings) or "")
        if usual:
            notes.code("need", _KINDS[usual[1]], settings, folder.line(settings, r"DB_CONNECTION"), sure=0.7)


def _parts(notes: Notes, file: str | None) -> None:
    """The variables of a needed database, whose defaults are a developer's. file: that names it, if any."""
    for number, line in enumerate((notes.folder.text(file, limit=100_000) or "").splitlines() if file else (), 1):
        if file and (match := _PART.match(line)):
            notes.declared("env_required", match[1], file, number, sure=0.6, note="the address of its database")


def _keys(notes: Notes, required: dict[str, str]) -> None:
    for package in _KEYED:
        if package in required:
            line = line_of(notes.folder, package)
            notes.declared("env_required", "JWT_SECRET", FILE, line, sure=0.8, note=package)
