"""Commands that bring a database's tables up to date, for projects that keep migrations."""

from __future__ import annotations

import ast
import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python import first_revision, schema_commands
from hivemind.agents.recon.languages.python.dependencies import Dependencies
from hivemind.agents.recon.languages.python.source import Application, PythonCode
from hivemind.detections.detection import Detection, Precedence

_VERSION = re.compile(r"(?:^|(?P<place>.*)/)versions/[^/]+\.py$")
_UPGRADES = r"\bcommand\.upgrade\(|\bcall\(.*\balembic\b.*\bupgrade\b"
"""Code that runs them by itself, when it starts."""
_OF_FLASK = r"\bflask_migrate\b.*\bupgrade\b|^\s*import\s+flask_migrate\b"
"""A file that may do so by Flask-Migrate's function, `upgrade(directory=None)` ("API Reference")."""
_READS_YOYO = re.compile(r"\bread_migrations\(\s*[\"'](?:\./)?([\w./-]+?)/?[\"']")
_PLACED = r"\bMigrate\(.*\bdirectory\s*="
"""An application that tells Flask-Migrate where its migrations are."""
_USUAL = "migrations"
"""Where Flask-Migrate looks otherwise, in the folder it is run in ("Configuration")."""
_FOUND_BY_FLASK = frozenset({"app", "wsgi"})
"""Modules where `flask` looks by itself (https://flask.palletsprojects.com/en/stable/cli/)."""
_MADE_BY_NAME = frozenset({"app", "application", "create_app", "make_app"})
"""What `flask` takes of a module that it is told."""
_OWN_ADDRESS = (
    r"^[^#]*(?:set_(?:main|section)_option\(|\bcreate_(?:async_)?engine\(|\benviron\b|getenv\(|"
    r"\bsettings\.|\bget_url\()"
)
"""What an `env.py` reads the database's address by, where it does not leave it to alembic.ini."""


def detect(folder: Folder, dependencies: Dependencies, source: PythonCode) -> list[Detection]:
    """`release`, for Flask-Migrate, Alembic, Aerich and yoyo; a `doubt` where Alembic has a fixed address."""
    if dependencies.has("aerich") and any(re.match(r"migrations/[^/]+/\d+_.*\.py$", file) for file in folder.files):
        return [_release("aerich upgrade", "aerich", dependencies)]
    if dependencies.has("yoyo-migrations") and (command := _yoyo(folder)):
        return [_release(command, "yoyo-migrations", dependencies)]
    if _runs_them(folder):
        return []
    place = _place(folder)
    return _kept(folder, dependencies, source, place) if place else schema_commands.detect(folder, source, _app(source))


def _kept(folder: Folder, dependencies: Dependencies, source: PythonCode, place: str) -> list[Detection]:
    """The command of a folder that Alembic keeps."""
    if dependencies.has("flask-migrate"):
        if own := schema_commands.upgrading(folder):
            name, file, line = own
            return [
                folder.found(
                    "release", f"{_app(source)}flask {name}", file, line,
                    precedence=Precedence.CONVENTION, confidence=0.8, note="applies the migrations", language="python",
                )
            ]  # fmt: skip
        app, where = _app(source), _directory(folder, place)
        commands = tuple(f"{app}flask db {each}{where}" for each in ("current", "upgrade", "stamp head"))
        return _from_nothing(folder, place, commands, app, _release(commands[1], "flask-migrate", dependencies))
    settings = next((file for file in sorted(folder.files, key=len) if file.endswith("alembic.ini")), None)
    if settings is None or not dependencies.has("alembic", "sqlmodel", "flask-sqlalchemy", "sqlalchemy"):
        return []
    found = _alembic(folder, settings, place, dependencies)
    told = str(found.value)
    commands = tuple(told.replace("upgrade head", each) for each in ("current", "upgrade head", "stamp head"))
    return _from_nothing(folder, place, commands, _app(source), found) if found.field == "release" else [found]


def _from_nothing(
    folder: Folder, place: str, commands: tuple[str, ...], flask: str, usual: Detection
) -> list[Detection]:
    """`release`: the usual one for migrations that begin with an empty database. For those that expect tables, what
    makes the tables and stamps the newest revision, once; a `doubt` beside the usual one where nothing says what does.
    commands: Alembic's `current`, `upgrade` and `stamp`."""
    expected = first_revision.taken_for_granted(folder, place)
    if expected is None:
        return [usual]
    current, upgrade, stamp = commands
    own = schema_commands.making(folder)
    if first_revision.makes_them(folder, place) or own:
        made = stamp if own is None or first_revision.makes_them(folder, place) else f"{flask}flask {own} && {stamp}"
        return [
            folder.found(
                "release", first_revision.once(current, upgrade, made), expected.file, expected.line,
                precedence=Precedence.CONVENTION, confidence=0.8, language="python",
                note=f"the first of its migrations expects {expected.table} to be there",
            )
        ]  # fmt: skip
    return [
        usual,
        _doubt(
            folder,
            f"the first of the migrations in {folder.in_repository(place)} expects the table {expected.table}, which "
            "none makes: they do not begin with an empty database",
            (expected.file, expected.line),
            f"For a new database, write the one that makes the tables: `services.NAME.release: COMMAND && {stamp}`. "
            "Take the line out once they are there.",
        ),
    ]


