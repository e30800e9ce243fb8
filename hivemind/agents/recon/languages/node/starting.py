"""How a Node application is started, on which port, and what kind of thing it is."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node import package as packages
from hivemind.agents.recon.languages.node import scripts
from hivemind.agents.recon.languages.node.package import FILE, Package
from hivemind.agents.recon.languages.node.source import Source
from hivemind.detection import Detection, Precedence

_SERVERS = frozenset({"express", "koa", "fastify", "hapi", "nest", "hono", "next", "nuxt", "remix", "adonis", "strapi"})
_PAGES = {"vite": "dist", "create-react-app": "build", "astro": "dist", "gatsby": "public", "angular": "dist"}
_USUAL_START = {"next": "next start", "nest": "node dist/main", "nuxt": "node .output/server/index.mjs"}
_USUAL_FILES = (
    "server.js", "app.js", "index.js", "main.js", "src/server.js", "src/index.js", "src/app.js", "src/main.js",
    "server.mjs", "index.mjs", "bin/www", "server/index.js", "app.mjs", "server.cjs", "index.cjs",
)  # fmt: skip


def detect(folder: Folder, package: Package, source: Source, framework: str | None) -> list[Detection]:
    """`start`, `port`, `health_path`, `kind`, `static_dir`, `language`."""
    start = _start(folder, package, source, framework)
    if start is None and (pages := _pages(folder, package, framework)):
        return pages
    found = []
    if start:
        found += [start, *_port(folder, source)]
        found.append(folder.found("kind", "web", FILE, precedence=Precedence.CODE, language="node"))
        sure = 0.95 if framework in _SERVERS or source.listens else 0.8
    else:
        kind = "cli" if package.content.get("bin") else "library"
        line = packages.line_of(folder, "bin" if kind == "cli" else "main")
        found.append(folder.found("kind", kind, FILE, line, precedence=Precedence.CONVENTION, language="node"))
        sure = 0.6 if package.dependencies or package.text("main") or kind == "cli" else 0.5
    found.append(folder.found("language", "node", FILE, confidence=sure, language="node"))
    if source.health:
        path, file, number = source.health[0]
        found.append(folder.found("health_path", path, file, number, precedence=Precedence.CODE, language="node"))
    return found


def _start(folder: Folder, package: Package, source: Source, framework: str | None) -> Detection | None:
    """The production script, else what the development script watches, else the file that listens."""
    for name in ("start:prod", "start:production", "serve:prod", "prod", "start"):
        text = scripts.command(package, name)
        if text and not scripts.DEVELOPMENT.search(text) and not scripts.PREVIEW.match(text):
            return _declared(folder, name, text)
    if framework in _USUAL_START:
        line = packages.line_of(folder, "start")
        return folder.found(
            "start", _USUAL_START[framework], FILE, line,
            precedence=Precedence.CONVENTION, note=f"usual for {framework}", language="node",
        )  # fmt: skip
    for name in ("start", "dev", "develop", "start:dev", "serve"):
        text = scripts.watched(scripts.command(package, name) or "")
        if text and folder.first(text.removeprefix("node "), text.removeprefix("node ./")):
            return _declared(folder, name, text, Precedence.CODE)
    return _listening(folder, package, source)


def _declared(folder: Folder, script: str, text: str, precedence: Precedence = Precedence.DECLARED) -> Detection:
    line = packages.line_of(folder, script)
    return folder.found("start", text, FILE, line, precedence=precedence, note=f"scripts.{script}", language="node")


def _listening(folder: Folder, package: Package, source: Source) -> Detection | None:
    """The file named `main` or usual for this, where it or the code it loads opens a port."""
    if not source.listens:
        return None
    main = (package.text("main") or "").removeprefix("./")
    listening = {file for file, _ in source.listens}
    for file in (main, *_USUAL_FILES):
        if file in listening and folder.has(file) and re.search(r"\.[cm]?js$|^bin/", file):
            line = next(line for name, line in source.listens if name == file)
            return folder.found(
                "start", f"node {file}", file, line, precedence=Precedence.CODE, confidence=0.8, language="node"
            )
    return None


def _pages(folder: Folder, package: Package, framework: str | None) -> list[Detection]:
    """A site that is built to files: nothing serves it but a file server."""
    if framework not in _PAGES or "build" not in package.scripts:
        return []
    line = packages.line_of(folder, "build")
    return [
        folder.found(
            "kind", "static", FILE, line, note=f"built by {framework}", precedence=Precedence.CODE, language="node"
        ),
        folder.found("static_dir", _PAGES[framework], FILE, line, precedence=Precedence.CONVENTION, language="node"),
        folder.found("language", "node", FILE, confidence=0.85, language="node"),
    ]


def _port(folder: Folder, source: Source) -> list[Detection]:
    if not source.ports:
        return []
    number, file, line = source.ports[0]
    return [folder.found("port", number, file, line, precedence=Precedence.CODE, confidence=0.9, language="node")]
