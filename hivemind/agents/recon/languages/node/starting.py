"""How a Node application is started, on which port, and what kind of thing it is."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node import bundled, chains, kinds, pages, routes, scripts
from hivemind.agents.recon.languages.node import package as packages
from hivemind.agents.recon.languages.node.chains import Chain
from hivemind.agents.recon.languages.node.frameworks import NO_PORT, WORKERS, Framework
from hivemind.agents.recon.languages.node.package import FILE, Package
from hivemind.agents.recon.languages.node.source import NodeCode
from hivemind.agents.recon.weights import BUILDS, MANIFEST, SERVES
from hivemind.detections.detection import Detection, Precedence

LANGUAGE = "node"
_FOR_PRODUCTION = ("start:prod", "start:production", "serve:prod", "prod", "production", "start", "start:server",
                   "server:start")  # fmt: skip
_NOTHING = re.compile(r"(?:\S*cross-env|env|export)(?:\s+\w+=\S*)*\s*$")
"""What sets variables, and starts nothing with them."""
_PROGRAM = re.compile(r"(?:^|&&\s*)(?:\w+=\S+\s+)*node\s+(?:-\S+\s+)*([\w./-]+)\s*$")
_PORT_OPTION = re.compile(r"(?:^|\s)(?:PORT=|--port[= ]|-p[= ]?)(\d{2,5})\b")


def detect(folder: Folder, package: Package, source: NodeCode, framework: Framework | None) -> list[Detection]:
    """`start`, `port`, `health_path`, `kind`, `static_dir`, `language`."""
    built = pages.detect(folder, package, source, framework) or bundled.detect(folder, package, source, framework)
    if built:
        return [*built, *pages.for_developers(folder, package), *_declared_port(folder, package, "start")]
    start = _start(folder, package, source, framework)
    found = []
    if start:
        found += [start, *_declared_port(folder, package, _named(start)), *_port(folder, source, framework)]
        found.append(_running_kind(folder, package, source, framework))
        sure = SERVES if (framework and framework.serves) or source.listens else BUILDS - 0.1
        found.append(folder.found("language", LANGUAGE, FILE, confidence=sure, language=LANGUAGE))
    else:
        found += _idle(folder, package)
    return found + _health(folder, source, framework)


def of_script(folder: Folder, file: str, source: NodeCode) -> list[Detection]:
    """The same for a script that no package.json comes with."""
    sure = 0.7 if source.listens else 0.4
    return [
        folder.found("start", f"node {file}", file, precedence=Precedence.CODE, confidence=sure, language=LANGUAGE),
        folder.found("kind", "web" if source.listens else "worker", file, precedence=Precedence.CODE, confidence=sure,
                     language=LANGUAGE),
        *_port(folder, source, None),
        *_health(folder, source, None),
    ]  # fmt: skip


def production(folder: Folder, package: Package) -> tuple[str, Chain] | None:
    """Name and meaning of the script that starts the application for production; None where none does."""
    found = []
    for name in _FOR_PRODUCTION:
        chain = chains.read(folder, package, name)
        if chain and _is_for_production(name, chain):
            found.append((name, chain))
    return next((each for each in found if _is_here(folder, each[1])), next(iter(found), None))


def _is_for_production(name: str, chain: Chain) -> bool:
    """Whether a script starts one thing: no development server, and no runner of all packages of a workspace."""
    command = chain.command
    develops = scripts.develops(command, name) or scripts.PREVIEW.match(command) is not None
    return not develops and scripts.OF_ALL.match(command) is None and _NOTHING.match(command) is None


def _is_here(folder: Folder, chain: Chain) -> bool:
    """Whether the program of a script is here, or is made by a build; one that is neither is meant for another folder,
    such as that of an image."""
    program = _PROGRAM.search(chain.command)
    if program is None or chain.folder != "." or chain.command.startswith("cd "):
        return True
    file = program[1].removeprefix("./")
    return "/" in file or bool(
        folder.first(*(f"{file}{end}" for end in ("", ".js", ".mjs", ".cjs", ".ts", "/index.js")))
    )


def _start(folder: Folder, package: Package, source: NodeCode, framework: Framework | None) -> Detection | None:
    """The production script, else what the development script watches, else the framework's, else a program."""
    if script := production(folder, package):
        return _own_script(folder, package, script) or _declared(folder, script[0], script[1].command)
    if framework and framework.start:
        line = packages.line_of(folder, "start")
        return folder.found(
            "start", framework.start, FILE, line,
            precedence=Precedence.CONVENTION, confidence=0.8, note=f"usual for {framework.name}", language=LANGUAGE,
        )  # fmt: skip
    for name in ("start", "dev", "develop", "start:dev", "serve"):
        text = scripts.watched(scripts.command(package, name) or "")
        if text and folder.first(text.removeprefix("node "), text.removeprefix("node ./")):
            return _declared(folder, name, text, Precedence.CODE)
    text = scripts.command(package, "start")
    if text and not scripts.PREVIEW.match(text):
        return _declared(folder, "start", text, Precedence.CODE, 0.7)
    return _program(folder, package, source, framework)


def _own_script(folder: Folder, package: Package, script: tuple[str, Chain]) -> Detection | None:
    """A shell script at the top that ends in the start script, with what is to be done before: the repository's own way
    to start."""
    for file in ("start.sh", "run.sh", "scripts/start.sh"):
        lines = [line.strip() for line in (folder.text(file, limit=20_000) or "").splitlines()]
        done = [line for line in lines if line and not line.startswith("#")]
        called = scripts.called(package, done[-1].removeprefix("exec ")) if len(done) > 1 else None
        if called is not None and called == scripts.command(package, script[0]):
            line, note = lines.index(done[-1]) + 1, f"before scripts.{script[0]}"
            return folder.found("start", scripts.shell(folder, file), file, line, note=note, language=LANGUAGE)
    return None


