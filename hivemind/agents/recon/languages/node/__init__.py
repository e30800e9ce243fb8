"""Node applications."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node import (
    adapters,
    chains,
    frameworks,
    migrations,
    needs,
    schemas,
    scripts,
    starting,
)
from hivemind.agents.recon.languages.node import package as packages
from hivemind.agents.recon.languages.node import source as sources
from hivemind.agents.recon.languages.node.chains import Chain
from hivemind.agents.recon.languages.node.package import FILE, Package
from hivemind.agents.recon.weights import SOURCES
from hivemind.detections.detection import Detection, Precedence

LANGUAGE = "node"
_ALONE = ("server.js", "app.js", "index.js", "main.js", "server.mjs", "index.mjs", "server.ts", "index.ts")


def detect(folder: Folder) -> list[Detection]:
    """Everything that the Node part of a folder tells; little where there is no package.json."""
    package = packages.read(folder)
    if package is None:
        return _alone(folder)
    source = sources.read(folder)
    script = starting.production(folder, package)
    place, started = _started(folder, package, script)
    chosen = frameworks.choose(started)
    manager, evidence, line = packages.manager(folder, package)
    own = line is not None or folder.has(evidence)
    where = evidence if own else FILE
    found = [
        Detection("package_manager", manager, folder.in_repository(evidence) if own else evidence, line,
                  Precedence.DECLARED, 1.0 if evidence != FILE or line else 0.7, None, LANGUAGE),
        folder.found("install", _install(folder, package, manager, evidence), where, language=LANGUAGE),
        *_version(folder, package),
        *_scripts(folder, package, script),
    ]  # fmt: skip
    if folder.has(".meteor/release"):
        chosen = "meteor", frameworks.METEOR
    framework = chosen[1] if chosen else None
    if chosen:
        where_line = packages.line_of(place, chosen[0])
        found.append(place.found("framework", chosen[1].name, FILE, where_line, language=LANGUAGE))
    code = source if place is folder else sources.read(place)
    inside, start = (script[1].folder, script[1].command) if script else (".", None)
    found += migrations.detect(place, started, code, start=start, inside=None if inside == "." else inside)
    found += adapters.detect(place, started, framework)
    found += schemas.detect(place)
    return found + starting.detect(folder, package, source, framework) + needs.detect(place, started, code)


def _started(folder: Folder, package: Package, script: tuple[str, Chain] | None) -> tuple[Folder, Package]:
    """The package that runs, and its folder: that of a workspace may start one of its members."""
    inside = chains.place_of(folder, script[1].command) or script[1].folder if script else "."
    inside = chains.package_of(folder, script[1].command) if script and inside == "." else inside
    if inside == ".":
        return folder, package
    place = Folder.of(folder.repository, folder.in_repository(inside))
    return place, packages.read(place) or package


def _alone(folder: Folder) -> list[Detection]:
    """A script without a package.json, which Node starts as it is."""
    file = folder.first(*_ALONE)
    if file is None or folder.has("index.html"):
        return []
    source = sources.read(folder)
    found = [
        folder.found("language", LANGUAGE, file, precedence=Precedence.CODE, confidence=SOURCES, language=LANGUAGE)
    ]
    if framework := next((name for name in frameworks.SERVERS if name in source.imports), None):
        name, line = source.imports[framework]
        found.append(
            folder.found("framework", frameworks.SERVERS[framework].name, name, line,
                         precedence=Precedence.CODE, note="import", language=LANGUAGE)
        )  # fmt: skip
    return found + starting.of_script(folder, file, source)


def _install(folder: Folder, package: Package, manager: str, evidence: str) -> str:
    """How the project's own manager installs: from its lock alone, where it has one."""
    locked = bool(folder.first(*packages.LOCKS[manager])) or evidence.rpartition("/")[2] in packages.LOCKS[manager]
    if manager == "npm":
        return "npm ci" if locked else "npm install"
    modern = manager == "yarn" and (
        folder.has(".yarnrc.yml") or re.match(r"yarn@(?!1\.)\d", package.text("packageManager") or "")
    )
    return f"{manager} install" + ((" --immutable" if modern else " --frozen-lockfile") if locked else "")


def _scripts(folder: Folder, package: Package, script: tuple[str, Chain] | None) -> list[Detection]:
    """Build, tests, and processes beside the main one."""
    found = _build(folder, package, script)
    if (test := package.scripts.get("test")) and "no test specified" not in test:
        found.append(folder.found("test", "npm test", FILE, packages.line_of(folder, "test"), language=LANGUAGE))
    for name in package.scripts:
        if re.fullmatch(r"(start[:-])?(worker|workers|queue|jobs|consumer)(:(start|prod|production))?", name):
            line = packages.line_of(folder, name)
            found.append(
                folder.found("worker", f"npm run {name}", FILE, line, confidence=0.7, note=f"scripts.{name}",
                             language=LANGUAGE)
            )  # fmt: skip
    return found


def _build(folder: Folder, package: Package, script: tuple[str, Chain] | None) -> list[Detection]:
    """The script that builds, and what the start script does of that before it starts."""
    name = scripts.build(package)
    own = [f"npm run {name}"] if name else []
    same = {package.scripts[name].strip()} if name else set()
    called = rf"(?:npm|yarn|pnpm|bun)\s+(?:run\s+)?{re.escape(name)}" if name else r"(?!)"
    steps = script[1].builds if script else ()
    more = [
        step for step in steps if step not in same and not re.fullmatch(called, step)
        if not (name and chains.same(folder, package.scripts[name], step))
    ]  # fmt: skip
    if not own and not more:
        return []
    says = name or (script[0] if script else "start")
    line = packages.line_of(folder, says)
    build = " && ".join([*own, *more])
    return [folder.found("build", build, FILE, line, language=LANGUAGE, note=f"scripts.{says}")]


def _version(folder: Folder, package: Package) -> list[Detection]:
    from hivemind.agents.recon.reading import pinned

    found = []
    if hit := pinned(folder, "node", "nodejs", files=(".nvmrc", ".node-version")):
        found.append(folder.found("runtime_version", hit.value, hit.file, hit.line, language=LANGUAGE))
    engines = package.content.get("engines")
    volta = package.content.get("volta")
    for table, key, note in ((engines, "node", "engines"), (volta, "node", "volta")):
        wanted = table.get(key) if isinstance(table, dict) else None
        if not isinstance(wanted, str) or wanted.strip() in {"*", "node"}:
            continue
        if re.fullmatch(r"[\w\s.^~<>=|*-]{1,60}", wanted):
            line = packages.line_of(folder, "node")
            clean = re.sub(r"\s+", " ", wanted.strip())
            found.append(
                folder.found("runtime_version", clean, FILE, line, confidence=0.8, note=note, language=LANGUAGE)
            )
    return found
