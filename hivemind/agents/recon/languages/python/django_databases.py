"""Variables that a Django project's DATABASES takes the parts of its PostgreSQL's address from, whatever they are
called (Django, "Settings", DATABASES)."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python.environment_reads import text_of
from hivemind.detections.detection import Detection, Precedence

_PARTS = {"NAME": "$PGDATABASE", "USER": "$PGUSER", "PASSWORD": "$PGPASSWORD", "HOST": "$PGHOST", "PORT": "$PGPORT"}
_ENGINE = re.compile(r"[\"']ENGINE[\"']\s*:[^\n]{0,120}(?:postgresql|postgis|psycopg)")
_READ = re.compile(
    r"[\"'](NAME|USER|PASSWORD|HOST|PORT)[\"']\s*:\s*(?:int\(|str\()?"
    r"(?:[\w.]{0,40}(?:env|config|secret|setting)[\w.]{0,40}[(\[])\s*[\"']([A-Z][A-Z0-9_]{2,60})[\"']",
)
_BY_NAME = re.compile(
    r"[\"']ENGINE[\"']\s*:\s*[\w.]{0,40}(?:env|config|setting)[\w.]{0,40}\(\s*[\"']([A-Z][A-Z0-9_]{1,60})[\"']\s*,\s*"
    r"(?:default\s*=\s*)?[\"']django\.db\.backends\.(?!postgresql)"
)
"""A variable that names the engine, with another one as its default."""
POSTGRESQL = "DATABASES is PostgreSQL with it"
"""Note of a variable that is to be set only where a service has PostgreSQL."""
_LONGEST = 1500
"""Characters of one database's entry."""


def detect(folder: Folder, settings: Sequence[str]) -> list[Detection]:
    """`env` for each variable of the first entry of PostgreSQL. settings: files of the settings in use."""
    for file in settings:
        text = folder.text(file) or ""
        named = _BY_NAME.search(text)
        engine = named or _ENGINE.search(text)
        if engine is None:
            continue
        chosen = (named[1], "django.db.backends.postgresql", _line(text, named.start())) if named else _asked(text)
        found: dict[str, Detection] = {}
        for match in _READ.finditer(text, engine.start(), engine.start() + _LONGEST):
            part, name = match[1], match[2]
            said = folder.found(
                "env", f"{name}={_PARTS[part]}", file, _line(text, match.start()),
                precedence=Precedence.CODE, confidence=0.8, note=f"{part} of DATABASES", language="python",
            )  # fmt: skip
            found.setdefault(part, said)
        which = [
            folder.found(
                "env", f"{name}={value}", file, line, precedence=Precedence.CODE, confidence=0.8, note=POSTGRESQL,
                language="python",
            )
            for name, value, line in ([chosen] if chosen else [])
        ]  # fmt: skip
        if "HOST" in found:
            return [*which, *found.values()]
    return []


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def _asked(text: str) -> tuple[str, str, int] | None:
    """The variable, its value and the line of the question that settings ask before they take PostgreSQL:
    `if os.getenv("DB") == "postgres":`. None where they take it anyway."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    assigned = [each for each in ast.walk(tree) if isinstance(each, ast.Assign)]
    named = {target.id: each.value for each in assigned for target in each.targets if isinstance(target, ast.Name)}
    for each in ast.walk(tree):
        test = each.test if isinstance(each, ast.If) else None
        if not isinstance(test, ast.Compare) or not isinstance(each, ast.If) or not isinstance(test.ops[0], ast.Eq):
            continue
        if not _ENGINE.search("\n".join(ast.unparse(part) for part in each.body)):
            continue
        read = named.get(test.left.id, test.left) if isinstance(test.left, ast.Name) else test.left
        value = text_of(test.comparators[0])
        variable = next((word for part in ast.walk(read) if (word := text_of(part)) and word.isupper()), None)
        if value and variable and len(test.ops) == 1:
            return variable, value, each.lineno
    return None