def _declared(
    folder: Folder, script: str, text: str, precedence: Precedence = Precedence.DECLARED, sure: float = 1.0
) -> Detection:
    line = packages.line_of(folder, script)
    note = f"scripts.{script}"
    return folder.found("start", text, FILE, line, precedence=precedence, confidence=sure, note=note, language=LANGUAGE)


def _program(folder: Folder, package: Package, source: NodeCode, framework: Framework | None) -> Detection | None:
    """The file that is the program: the one that opens a port, else by its name.

    `server.js` is what npm itself starts where no script says otherwise.
    """
    listening = dict(reversed(source.listens))
    main = (package.text("main") or "").removeprefix("./")
    for file in (main, *kinds.PROGRAMS):
        if file in listening and folder.has(file) and re.search(r"\.[cm]?js$|^bin/", file):
            return _runs(folder, f"node {file}", file, listening[file], 0.8)
    if kinds.published(package) or package.content.get("bin") or (listening and not framework):
        return None
    serves = bool(framework and framework.serves)
    script = kinds.program(folder, package)
    does = kinds.runs(folder, script) if script else None
    if script and not script.endswith(".ts") and (serves or does or kinds.is_meant_to_run(folder, package, script)):
        sure = 0.6 if serves or script == "server.js" else 0.55 if does else 0.45
        return _runs(folder, f"node {script}", script, does, sure)
    typed = kinds.typed(folder, package)
    if typed and packages.manager(folder, package)[0] == "bun":
        return _runs(folder, f"bun {typed}", typed, None, 0.6)
    if typed and (serves or typed.endswith("server.ts")):
        return _runs(folder, f"node {kinds.compiled(folder, typed)}", typed, None, 0.55)
    return None


def _runs(folder: Folder, command: str, file: str, line: int | None, sure: float) -> Detection:
    return folder.found("start", command, file, line, precedence=Precedence.CODE, confidence=sure, language=LANGUAGE)


def _running_kind(folder: Folder, package: Package, source: NodeCode, framework: Framework | None) -> Detection:
    """web, unless packages are there of programs that only run, and nothing listens."""
    serves = bool(framework and framework.serves) or bool(source.listens) or bool(source.ports)
    worker = next((name for name in WORKERS if name in package.dependencies), None)
    kind, sure = ("web", 0.9 if serves else 0.55) if serves or worker is None else ("worker", 0.8)
    line = packages.line_of(folder, worker) if kind == "worker" and worker else None
    return folder.found("kind", kind, FILE, line, precedence=Precedence.CODE, confidence=sure, language=LANGUAGE)


def _idle(folder: Folder, package: Package) -> list[Detection]:
    """A package that is not started: a tool, a library, or the root of a workspace."""
    sure = MANIFEST if package.dependencies or package.text("main") or package.content.get("bin") else 0.5
    found = [folder.found("language", LANGUAGE, FILE, confidence=sure, language=LANGUAGE)]
    if "workspaces" in package.content and not package.content.get("bin"):
        return found
    kind = "cli" if package.content.get("bin") else "library"
    line = packages.line_of(folder, "bin" if kind == "cli" else "main")
    found.append(
        folder.found("kind", kind, FILE, line, precedence=Precedence.CONVENTION, confidence=0.7, language=LANGUAGE)
    )
    return found


def _named(start: Detection) -> str | None:
    """The script that a start command is."""
    return start.note.removeprefix("scripts.") if start.note and start.note.startswith("scripts.") else None


def _declared_port(folder: Folder, package: Package, script: str | None) -> list[Detection]:
    """A port that the start script itself names."""
    text = scripts.command(package, script) or "" if script else ""
    match = _PORT_OPTION.search(text)
    if match is None or int(match[1]) > 65535:
        return []
    line = packages.line_of(folder, script or "start")
    return [folder.found("port", int(match[1]), FILE, line, note=f"scripts.{script}", language=LANGUAGE)]


def _port(folder: Folder, source: NodeCode, framework: Framework | None) -> list[Detection]:
    found = []
    if source.ports:
        number, file, line = source.ports[0]
        found.append(
            folder.found("port", number, file, line, precedence=Precedence.CODE, confidence=0.9, language=LANGUAGE)
        )
    elif source.settings:
        number, file, line = source.settings[0]
        found.append(
            folder.found("port", number, file, line, precedence=Precedence.CODE, confidence=0.6, language=LANGUAGE)
        )
    usual = framework.port if framework else 3000
    own = framework is not None and framework.name not in NO_PORT
    note = f"usual for {framework.name if framework else 'Node'}"
    evidence = FILE if folder.has(FILE) else folder.files[0]
    found.append(
        folder.found("port", usual, evidence, precedence=Precedence.CONVENTION if own else Precedence.DOCUMENTED,
                     confidence=0.6 if own else 0.4, note=note, language=LANGUAGE)
    )  # fmt: skip
    return found


def _health(folder: Folder, source: NodeCode, framework: Framework | None) -> list[Detection]:
    """Of several routes the one that is for nothing else: `/healthcheck` before `/status`."""
    if routed := routes.health(folder, framework):
        return [folder.found("health_path", *routed, precedence=Precedence.CODE, language=LANGUAGE)]
    if framework and framework.name == "nestjs" and (controller := routes.of_controllers(folder)):
        return [folder.found("health_path", *controller, precedence=Precedence.CODE, language=LANGUAGE)]
    if not source.health:
        return []
    path, file, number = min(source.health, key=lambda each: re.search(r"health|live", each[0]) is None)
    return [folder.found("health_path", path, file, number, precedence=Precedence.CODE, language=LANGUAGE)]
