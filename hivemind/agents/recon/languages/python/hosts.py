"""Which host names a Django project answers.

Load balancers ask for its health by the instance's address, and people ask by the load balancer's name: Django answers
400 unless ALLOWED_HOSTS admits them (https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python import django
from hivemind.agents.recon.languages.python.django_settings import imported, served_with
from hivemind.agents.recon.languages.python.environment_reads import dotted, text_of
from hivemind.agents.recon.languages.python.source import PythonCode
from hivemind.detections.detection import Detection, Precedence

_NAME = "ALLOWED_HOSTS"
_LARGEST = 400_000
_DEEPEST = 4
_NOT_A_LIST = ("json", "eval")
"""What reads a variable in another form than names in a row."""


@dataclass(frozen=True)
class _Said:
    """What the setting is made of, with the file and line of the last word. names: what the file's own names are.
    other: statements of the file that are not about it."""

    file: str
    line: int
    values: tuple[ast.expr, ...]
    names: Mapping[str, ast.expr]
    other: tuple[ast.stmt, ...] = ()


def detect(folder: Folder, source: PythonCode) -> list[Detection]:
    """A `doubt` where hosts are written out and an address is not among them; where a variable holds them, that it
    has to be set."""
    served = served_with(folder, source)
    settings = served.path if served else django.settings_file(folder)
    said = _last(folder, settings, 0) if settings else None
    if said is None or not said.values or "*" in [text for value in said.values for text in _texts(value)]:
        return []
    named = [said.names[one] for value in said.values for one in _names(value) if one in said.names]
    variable = next((name for value in (*said.values, *named) for name in _variables(value)), None)
    if variable and not _is_used(variable, said):
        return [
            folder.found(
                "env_required", variable, said.file, said.line,
                precedence=Precedence.CODE, confidence=0.8, note=_NAME, language="python",
            )
        ]  # fmt: skip
    if variable is None and not all(_is_written_out(value) for value in said.values):
        return []
    allowed = ", ".join(text for value in said.values for text in _texts(value) if text != variable)
    if variable:
        allowed = ", ".join(filter(None, [f"what {variable} says", allowed]))
    others = "Django answers 400 for other host names, including those of health checks"
    message = f"{_NAME} allows {allowed or 'nothing'}: {others}"
    help_ = f'Write `{_NAME} = os.environ.get("{_NAME}", "*").split(",")`, and set services.NAME.env.{_NAME}.'
    return [Detection("doubt", message, folder.in_repository(said.file), said.line, Precedence.CODE, 0.9, help_)]


def _is_written_out(value: ast.expr) -> bool:
    return isinstance(value, ast.List | ast.Tuple) and len(value.elts) == len(_texts(value))


def _is_used(variable: str, said: _Said) -> bool:
    """Whether a variable is for more than the hosts, so that it can't be any: the addresses of pages, say."""
    own = {name for name, value in said.names.items() if variable in _variables(value)}
    for statement in said.other:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and own & _assigned(statement):
            continue
        for each in ast.walk(statement):
            if (isinstance(each, ast.Name) and each.id in own) or text_of(each) == variable:
                return True
    return False


def _last(folder: Folder, file: str, depth: int) -> _Said | None:
    try:
        tree = ast.parse(folder.whole(file, limit=_LARGEST) or "")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found: _Said | None = None
    names: dict[str, ast.expr] = {}
    other = []
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and any(alias.name == "*" for alias in statement.names):
            base = imported(folder, file, statement) if depth < _DEEPEST else None
            found = (_last(folder, base, depth + 1) if base else None) or found
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and _NAME in _assigned(statement):
            found = _Said(file, statement.lineno, (statement.value,) if statement.value else (), names)
        elif _NAME in _names(statement):
            before = found.values if found else ()
            added = tuple(_added(statement))
            found = _Said(file, statement.lineno, (*before, *added) if added else (), names)
        else:
            other.append(statement)
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                names.update(dict.fromkeys(_assigned(statement), statement.value))
    return replace(found, other=tuple(other)) if found and found.file == file else found


def _added(statement: ast.stmt) -> Iterator[ast.expr]:
    """What a statement adds to the setting, or gives it in a branch."""
    bound = _bound(statement)
    for each in ast.walk(statement):
        if isinstance(each, ast.Assign | ast.AnnAssign) and _NAME in _assigned(each) and each.value is not None:
            yield from (each.value, *(bound[name] for name in _names(each.value) if name in bound))
        elif isinstance(each, ast.AugAssign) and dotted(each.target) == _NAME:
            yield each.value
        elif isinstance(each, ast.Call) and dotted(each.func) in {f"{_NAME}.append", f"{_NAME}.extend"}:
            yield from each.args


def _bound(statement: ast.stmt) -> dict[str, ast.expr]:
    """What a statement binds on its way: `if hosts := os.environ.get("HOSTS"):`."""
    bound = (each for each in ast.walk(statement) if isinstance(each, ast.NamedExpr))
    return {each.target.id: each.value for each in bound}


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _assigned(statement: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _texts(value: ast.expr) -> list[str]:
    """Texts that a value holds, those of one default apart: `"a,b"` is two."""
    found = (each.value for each in ast.walk(value) if isinstance(each, ast.Constant) and isinstance(each.value, str))
    return [name.strip() for text in found for name in text.split(",") if name.strip()]


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
