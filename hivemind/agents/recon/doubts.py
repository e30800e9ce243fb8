"""Doubts: what in a repository contradicts itself, with what to write in `hivemind.yaml` about it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node import package as packages
from hivemind.detection import LIKELY, Detection, Precedence, best, language_of

_LATEST = {"python": 15, "node": 30}
"""The last minor version of Python 3, and the last major version of Node, that can be in use."""
_BUILT = re.compile(r"^(dist|build|out|target|\.output|\.next|bin|lib|_build|publish|obj|node_modules|vendor)(/|$)")
_SCRIPTS = re.compile(r"^(python[\d.]*|node|bun|ruby|php|sh|bash|deno)$")


def detect(folder: Folder, found: Sequence[Detection]) -> list[Detection]:
    """`doubt`s about what was found in a folder; the note says what helps."""
    language = language_of(found)
    chosen = str(language.value) if language else None
    return [
        *_start(folder, best(found, "start", language=chosen, least=LIKELY)),
        *_version(best(found, "runtime_version", language=chosen), chosen),
        *_locks(folder, chosen),
        *_container_alone(folder, language),
    ]


def _start(folder: Folder, start: Detection | None) -> Iterator[Detection]:
    """A start command whose script or module is not there, and that no build would make."""
    missing = _missing(folder, str(start.value)) if start else None
    if start and missing:
        message = f"the start command runs {missing}, and there is no such file"
        yield _doubt(message, start.file, start.line, "write services.NAME.start, or the build that makes the file")


def _missing(folder: Folder, command: str) -> str | None:
    try:
        words = shlex.split(command.rpartition("&&")[2])
    except ValueError:
        return None
    while words and re.match(r"^\w+=", words[0]):
        words = words[1:]
    if len(words) < 2:
        return None
    program, argument = words[0].rpartition("/")[2], words[1].removeprefix("./")
    if _SCRIPTS.match(program) and re.fullmatch(r"[\w./-]+\.(py|js|mjs|cjs|ts|rb|php|sh)", argument):
        is_there = folder.has(argument) or argument.startswith(("/", "..")) or _BUILT.match(argument)
        return None if is_there else argument
    if program in {"gunicorn", "uvicorn", "hypercorn", "daphne"}:
        return _missing_module(folder, words[1:])
    return None


def _missing_module(folder: Folder, words: list[str]) -> str | None:
    target = next((each for each in words if re.fullmatch(r"[A-Za-z_][\w.]*:\w+(\(\))?", each)), None)
    if target is None or any(each.startswith(("--chdir", "--pythonpath", "--app-dir")) for each in words):
        return None
    path = target.partition(":")[0].replace(".", "/")
    endings = (f"{path}.py", f"{path}/__init__.py")
    is_there = any(file.endswith(endings) for file in folder.files) or any(
        file.endswith((f"/{path}.pyx", f"{path}.so")) for file in folder.files
    )
    return None if is_there else f"module {path.replace('/', '.')}"


def _version(version: Detection | None, language: str | None) -> Iterator[Detection]:
    """An interpreter version that never was."""
    if version is None or language not in _LATEST:
        return
    match = re.fullmatch(r"v?(\d+)(?:\.(\d+))?(?:\.\d+)*", str(version.value))
    if match is None:
        return
    major, minor = int(match[1]), int(match[2] or 0)
    known = (major == 2 and minor <= 7) or (major == 3 and minor <= _LATEST["python"])
    if language == "node":
        known = major <= _LATEST["node"]
    if not known:
        message = f"{language} {version.value} does not exist"
        yield _doubt(message, version.file, version.line, f"write services.NAME.runtime: {language} VERSION")


def _locks(folder: Folder, language: str | None) -> Iterator[Detection]:
    """Lock files of two managers, and one that lacks what its manifest asks for."""
    if language != "node":
        return
    locks = [file for files in packages.LOCKS.values() if (file := folder.first(*files))]
    if len(locks) > 1:
        yield _doubt(
            f"{' and '.join(locks)} are of two package managers: the first counts", locks[-1], None,
            "remove the one that is left over",
        )  # fmt: skip
    package = packages.read(folder)
    root = folder.json("package-lock.json").get("packages")
    listed = root.get("") if isinstance(root, dict) else None
    if package is None or not isinstance(listed, dict):
        return
    known = listed.get("dependencies")
    missing = [name for name in package.dependencies if not isinstance(known, dict) or name not in known]
    if missing:
        line = packages.line_of(folder, missing[0])
        message = f"package-lock.json does not have {missing[0]}, which package.json asks for at line {line}"
        file = folder.in_repository("package-lock.json")
        yield _doubt(message, file, None, "run npm install and commit the lock file")


def _container_alone(folder: Folder, language: Detection | None) -> Iterator[Detection]:
    """A Dockerfile, and nothing that says how to run the application without it."""
    file = folder.first("Dockerfile", "Containerfile")
    if file and (language is None or language.file == folder.in_repository(file)):
        yield _doubt(
            "only a Dockerfile says how this runs, and HiveMind runs applications without containers",
            folder.in_repository(file), 1, "write services.NAME.runtime, start and port",
        )  # fmt: skip


def _doubt(message: str, file: str, line: int | None, help_: str) -> Detection:
    return Detection("doubt", message, file, line, Precedence.CODE, 0.9, help_)
