"""Data that an application keeps beside its code: SQLite files, and what users upload. By what its files say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hivemind.repositories.python_paths import around, assigned

if TYPE_CHECKING:
    from hivemind.repositories.repository import Repository

_SOURCES = (
    ".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".go", ".php", ".yml", ".yaml", ".toml", ".ini", ".cfg", ".prisma",
    ".json",
)  # fmt: skip
_ASIDE = re.compile(
    r"(^|/)(tests?|specs?|__tests__|examples?|docs?|fixtures?|migrations)(/|$)|(^|/)(test_|conftest\.)|(^|/)\.[^/]+/"
)
_MANIFESTS = frozenset({"requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg"})
_FLASK_SQLALCHEMY = re.compile(r"(?i)\bflask[-_]sqlalchemy\b[\"']?\s*(?:[=~<>^ \"']+(\d+))?")
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
        # a variable that names the file, with its default: envalid, convict, `process.env.DB_FILENAME || "db/data"`
        rf"\b(?:DB|DATABASE|SQLITE)_(?:FILE|FILENAME|PATH)\b[^\n]{{0,60}}?(?:default\s*:|\|\||\?\?|,)\s*[\"']{_NAME}[\"']",
        # Prisma, "SQLite"
        r"file:(?:\./)?(?P<name>[\w./-]{1,100}\.db)",
        rf"sql\.Open\(\s*[\"']sqlite3?[\"']\s*,\s*[\"'](?:file:)?{_NAME}",
        # Rails, config/database.yml
        r"database:\s*(?P<name>(?:storage|db)/[\w.-]+\.sqlite3)",
    )
)
_TEMPORARY = re.compile(r"sqlite(?:\+\w+)?:////?(?P<name>(?:/var)?/?tmp/[\w./-]{1,100})")
_INSTANCE = "instance"
_FILE = re.compile(r"[\"'](?P<name>[\w./-]{1,100}\.(?:sqlite3?|db3?))[\"']")
"""The name of a SQLite file, wherever it is written in a file that speaks of SQLite."""
_JOINED = re.compile(
    r"(?:\b(?:join|joinpath|resolve)\((?:[\w.]{1,60}\s*,\s*)?(?P<parts>(?:[\"'][\w-]{1,60}[\"']\s*,\s*){1,5}))[\"']$"
)
"""A path of several texts, as `path.join(__dirname, "data", "`."""
_UPLOADS = tuple(
    re.compile(pattern)
    for pattern in (
        # Django, "MEDIA_ROOT"
        r"MEDIA_ROOT\s*=\s*[^\n]{0,200}?[\"'](?P<name>[\w-]+)[\"']",
        # Flask, "Uploading Files"
        r"UPLOAD_FOLDER[\"']?\]?\s*=\s*[^\n]{0,200}?[\"'](?:\./)?(?P<name>[\w/-]+)[\"']",
        # the same in the words of many an application's settings: UPLOAD_PATH = os.path.join(basedir, "uploads")
        r"UPLOADS?_(?:PATH|DIR|DIRECTORY|ROOT)[\"']?\]?\s*=\s*[^\n]{0,200}?[\"'](?:\./)?(?P<name>[\w/-]+)[\"']",
        # multer
        r"multer\(\s*\{\s*dest\s*:\s*[\"'](?:\./)?(?P<name>[\w/-]+)/?[\"']",
    )
)


IGNORED = ".gitignore"
_PLAIN = re.compile(r"/?(?P<name>[A-Za-z][\w-]{2,60})/?")
"""A line that is the name of a folder (git, "gitignore")."""
_MADE = re.compile(
    r"(?i)(?:.*[-_])?(?:node_modules|bower_components|vendor|venv|virtualenv|env|dist|build|builds|out|output|target|bin|obj|lib|"
    r"libs|coverage|htmlcov|logs?|te?mp|cache|caches|public|static|staticfiles|assets|docs?|site|tests?|reports?|"
    r"__pycache__|eggs|wheels|parts|sdist|develop-eggs|pnpm-store|typings|supervise)(?:[-_].*)?"
)
"""Names of what is installed or built, or can be done without."""
_ENDS = r"(?:\b(?:join|joinpath|resolve)\([^()\n]{{0,120}}[\"']{name}/?[\"']\s*\)|[\w)]\s*/\s*[\"']{name}/?[\"'])"


@dataclass(frozen=True)
class Beside:
    """A place for data. name: path relative to the service's folder. file: that says so, of the repository, with its
    line."""

    name: str
    file: str
    line: int


def in_temporary(repository: Repository, folder: str) -> Iterator[Beside]:
    """SQLite files in /tmp: a service has a /tmp of its own there, empty at each start (systemd.exec, PrivateTmp)."""
    for path, text in _texts(repository, folder):
        for match in _TEMPORARY.finditer(text):
            yield Beside(match["name"], path, text.count("\n", 0, match.start()) + 1)


def beside(repository: Repository, folder: str, *, with_database: bool) -> Iterator[Beside]:
    """Everything below a service's folder that looks like a place for data, each name once, in order of files.

    with_database: of a service that has a database, SQLite is not asked about: applications fall back to that where no
    address is given.
    """
    patterns = (*(() if with_database else (*_DATABASE, _FILE)), *_UPLOADS)
    of_instance = not with_database and _keeps_in_instance(repository, folder)
    known = set[str]()
    for path, text in _texts(repository, folder):
        for pattern in patterns:
            if pattern is _FILE and "sqlite" not in text.lower():
                continue
            for match in pattern.finditer(text):
                put = _put_together if pattern in _UPLOADS else _with_folders
                whole = put(text, match, path, folder)
                name = _below(whole or match["name"] or "db.sqlite3")
                if name is not None and _in_instance_folder(text, match):
                    name = _INSTANCE
                elif name and of_instance and pattern is _DATABASE[0]:
                    name = f"{_INSTANCE}/{name}"
                if name is not None and pattern in _DATABASE:
                    name = _file(name)
                if name is not None and name not in known:
                    known.add(name)
                    yield Beside(name, path, text.count("\n", 0, match.start()) + 1)


def kept_out_of_git(repository: Repository, folder: str) -> Iterator[Beside]:
    """Folders that git ignores by their plain names, that nothing builds, and that a path in the application's code
    ends with: what it keeps there itself. In order of the ignore file."""
    place = IGNORED if folder in ("", ".") else f"{folder.rstrip('/')}/{IGNORED}"
    lines = (repository.text(place, limit=_LARGEST) or "").splitlines()
    names = dict.fromkeys(match["name"] for line in lines if (match := _PLAIN.fullmatch(line.strip())))
    wanted = [name for name in names if not _MADE.fullmatch(name) and not any(_has(repository, folder, name))]
    texts = list(_texts(repository, folder)) if wanted else []
    for name in wanted:
        ends = re.compile(_ENDS.format(name=re.escape(name)))
        found = next(((path, match.start(), text) for path, text in texts if (match := ends.search(text))), None)
        if found:
            yield Beside(name, found[0], found[2].count("\n", 0, found[1]) + 1)


def _has(repository: Repository, folder: str, name: str) -> Iterator[bool]:
    return (file.startswith(f"{name}/") for file in repository.under(folder))


def _put_together(text: str, match: re.Match[str], path: str, folder: str) -> str | None:
    """The folder that Python code says as a path from its own file, `MEDIA_ROOT = BASE_DIR / "media"`."""
    name = re.match(r"[A-Z_]+", text[text.rfind("\n", 0, match.start()) + 1 :])
    if name is None or not path.endswith(".py"):
        return None
    return assigned(text, _in(folder, path), name[0])


def _with_folders(text: str, match: re.Match[str], path: str, folder: str) -> str | None:
    """The path of a SQLite file whose folders are texts of their own: `join(ROOT, "data", "shop.db")`."""
    name = match["name"]
    if not name or "/" in name:
        return None
    if path.endswith(".py"):
        whole = around(text, _in(folder, path), name, text.count("\n", 0, match.start("name")) + 1)
        if whole is not None:
            return whole
    before = text[text.rfind("\n", 0, match.start("name")) + 1 : match.start("name")]
    parts = _JOINED.search(before)
    return "/".join([*re.findall(r"[\w-]+", parts["parts"]), name]) if parts else None


def _in(folder: str, path: str) -> str:
    """A path of the repository as seen from a service's folder."""
    return path if folder in ("", ".") else path.removeprefix(f"{folder.rstrip('/')}/")


