"""Commands of an application's own that make its tables: Flask's `@app.cli.command` (Flask, "Command Line Interface",
"Custom Commands") whose function calls SQLAlchemy's `create_all` or Flask-Migrate's `upgrade`, or runs a file with
CREATE TABLE. Of several, the one that also writes what the application expects in them, such as roles."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python.environment_reads import dotted, text_of
from hivemind.agents.recon.languages.python.source import PythonCode
from hivemind.detections.detection import Detection, Precedence

_WORTH = re.compile(r"cli\.command\(|click\.command\(")
_MOST, _LARGEST, _DEEPEST = 200, 200_000, 3
_CREATES = re.compile(r"\bCREATE\s+TABLE\b", re.IGNORECASE)
_AGAIN = re.compile(
    r"\bDROP\s+TABLE\b|\bCREATE\s+TABLE\s+(?!IF\s+NOT\s+EXISTS)|\bTRUNCATE\b|\bDELETE\s+FROM\b", re.IGNORECASE
)
"""SQL that, run again, fails or takes what is there."""
_INVENTED = re.compile(r"fake|faker|forge|seed|demo|sample|test", re.IGNORECASE)
"""Names of what fills a database for developers."""


@dataclass(frozen=True)
class _Command:
    """name: as typed. again: whether it may run at every release, since it leaves alone what is there. creates,
    upgrades: by create_all or CREATE TABLE, by migrations. fills: how many functions of the repository it calls beside
    that, if each of them looks before it writes; else -1, as where it wants arguments or makes data up."""

    name: str
    file: str
    line: int
    again: bool
    creates: bool
    upgrades: bool
    fills: int


def detect(folder: Folder, source: PythonCode, flask: str) -> list[Detection]:
    """`release` for a command that makes what is missing ("create_all ... will not attempt to recreate tables already
    present", SQLAlchemy, "MetaData"); a `doubt` for one that would empty the database each time. flask: what tells
    Flask where the application is, as `FLASK_APP=shop `."""
    every = [each for each in _all(folder) if each.creates]
    safe = [each for each in every if each.again]
    found = max(safe, key=lambda each: each.fills, default=next(iter(every), None))
    if found is None or not any(each.framework == "flask" for each in source.applications):
        return []
    command = f"{flask}flask {found.name}"
    if found.again:
        return [
            folder.found(
                "release", command, found.file, found.line, precedence=Precedence.CONVENTION, confidence=0.7,
                note="makes the tables", language="python",
            )
        ]  # fmt: skip
    message = f"only `{command}` makes the tables, and it drops or repeats those that are there: nothing runs it"
    help_ = (
        f"Write CREATE TABLE IF NOT EXISTS, without DROP, and `services.NAME.release: {command}`. As it is, that line "
        "would empty the database at each release."
    )
    return [Detection("doubt", message, folder.in_repository(found.file), found.line, Precedence.CODE, 0.9, help_)]


def upgrading(folder: Folder) -> tuple[str, str, int] | None:
    """The command that applies Flask-Migrate's migrations and then writes what the application expects in its tables:
    its name, file and line (1-based). None where `flask db upgrade` does as much."""
    found = [each for each in _all(folder) if each.upgrades and each.again and each.fills > 0]
    best = max(found, key=lambda each: each.fills, default=None)
    return (best.name, best.file, best.line) if best else None


def making(folder: Folder) -> str | None:
    """The name of the command that makes the tables by `create_all` and asks for nothing; None where there is none."""
    found = [each for each in _all(folder) if each.creates and not each.upgrades and each.again and each.fills >= 0]
    return max(found, key=lambda each: each.fills).name if found else None


def _all(folder: Folder) -> list[_Command]:
    return [each for file in folder.sources(".py", most=_MOST) for each in _commands(folder, file)]


def _commands(folder: Folder, file: str) -> Iterator[_Command]:
    text = folder.whole(file, limit=_LARGEST) or ""
    if not _WORTH.search(text):
        return
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    functions = {each.name: each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
    for function in functions.values():
        name = next(filter(None, (_name(each, function) for each in function.decorator_list)), None)
        if name is None:
            continue
        calls = list(_calls(function, functions, 0))
        called = {dotted(call.func).rpartition(".")[2] for call in calls}
        script = "".join(_scripts(folder, calls)) if called & {"executescript", "execute"} else ""
        creates = "create_all" in called or _CREATES.search(script) is not None
        upgrades = "upgrade" in called and "flask_migrate" in text
        if creates or upgrades:
            again = "drop_all" not in called and not _AGAIN.search(script)
            fills = -1 if _INVENTED.search(name) or _wants(function) else _fills(folder, called - set(functions))
            yield _Command(name, file, function.lineno, again, creates, upgrades, fills)


def _wants(function: ast.FunctionDef) -> bool:
    """Whether a command cannot run as it is: it has arguments, or options that it asks for (click, "Options")."""
    calls = [each for each in function.decorator_list if isinstance(each, ast.Call)]
    return any(
        dotted(call.func).endswith("argument") or any(word.arg in {"prompt", "required"} for word in call.keywords)
        for call in calls
    )


def _fills(folder: Folder, called: set[str]) -> int:
    """How many functions of the repository are among those called; -1 if one of them writes without looking, or makes
    data up."""
    known: dict[str, bool] = {}
    for file in folder.sources(".py", most=_MOST) if called else ():
        text = folder.whole(file, limit=_LARGEST) or ""
        if not any(f"def {name}(" in text for name in called):
            continue
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for each in ast.walk(tree):
            if isinstance(each, ast.FunctionDef) and each.name in called:
                looks = any(isinstance(part, ast.If) for part in ast.walk(each)) and not _INVENTED.search(file)
                known[each.name] = known.get(each.name, True) and looks
    return len(known) if all(known.values()) else -1


def _name(decorator: ast.expr, function: ast.FunctionDef) -> str | None:
    """The command that a decorator makes of a function: its text, else the function's name with dashes (click,
    "Commands and Groups")."""
    if not isinstance(decorator, ast.Call):
        return None
    said = dotted(decorator.func)
    if said != "click.command" and not said.endswith("cli.command"):
        return None
    return text_of(decorator.args[0]) if decorator.args else function.name.replace("_", "-")


def _calls(node: ast.FunctionDef, functions: dict[str, ast.FunctionDef], depth: int) -> Iterator[ast.Call]:
    """The calls of a function, and of those of its file that it calls; not what it does only if an option asks for it,
    `if drop:`."""
    options = {argument.arg for argument in node.args.args}
    waiting: list[ast.AST] = [node]
    while waiting:
        each = waiting.pop(0)
        asked = isinstance(each, ast.If) and isinstance(each.test, ast.Name) and each.test.id in options
        waiting += each.orelse if asked and isinstance(each, ast.If) else ast.iter_child_nodes(each)
        if isinstance(each, ast.Call):
            yield each
            other = functions.get(dotted(each.func))
            if other is not None and other is not node and depth < _DEEPEST:
                yield from _calls(other, functions, depth + 1)


def _scripts(folder: Folder, calls: list[ast.Call]) -> Iterator[str]:
    """The SQL that is run: texts, and the files that are opened."""
    for call in calls:
        text = text_of(call.args[0]) if call.args else None
        if text and text.endswith(".sql"):
            path = next((file for file in folder.files if file.endswith(text.removeprefix("./"))), None)
            yield (folder.text(path, limit=_LARGEST) or "") if path else ""
        elif text and dotted(call.func).rpartition(".")[2] in {"execute", "executescript"}:
            yield text
