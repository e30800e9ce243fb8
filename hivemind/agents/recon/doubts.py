"""Doubts: what in a repository contradicts itself, with what to write in `hivemind.yaml` about it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from hivemind.agents.recon import loopback
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node import package as packages
from hivemind.detections.detection import LIKELY, Detection, Precedence, best, language_of

_ANY = 99
_KNOWN: dict[str, tuple[tuple[int, int], ...]] = {
    "python": ((2, 7), (3, 15)), "node": tuple((major, _ANY) for major in range(31)),
    "ruby": ((1, 9), (2, 7), (3, 5), (4, 1)), "go": ((1, 30),), "php": ((5, 6), (7, 4), (8, 6)),
    "java": tuple((major, _ANY) for major in range(1, 31)),
}  # fmt: skip
"""By language: major versions, and the last minor version that each of them can have."""
_USUAL = {"python": "3.12", "node": "22", "ruby": "3.3", "go": "1.23", "php": "8.3", "java": "21"}
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
        *_alone(folder, chosen, best(found, "start", language=chosen, least=LIKELY)),
    ]


def _alone(folder: Folder, language: str | None, start: Detection | None) -> Iterator[Detection]:
    """A program that no load balancer reaches."""
    for file, line in loopback.alone(folder, language, str(start.value)) if start else ():
        message = "the application listens on localhost alone, where the load balancer cannot reach it"
        yield _doubt(message, folder.in_repository(file), line, "Let it listen on 0.0.0.0, on the port in PORT.")


def _start(folder: Folder, start: Detection | None) -> Iterator[Detection]:
    """A start command whose script or module is not there, and that no build would make."""
    missing = _missing(folder, str(start.value)) if start else None
    if start and missing:
        message = f"the start command runs {missing}"
        help_ = "Write `services.NAME.start: COMMAND`, or a `services.NAME.build` that creates it."
        yield _doubt(message, start.file, start.line or 1, help_)


def _missing(folder: Folder, command: str) -> str | None:
    """The file, module or script that a command names and that is not there."""
    moved = re.match(r"cd\s+([\w./-]+)\s*&&", command)
    if moved:
        folder = Folder.of(folder.repository, folder.in_repository(moved[1]))
    try:
        words = shlex.split(command.rpartition("&&")[2])
    except ValueError:
        return None
    while words and re.match(r"^\w+=", words[0]):
        words = words[1:]
    if words and re.fullmatch(r"\./[\w./-]+\.(sh|py|js|rb)", words[0]):
        words = ["sh", *words]
    if len(words) < 2:
        return None
    program, argument = words[0].rpartition("/")[2], words[1].removeprefix("./")
    if _SCRIPTS.match(program) and re.fullmatch(r"[\w./-]+\.(py|js|mjs|cjs|ts|rb|php|sh)", argument):
        is_there = folder.has(argument) or argument.startswith(("/", "..")) or _BUILT.match(argument)
        return None if is_there else f"{argument}, which does not exist"
    if program in {"npm", "yarn", "pnpm"}:
        return _missing_script(folder, words[1:])
    if program in {"gunicorn", "uvicorn", "hypercorn", "daphne"}:
        return _missing_module(folder, words[1:])
    return None


def _missing_script(folder: Folder, words: list[str]) -> str | None:
    package = packages.read(folder)
    name = words[1] if len(words) > 1 and words[0] == "run" else ""
    if package is None or not re.fullmatch(r"[\w:.-]+", name) or name in package.scripts:
        return None
    return f"the script {name}, which package.json does not have"


def _missing_module(folder: Folder, words: list[str]) -> str | None:
    target = next((each for each in words if re.fullmatch(r"[A-Za-z_][\w.]*:\w+(\(\))?", each)), None)
    if target is None or any(each.startswith(("--chdir", "--pythonpath", "--app-dir")) for each in words):
        return None
    path = target.partition(":")[0].replace(".", "/")
    endings = (f"{path}.py", f"{path}/__init__.py")
    is_there = any(file.endswith(endings) for file in folder.files) or any(
        file.endswith((f"/{path}.pyx", f"{path}.so")) for file in folder.files
    )
    return None if is_there else f"the module {path.replace('/', '.')}, which does not exist"


def _version(version: Detection | None, language: str | None) -> Iterator[Detection]:
    """An interpreter version that never was."""
    match = re.fullmatch(r"v?(\d+)(?:\.(\d+|x))?(?:\.(?:\d+|x))*", str(version.value)) if version else None
    if version is None or match is None or language not in _KNOWN:
        return
    minor = match[2] if match[2] and match[2].isdigit() else "0"
    latest = next((each for each in _KNOWN[language] if each[0] == int(match[1])), None)
    if latest is None or int(minor) > latest[1]:
        message = f"{language} {version.value} does not exist"
        help_ = f"Write `services.NAME.runtime: {language} VERSION`, for example {_USUAL[language]}."
        yield _doubt(message, version.file, version.line or 1, help_)


def _locks(folder: Folder, language: str | None) -> Iterator[Detection]:
    """Lock files of two managers, and one that lacks what its manifest asks for."""
    if language != "node":
        return
    locks = [file for files in packages.LOCKS.values() if (file := folder.first(*files))]
    if len(locks) > 1:
        yield _doubt(
            f"{' and '.join(locks)} belong to two package managers; HiveMind uses the first",
            folder.in_repository(locks[-1]), 1, "Remove the one that you don't use, or write `services.NAME.install`.",
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
        message = f"it lacks {missing[0]}, which {folder.in_repository(packages.FILE)}:{line or 1} asks for"
        help_ = "Run `npm install` and commit the lock file, or write `services.NAME.install: npm install`."
        yield _doubt(message, folder.in_repository("package-lock.json"), 1, help_)


def _container_alone(folder: Folder, language: Detection | None) -> Iterator[Detection]:
    """A Dockerfile, and nothing that says how to run the application without it."""
    file = folder.first("Dockerfile", "Containerfile")
    if file and (language is None or language.file == folder.in_repository(file)):
        yield _doubt(
            "only a Dockerfile says how this runs, but HiveMind runs applications without containers",
            folder.in_repository(file), 1, "Write `runtime`, `start` and `port` of services.NAME.",
        )  # fmt: skip


def _doubt(message: str, file: str, line: int | None, help_: str) -> Detection:
    return Detection("doubt", message, file, line, Precedence.CODE, 0.9, help_)