def _yoyo(folder: Folder) -> str | None:
    """What applies yoyo's migrations without asking (ollycope.com/software/yoyo, "Command line usage"): those that
    `yoyo.ini` names, else the folder that a script of the repository reads. None where a module does it by itself."""
    settings = folder.has("yoyo.ini")
    files = list(folder.sources(".py", most=300))
    if any("/" in file and folder.line(file, r"\.apply_migrations\(") for file in files):
        return None
    texts = (folder.text(file) or "" for file in files)
    read = next((found[1] for text in texts if (found := _READS_YOYO.search(text))), None)
    if not settings and (read is None or not any(file.startswith(f"{read}/") for file in folder.files)):
        return None
    address = "" if settings and folder.line("yoyo.ini", r"^\s*database\s*=") else ' --database "$DATABASE_URL"'
    return f"yoyo apply --batch{address}{'' if settings else f' {read}'}"


def _place(folder: Folder) -> str | None:
    """The folder that Alembic keeps: an `env.py`, and versions below it."""
    places = (match["place"] or "." for file in folder.files if (match := _VERSION.match(file)))
    return next((place for place in places if folder.has(f"{place}/env.py".removeprefix("./"))), None)


def _directory(folder: Folder, place: str) -> str:
    """What tells `flask db` where the migrations are, where neither it nor the application knows."""
    told = any(folder.line(file, _PLACED) for file in folder.sources(".py", most=300))
    return "" if told or place == _USUAL else f" -d {place}"


def _alembic(folder: Folder, settings: str, place: str, dependencies: Dependencies) -> Detection:
    where, _, name = settings.rpartition("/")
    path = "" if folder.line(settings, r"^\s*prepend_sys_path\s*=\s*\S") else "PYTHONPATH=. "
    command = f"{path}alembic upgrade head" if name == "alembic.ini" else f"{path}alembic -c {name} upgrade head"
    command = f"cd {where} && {command}" if where else command
    address = folder.line(settings, r"^\s*sqlalchemy\.url\s*=\s*(?!driver:)\S")
    if address and folder.line(f"{place}/env.py".removeprefix("./"), _OWN_ADDRESS) is None:
        return _doubt(
            folder,
            f"the migrations in {folder.in_repository(place)} run on the database that {settings} names",
            (settings, address),
            f"Let env.py read DATABASE_URL, then write `services.NAME.release: {command}`.",
        )
    if not dependencies.has("alembic"):
        return _doubt(
            folder,
            f"nothing runs the migrations in {folder.in_repository(place)}: alembic is not among the dependencies",
            (settings, 1),
            f"Add alembic to the dependencies, then write `services.NAME.release: {command}`.",
        )
    return _release(command, "alembic", dependencies)


def _release(command: str, tool: str, dependencies: Dependencies) -> Detection:
    file, line = dependencies.names[tool]
    return Detection("release", command, file, line, Precedence.CONVENTION, 0.8, tool, "python")


def _doubt(folder: Folder, message: str, spot: tuple[str, int], help_: str) -> Detection:
    file, line = spot
    return Detection("doubt", message, folder.in_repository(file), line, Precedence.CODE, 0.9, help_)


def _app(source: PythonCode) -> str:
    """What tells `flask` where its application is, in the way that all its versions know."""
    found = [each for each in source.applications if each.framework == "flask"]
    if not found or any(each.module in _FOUND_BY_FLASK and each.name in _MADE_BY_NAME for each in found):
        return ""
    return f"FLASK_APP={_import_name(min(found, key=lambda each: (each.is_factory, each.file.count('/'))))} "


def _import_name(each: Application) -> str:
    return each.module if each.name in _MADE_BY_NAME else f"{each.module}:{each.name}"


def _runs_them(folder: Folder) -> bool:
    """Whether the application, or a script that starts it, brings its tables up to date by itself."""
    files = [file for file in folder.sources(".py", most=300) if "/versions/" not in file]
    return any(folder.line(file, _UPGRADES) for file in files) or any(
        folder.line(file, _OF_FLASK) and _calls_upgrade(folder.whole(file) or "") for file in files
    )


def _named(node: ast.expr) -> str | None:
    """The last name of what is called or decorates: `command` of `@app.cli.command("up")`."""
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None


def _calls_upgrade(text: str) -> bool:
    """Whether code calls Flask-Migrate's `upgrade`, but for commands of its own: those wait for a person."""
    try:
        waiting: list[ast.AST] = [ast.parse(text)]
    except (SyntaxError, ValueError, RecursionError):
        return False
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef) and any(_named(each) == "command" for each in node.decorator_list):
            continue
        if isinstance(node, ast.Call) and _named(node) == "upgrade":
            return True
        waiting += ast.iter_child_nodes(node)
    return False
