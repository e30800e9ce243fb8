"""Databases and variables that a Ruby application needs."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.ruby.gemfile import Gems
from hivemind.agents.recon.notes import Notes, Spot
from hivemind.agents.recon.reading import scan
from hivemind.detections.detection import LIKELY

_DRIVERS = {"postgres": ("pg", "activerecord-postgis-adapter", "jdbc-postgres"), "mysql": ("mysql2", "trilogy"),
            "mongodb": ("mongoid", "mongo", "mongo_mapper")}  # fmt: skip
_ADAPTERS = {"postgresql": "postgres", "postgis": "postgres", "mysql2": "mysql", "trilogy": "mysql", "sqlite3": ""}
_REDIS = (
    "sidekiq",
    "resque",
    "redis",
    "redis-client",
    "redis-rails",
    "hiredis",
    "hiredis-client",
    "kredis",
    "redis-store",
)
_ALWAYS_REDIS = frozenset({"sidekiq", "resque"})
_GIVEN = frozenset(
    {"PORT", "DATABASE_URL", "REDIS_URL", "RACK_ENV", "RAILS_ENV", "HOME", "SECRET_KEY_BASE", "BUNDLE_GEMFILE"}
)
_DATABASE = "config/database.yml"
_CABLE = "config/cable.yml"
_PATTERNS = {
    "redis": re.compile(
        r"Redis\.new|Redis\.current|redis_cache_store|REDIS_\w*URL|ConnectionPool.*Redis|RedisClient|adapter:\s*redis"
    ),
    "address": re.compile(r"ENV\[\s*[\"'](\w*REDIS\w*_URL|REDIS_URL)[\"']\s*\](?!\s*\|\|)"),
    "required": re.compile(r"ENV\.fetch\(?\s*[\"']([A-Z][A-Z0-9_]+)[\"']\s*\)(?!\s*(?:\{|do\b))"),
}


def detect(notes: Notes, gems: Gems) -> None:
    """`need`s by driver and database.yml, and the variables that the configuration can't start without."""
    folder = notes.folder
    adapter = _adapter(folder)
    for need, names in _DRIVERS.items():
        gem = gems.first(*names)
        if gem is None:
            continue
        if adapter is None or need == "mongodb":
            carried = "sqlite3" in gems.used and need != "mongodb"
            notes.declared("need", need, *gems.used[gem], sure=0.6 if carried else 0.9, note=gem)
        elif _ADAPTERS.get(adapter[0], adapter[0]) == need:
            notes.declared("need", need, _DATABASE, adapter[1], note=gem)
        if need == "mysql":
            # Rails takes the scheme for the adapter's name, and has one called mysql from 7.2 on only.
            notes.declared("url_scheme", gem, *gems.used[gem], note=gem)
    settings = [
        file for file in folder.files
        if file.startswith(("config/", "lib/")) and file.endswith((".rb", ".yml", ".yaml"))
        and not file.startswith(("config/environments/development", "config/environments/test"))
    ]  # fmt: skip
    hits = scan(folder, settings or folder.sources(".rb", most=100), _PATTERNS, comments=("#",))
    gem = gems.first(*_REDIS)
    if gem and (gem in _ALWAYS_REDIS or hits["redis"]):
        spot: Spot = (hits["redis"][0].file, hits["redis"][0].line) if hits["redis"] else gems.used[gem]
        generated = gem not in _ALWAYS_REDIS and all(hit.file == _CABLE for hit in hits["redis"])
        sure = 0.3 if generated and not _uses_cable(folder) else 0.9
        notes.declared("need", "redis", *spot, sure=sure, note=gem)
        for hit in hits["address"][:1] if sure > LIKELY else ():
            notes.code("env_required", hit.value, hit.file, hit.line, sure=0.6, note="the address of redis")
    for hit in hits["required"]:
        if hit.value not in _GIVEN and not hit.value.startswith(("RAILS_", "BUNDLE_")):
            notes.code("env_required", hit.value, hit.file, hit.line, sure=0.7)


def _uses_cable(folder: Folder) -> bool:
    """Whether anything is sent over Action Cable, whose settings `rails new` writes in any case."""
    files = [
        file for file in folder.files if file.startswith("app/") and file.endswith((".rb", ".erb", ".haml", ".slim"))
    ]
    if any(file.startswith("app/channels/") and "/application_cable/" not in file for file in files):
        return True
    return any(folder.line(file, r"turbo_stream_from|\bbroadcast") is not None for file in files[:400])


def _adapter(folder: Folder) -> tuple[str, int] | None:
    """The adapter that database.yml names for production, by its own lines or those of what it merges."""
    text = folder.text(_DATABASE, limit=100_000)
    if text is None:
        return None
    section = anchor = ""
    databases = 0  # of several in one section the first is the primary one
    merged: list[str] = []
    seen: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"(\w+):\s*(?:&(\w+))?", line):
            section, anchor, databases = match[1], match[2] or "", 0
        elif re.match(r"  \w+:\s*$", line):
            databases += 1
        elif databases > 1 or not section:
            continue
        elif match := re.match(r"\s+adapter:\s*[\"']?(?:<%=.*?[\"'](\w+)[\"']\s*\)?\s*%>|(\w+))", line):
            for name in (section, f"*{anchor}"):
                seen.setdefault(name, (match[1] or match[2], number))
        elif section == "production" and (match := re.match(r"\s+<<:\s*\*(\w+)", line)):
            merged.append(f"*{match[1]}")
    return next((seen[name] for name in ("production", *merged) if name in seen), None)
