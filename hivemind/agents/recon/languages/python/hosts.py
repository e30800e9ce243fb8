"""Which host names a Django project answers.

Load balancers ask for its health by the instance's address, and people ask by the load balancer's name: Django answers
400 unless ALLOWED_HOSTS admits them (https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python import django
from hivemind.agents.recon.languages.python.environment_reads import text_of
from hivemind.agents.recon.languages.python.source import PythonCode, module_of
from hivemind.detections.detection import Detection, Precedence

_NAME = "ALLOWED_HOSTS"
_SETTINGS = re.compile(r"DJANGO_SETTINGS_MODULE[\"']\s*[,\]]\s*=?\s*[\"']([\w.]+)[\"']")
_LARGEST = 400_000
_DEEPEST = 4
_NOT_A_LIST = ("json", "eval")
"""What reads a variable in another form than names in a row."""


@dataclass(frozen=True)
class _Said:
    """The setting's last value in a file, None where it depends on more than that."""

    file: str
    line: int
    value: ast.expr | None


def detect(folder: Folder, source: PythonCode) -> list[Detection]:
    """A `doubt` where hosts are written out and an address is not among them; where a variable holds them, that it
    has to be set."""
    settings = _settings(folder, source)
    said = _last(folder, settings, 0) if settings else None
    if said is None or said.value is None or "*" in _texts(said.value):
        return []
    variable = next(_variables(said.value), None)
    if variable:
        return [
            folder.found(
                "env_required", variable, said.file, said.line,
                precedence=Precedence.CODE, confidence=0.8, note=_NAME, language="python",
            )
        ]  # fmt: skip
    if not isinstance(said.value, ast.List | ast.Tuple) or len(said.value.elts) != len(_texts(said.value)):
        return []
    names = ", ".join(_texts(said.value)) or "nothing"
    message = f"{_NAME} allows {names}: Django answers 400 for other host names, including those of health checks"
    help_ = f'Write `{_NAME} = os.environ.get("{_NAME}", "*").split(",")`, and set services.NAME.env.{_NAME}.'
    return [Detection("doubt", message, folder.in_repository(said.file), said.line, Precedence.CODE, 0.9, help_)]


def _settings(folder: Folder, source: PythonCode) -> str | None:
    """The settings of what production serves, which may be others than those of manage.py."""
    application = django.application(folder, source)
    match = _SETTINGS.search(folder.text(application.file) or "") if application else None
    path = match[1].replace(".", "/") if match else ""
    return folder.first(f"{path}.py", f"{path}/__init__.py") or django.settings_file(folder)


def _last(folder: Folder, file: str, depth: int) -> _Said | None:
    try:
        tree = ast.parse(folder.whole(file, limit=_LARGEST) or "")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found: _Said | None = None
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and any(alias.name == "*" for alias in statement.names):
            other = _imported(folder, file, statement) if depth < _DEEPEST else None
            found = (_last(folder, other, depth + 1) if other else None) or found
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and _NAME in _assigned(statement):
            found = _Said(file, statement.lineno, statement.value)
        elif _NAME in {each.id for each in ast.walk(statement) if isinstance(each, ast.Name)}:
            found = _Said(file, statement.lineno, None)
    return found


def _imported(folder: Folder, file: str, statement: ast.ImportFrom) -> str | None:
    above = module_of(file).split(".")
    if file.endswith("/__init__.py"):
        above.append("")
    base = above[: -statement.level] if statement.level else []
    path = "/".join([*base, *(statement.module or "").split(".")]).strip("/")
    return folder.first(f"{path}.py", f"{path}/__init__.py")


def _assigned(statement: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _texts(value: ast.expr) -> list[str]:
    """Texts that a value holds, those of one default apart: `"a,b"` is two."""
    found = (each.value for each in ast.walk(value) if isinstance(each, ast.Constant) and isinstance(each.value, str))
    return [name.strip() for text in found for name in (text.split(",") if len(text) > 1 else [text]) if name.strip()]


def _variables(value: ast.expr) -> Iterator[str]:
    """Names of variables that a value is read from."""
    if any(word in ast.unparse(value) for word in _NOT_A_LIST):
        return
    for each in ast.walk(value):
        name = None
        if isinstance(each, ast.Call) and each.args:
            name = text_of(each.args[0])
        elif isinstance(each, ast.Subscript):
            name = text_of(each.slice)
        if name and name.isidentifier() and name.isupper():
            yield name