def _texts(repository: Repository, folder: str) -> Iterator[tuple[str, str]]:
    """Sources and settings of the application itself, each with its path in the repository."""
    for file in repository.under(folder):
        if file.endswith(_SOURCES) and not _ASIDE.search(file):
            path = file if folder in ("", ".") else f"{folder.rstrip('/')}/{file}"
            if text := repository.text(path, limit=_LARGEST):
                yield path, text


def _keeps_in_instance(repository: Repository, folder: str) -> bool:
    """Whether relative addresses of SQLite lie in Flask's instance folder, as since Flask-SQLAlchemy 3.0 ("Changes";
    Flask, "Instance Folders")."""
    for file in repository.under(folder):
        if file in _MANIFESTS:
            path = file if folder in ("", ".") else f"{folder.rstrip('/')}/{file}"
            if found := _FLASK_SQLALCHEMY.search(repository.text(path, limit=_LARGEST) or ""):
                return found[1] is None or int(found[1]) >= 3
    return False


def _file(name: str) -> str | None:
    """A SQLite file; of one without a dot in its name, which would last as a folder, the folder that it is in. None at
    the top."""
    path = PurePosixPath(name)
    if "." in path.name.lstrip(".") or name == _INSTANCE:
        return name
    return str(path.parent) if len(path.parts) > 1 else None


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
