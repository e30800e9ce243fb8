"""Files of settings that an application brings: the port and the database that it has unless told otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hivemind.agents.recon import ports
from hivemind.agents.recon.folder import Folder
from hivemind.detections.detection import Detection, Precedence

_FILES = re.compile(
    r"(?:(?:[\w-]+/){0,2})(?:config|configuration|conf|settings|defaults?|base|server|app)"
    r"(?:[._-](?:defaults?|examples?|sample|template|dist|prod|production|base))*\.(ya?ml|toml|json|json5|hjson|ini|conf|cfg)"
    r"(?:\.(?:examples?|sample|template|dist|defaults?))?",
    re.IGNORECASE,
)
_NOT_THESE = re.compile(
    r"(?:^|/)(?:app\.(?:json|ya?ml)|\.[^/]+|tests?|spec|fixtures|examples?|e2e|docs?|node_modules|vendor|locales?|"
    r"i18n|migrations|deploy|k8s|helm|charts|public|static|assets|nginx|prometheus|grafana)(?:/|$)",
    re.IGNORECASE,
)
_SECTIONS = frozenset(
    {"server", "app", "application", "http", "web", "webserver", "listen", "api", "general", "main", "core", "service",
     "global", "site", "settings", "default", "production", "backend", "network"}
)  # fmt: skip
_NUMBERS = frozenset({"port", "http_port", "httpport", "listen_port", "listenport", "server_port", "serverport",
                      "bind_port", "web_port", "http-port"})  # fmt: skip
_ADDRESSES = frozenset({"listen", "bind", "address", "addr", "http_addr", "bind_address", "listen_address", "bind_addr",
                        "listen_addr", "http_address", "urls", "url"})  # fmt: skip
_STORES = ("db", "database", "datasource", "storage", "production")
_KINDS = ("type", "client", "dialect", "driver", "engine", "adapter")
_DATABASES = {"postgres": r"pg|pgsql|postgres(?:ql)?", "mysql": r"mysql2?|mariadb", "mongodb": r"mongo(?:db)?"}
_MOST = 12


def detect(folder: Folder) -> list[Detection]:
    """`port` out of the first file of settings that names one for the application itself, and half a `need` out of the
    first that names the kind of its database."""
    files = [file for file in folder.files if _FILES.fullmatch(file) and not _NOT_THESE.search(file)]
    chosen = sorted(files, key=lambda each: (each.count("/"), each))[:_MOST]
    return [*_port(folder, chosen), *_database(folder, chosen)]


def _database(folder: Folder, files: list[str]) -> list[Detection]:
    """A driver makes it whole: settings are often an example's."""
    from hivemind.text.file_formats import json_object, toml_table, yaml_mapping

    readers = {"yml": yaml_mapping, "yaml": yaml_mapping, "toml": toml_table, "json": json_object}
    for file in files:
        ending = re.search(r"\.(ya?ml|toml|json)\b", file)
        content = readers[ending[1]](folder.whole(file, limit=200_000)) if ending else dict[str, Any]()
        for name in _STORES:
            section = content.get(name)
            keys = [key for key in _KINDS if key in section] if isinstance(section, dict) else []
            for key in keys:
                said = str(content[name][key]).lower()
                need = next((need for need, pattern in _DATABASES.items() if re.fullmatch(pattern, said)), None)
                if need:
                    line = folder.line(file, rf"^\s*[\"']?{key}[\"']?\s*[:=]\s*[\"']?{re.escape(said)}")
                    return [folder.found("need", need, file, line, precedence=Precedence.CODE, confidence=0.45)]
    return []


def _port(folder: Folder, files: list[str]) -> list[Detection]:
    for file in files:
        for key, value in _keys(folder, file):
            number = ports.number(value) if _fits(key, value) else None
            if number and ports.own(number):
                line = folder.line(file, rf"^\s*[\"']?{re.escape(key)}[\"']?\s*[:=].*{number}")
                return [
                    folder.found("port", number, file, line, precedence=Precedence.CODE, confidence=0.6, note=key[:40])
                ]
    return []


def _fits(key: str, value: Any) -> bool:
    plain = key.lower()
    return plain in _NUMBERS or (plain in _ADDRESSES and isinstance(value, str) and ":" in value)


def _keys(folder: Folder, file: str) -> Iterator[tuple[str, Any]]:
    """Keys and values at the top and in the sections of a server."""
    match = _FILES.fullmatch(file)
    kind = match[1].lower() if match else ""
    if kind in {"ini", "conf", "cfg", "hjson", "json5"}:
        yield from _lines(folder, file)
        return
    from hivemind.text.file_formats import json_object, toml_table, yaml_mapping

    read = {"json": json_object, "toml": toml_table}.get(kind, yaml_mapping)
    yield from _entries(read(folder.whole(file, limit=200_000)), 0)


def _entries(content: dict[str, Any], depth: int) -> Iterator[tuple[str, Any]]:
    sections = []
    for key, value in list(content.items())[:300]:
        if isinstance(value, dict):
            sections += [value] if str(key).lower() in _SECTIONS else []
        else:
            yield str(key), value
    for section in sections if depth < 2 else ():
        yield from _entries(section, depth + 1)


def _lines(folder: Folder, file: str) -> Iterator[tuple[str, Any]]:
    section = ""
    for line in (folder.text(file, limit=100_000) or "").splitlines():
        if heading := re.match(r"\s*\[([\w. -]{1,60})\]\s*$", line[:200]):
            section = heading[1].strip().lower()
        elif (pair := re.match(r"\s*([\w.-]{1,40})\s*[=:]\s*\"?([\w.:*\[\]-]{1,60})\"?,?\s*$", line[:200])) and (
            not section or section in _SECTIONS
        ):
            yield pair[1], pair[2]
