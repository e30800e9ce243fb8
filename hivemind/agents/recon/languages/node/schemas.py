"""Variables that a schema of the environment demands: Zod, Joi, envalid, envsafe, class-validator."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hivemind.agents.recon.folder import Folder
from hivemind.detections.detection import Detection, Precedence

LANGUAGE = "node"
_LARGEST = 100_000
_MOST = 400
_NAMED = re.compile(
    r"(?:^|/)[\w./-]*(?:env|config)[\w.-]*\.[cm]?[jt]s$|(?:^|/)(?:config|env)/[\w.-]+\.[cm]?[jt]s$", re.IGNORECASE
)
"""Files that hold such a schema, by their path: it is read where it says so itself, too."""
_OF_THE_ENVIRONMENT = re.compile(r"process\.env\b|createEnv\(|cleanEnv\(|envsafe\(|validateConfig\(|@nestjs/config")
_ENTRY = re.compile(r"^\s*([A-Z][A-Z0-9_]{1,60})\s*:\s*(.*)$")
_FIELD = re.compile(r"^\s*(?:public |readonly )*([A-Z][A-Z0-9_]{1,60})!?\s*:\s*[\w\[\]<>| .]+;\s*$")
_GIVEN = frozenset({"PORT", "HOST", "NODE_ENV", "CI", "HOME", "PATH", "TZ", "npm_package_version"})
_CALL = re.compile(
    r"(?:\w+\.)?(?:str|string|num|number|bool|boolean|port|url|email|host|json|array|enum|coerce)\(|z\.|zod\."
)
_WITHOUT = re.compile(
    r"\.(?:optional|nullish|nullable|default|catch|prefault)\(|\bdefault\s*:|z\.optional\(|\ballowEmpty"
)
_LONGEST = 12
"""Lines that one entry of a schema takes at most."""


def detect(folder: Folder) -> list[Detection]:
    """`env_required` for each variable that the application refuses to start without."""
    found: dict[str, Detection] = {}
    files = [file for file in folder.sources(".js", ".mjs", ".cjs", ".ts", ".mts", ".cts") if _NAMED.search(file)]
    for file in files[:_MOST]:
        text = folder.text(file, limit=_LARGEST) or ""
        if ".test." in file or ".spec." in file or not _OF_THE_ENVIRONMENT.search(text):
            continue
        for name, line in _demanded(text):
            if name not in _GIVEN:
                found.setdefault(
                    name,
                    folder.found("env_required", name, file, line, precedence=Precedence.CODE, confidence=0.75,
                                 note="schema", language=LANGUAGE),
                )  # fmt: skip
    return list(found.values())


def _demanded(text: str) -> Iterator[tuple[str, int]]:
    lines = text.splitlines()
    joi = re.search(r"\bJoi\b|\bjoi\b", text) is not None
    decorated = "class-validator" in text
    for number, line in enumerate(lines, 1):
        if len(line) > 500 or line.lstrip().startswith(("//", "*")):
            continue
        if decorated:
            field = _FIELD.match(line)
            if field and _is_validated(lines, number - 1):
                yield field[1], number
            continue
        entry = _ENTRY.match(line)
        if entry is None:
            continue
        said = re.sub(r"(?<!\s)\s+\.", ".", " ".join([entry[2], *_rest(lines, number)]))
        if not re.match(r"Joi\.|joi\.", said) if joi else not _CALL.match(said):
            continue
        if (".required()" in said) if joi else not _WITHOUT.search(said):
            yield entry[1], number


def _rest(lines: list[str], number: int) -> Iterator[str]:
    """The lines of an entry after its first: as far as calls go on, or brackets are open."""
    open_ = _depth(lines[number - 1])
    for line in lines[number : number + _LONGEST]:
        if open_ <= 0 and not line.lstrip().startswith("."):
            return
        open_ += _depth(line)
        yield line.strip()[:300]


def _depth(line: str) -> int:
    return sum(line.count(each) for each in "([{") - sum(line.count(each) for each in ")]}")


def _is_validated(lines: list[str], index: int) -> bool:
    """Whether the decorators before a field demand something, and none takes that back."""
    above = []
    for line in reversed(lines[max(0, index - 8) : index]):
        if not line.strip() or line.rstrip().endswith(";"):
            break
        above.append(line.strip())
    said = " ".join(above)
    return "@Is" in said and "@IsOptional" not in said and "@ValidateIf" not in said
