"""What kind of thing a Python folder is, and the script that is its program."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python import django, listening
from hivemind.agents.recon.languages.python.dependencies import Dependencies
from hivemind.agents.recon.languages.python.frameworks import WORKERS
from hivemind.agents.recon.languages.python.source import PythonCode
from hivemind.agents.recon.weights import BUILDS, HINT, MANIFEST, SERVES, SOURCES
from hivemind.detections.detection import Detection, Precedence

LANGUAGE = "python"
SCRIPTS = (
    "main.py", "app.py", "run.py", "start.py", "server.py", "bot.py", "web.py", "api.py", "worker.py",
    "index.py", "__main__.py", "src/main.py", "src/app.py", "src/bot.py", "src/__main__.py",
    "app/main.py", "app/__main__.py",
)  # fmt: skip
"""`main.py` and `app.py` are what platforms take a program to be called (Google Cloud's buildpacks, "Build a Python
application"; Railpack, "Python"), `__main__.py` is what Python itself runs of a folder ("__main__"); the others are
names of the same kind, of which only one that runs something counts before them."""


def script(folder: Folder, source: PythonCode) -> tuple[str, int | None] | None:
    """The program: of the usual names, those first that run something; else the only script at the top that does;
    else one of the usual names."""
    guarded = dict(reversed(source.mains))
    for file in SCRIPTS:
        if file in guarded:
            return file, guarded[file]
    top = [
        file
        for file in guarded
        if "/" not in file and not file.startswith(("setup", "manage", "conf", "test", "noxfile"))
    ]
    if len(top) == 1:
        return top[0], guarded[top[0]]
    if usual := next((file for file in SCRIPTS if file in source.acting), None) or folder.first(*SCRIPTS):
        return usual, None
    packages = [file for file in folder.files if re.fullmatch(r"[a-z]\w*/__main__\.py", file)]
    if len(packages) == 1 and not re.match(r"(?:tests?|docs|scripts|tools|setup)/", packages[0]):
        return packages[0], None
    return None


def detect(
    folder: Folder, dependencies: Dependencies, source: PythonCode, start: Detection | None, *, serves: bool
) -> list[Detection]:
    """`kind`, how sure Python is to be the language, and `start` where a script is all there is."""
    evidence = dependencies.manifest or next(iter(folder.top(".py")), "pyproject.toml")
    if start or serves:
        return [_kind(folder, "web", evidence, None, 0.9), _language(folder, evidence, SERVES)]
    packaged = _packaged(folder)
    program = script(folder, source)
    worker = dependencies.has(*WORKERS)
    if packaged and (packaged[2] is not None or program is None) and not (worker and program):
        kind, file, line = packaged
        return [_kind(folder, kind, file, line, 0.75), _language(folder, evidence, MANIFEST + 0.05)]
    if program is None and worker and dependencies.asks_for(worker):
        where, number = dependencies.names[worker]
        found = Detection("kind", "worker", where, number, Precedence.CONVENTION, 0.6, worker, LANGUAGE)
        return [found, _language(folder, evidence, BUILDS)]
    if program is None:
        sure = MANIFEST if dependencies.manifest else SOURCES - 0.05
        return [_kind(folder, "cli", evidence, None, 0.4), _language(folder, evidence, sure)]
    return _program(folder, dependencies, source, program, worker)


def _program(
    folder: Folder, dependencies: Dependencies, source: PythonCode, program: tuple[str, int | None], worker: str | None
) -> list[Detection]:
    """A script: a worker where it uses what only those use; where it says nothing at all it may well serve."""
    file, line = program
    listens = bool(source.runs) and bool(source.ports)
    named = 0.6 if worker else 0.7 if listens else 0.45
    start = folder.found(
        "start",
        command(folder, file),
        file,
        line,
        precedence=Precedence.CONVENTION,
        confidence=named,
        language=LANGUAGE,
    )
    kind, sure = (
        ("worker", 0.8) if worker else ("web", 0.6) if listens
        else ("worker", 0.4)
    )  # fmt: skip
    where, number = dependencies.names[worker] if worker else (folder.in_repository(file), line)
    found = Detection("kind", kind, where, number, Precedence.CODE, sure, worker, LANGUAGE)
    weight = BUILDS if dependencies.manifest else SOURCES if line or folder.first(*SCRIPTS[:7]) else HINT
    return [start, found, _language(folder, dependencies.manifest or file, weight)]


def command(folder: Folder, file: str) -> str:
    """How a file is run, told to listen for others where it would not.

    A module of a package is run by the command that its manifest declares, else as `python -m`: by its path, "the
    directory containing the script is added to the start of the module search path" (Python, "Command line and
    environment"), and the package's modules take the place of others of their names.
    """
    package, _, name = file.rpartition("/")
    told = listening.arguments(folder.text(file) or "")
    if not package or (name != "__main__.py" and not folder.has(f"{package}/__init__.py")):
        return f"python {file}{told}"
    module = package.removeprefix("src/").replace("/", ".")
    if name != "__main__.py":
        module = f"{module}.{name.removesuffix('.py')}"
        declared = _declared(folder)
        if own := next((each for each, target in declared.items() if target.partition(":")[0] == module), None):
            return f"{own}{told}"
    return f"python -m {module}{told}"


def _declared(folder: Folder) -> dict[str, str]:
    """Commands that installing the package makes -> what they call (Python Packaging User Guide, "Entry points")."""
    project = folder.toml("pyproject.toml")
    found = {
        **_table(_table(_table(project, "tool"), "poetry"), "scripts"),
        **_table(_table(project, "project"), "scripts"),
    }
    return {name: target for name, target in found.items() if isinstance(target, str)}


def is_packaged(folder: Folder) -> bool:
    """Whether this says of itself that others install it, as a library or a tool."""
    packaged = _packaged(folder)
    return packaged is not None and packaged[2] is not None


def is_library(folder: Folder) -> bool:
    """Whether this says of itself that it is a library, and nothing says that it is served: what it or its examples
    serve with is not its application."""
    packaged = _packaged(folder)
    said = packaged is not None and packaged[0] == "library" and packaged[2] is not None
    return said and not folder.first("Procfile", "wsgi.py", "asgi.py") and not django.is_project(folder)


def _packaged(folder: Folder) -> tuple[str, str, int | None] | None:
    """(kind, file, line) of something that others install: a tool where it declares commands, unless it says of
    itself that it is a library."""
    project = folder.toml("pyproject.toml")
    own = _table(project, "project")
    poetry = _table(_table(project, "tool"), "poetry")
    settings = folder.text("setup.cfg") or ""
    setup = folder.text("setup.py") or ""
    if not ("build-system" in project or own.get("scripts") or folder.has("setup.py") or "[options]" in settings):
        return None
    texts = ("pyproject.toml", folder.text("pyproject.toml") or ""), ("setup.cfg", settings), ("setup.py", setup)
    for file, text in texts:
        says = re.search(r"Topic :: Software Development :: Libraries|Framework :: \w+(?: :: [\d.]+)?\"", text)
        if says and "Environment :: Console" not in text:
            return "library", file, folder.line(file, r":: Libraries|Framework ::")
    if own.get("scripts") or poetry.get("scripts"):
        return "cli", "pyproject.toml", folder.line("pyproject.toml", r"scripts\]")
    for file, text in texts[1:]:
        if "console_scripts" in text:
            return "cli", file, folder.line(file, "console_scripts")
    for file, text in texts:
        if "Environment :: Console" in text:
            return "cli", file, folder.line(file, "Environment :: Console")
    return "library", next(file for file, _ in texts if folder.has(file)), None


def _table(content: object, key: str) -> dict[str, object]:
    value = content.get(key) if isinstance(content, dict) else None
    return value if isinstance(value, dict) else {}


def _kind(folder: Folder, kind: str, file: str, line: int | None, sure: float) -> Detection:
    precedence = Precedence.CODE if sure > 0.8 else Precedence.CONVENTION
    return folder.found("kind", kind, file, line, precedence=precedence, confidence=sure, language=LANGUAGE)


def _language(folder: Folder, file: str, sure: float) -> Detection:
    return folder.found("language", LANGUAGE, file, confidence=sure, language=LANGUAGE)
