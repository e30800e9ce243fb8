"""Node applications."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node import needs, starting
from hivemind.agents.recon.languages.node import package as packages
from hivemind.agents.recon.languages.node import source as sources
from hivemind.agents.recon.languages.node.package import FILE, Package
from hivemind.detection import Detection

LANGUAGE = "node"
FRAMEWORKS = {
    "next": "next", "nuxt": "nuxt", "@nestjs/core": "nest", "@remix-run/node": "remix", "@sveltejs/kit": "sveltekit",
    "astro": "astro", "gatsby": "gatsby", "@adonisjs/core": "adonis", "@strapi/strapi": "strapi", "fastify": "fastify",
    "koa": "koa", "@hapi/hapi": "hapi", "express": "express", "hono": "hono", "@angular/core": "angular",
    "react-scripts": "create-react-app", "vite": "vite",
}  # fmt: skip
"""In order of weight: frameworks that bring another along come before it."""


def detect(folder: Folder) -> list[Detection]:
    """Everything that the Node part of a folder tells; nothing where there is no package.json."""
    package = packages.read(folder)
    if package is None:
        return []
    source = sources.read(folder)
    framework = next((name for name in FRAMEWORKS if name in package.dependencies or name in package.development), None)
    manager, evidence, line = packages.manager(folder, package)
    found = [
        folder.found("package_manager", manager, evidence, line, language=LANGUAGE),
        folder.found("install", _install(folder), evidence, language=LANGUAGE, note=_unread(manager)),
        *_version(folder, package),
    ]
    if framework:
        where = packages.line_of(folder, framework)
        found.append(folder.found("framework", FRAMEWORKS[framework], FILE, where, language=LANGUAGE))
    if "build" in package.scripts:
        where = packages.line_of(folder, "build")
        found.append(folder.found("build", "npm run build", FILE, where, language=LANGUAGE, note="scripts.build"))
    name = FRAMEWORKS[framework] if framework else None
    return found + starting.detect(folder, package, source, name) + needs.detect(folder, package, source)


def _install(folder: Folder) -> str:
    return "npm ci" if folder.first(*packages.LOCKS["npm"]) else "npm install"


def _unread(manager: str) -> str | None:
    return None if manager == "npm" else f"{manager} is not run yet, npm installs"


def _version(folder: Folder, package: Package) -> list[Detection]:
    found = []
    for file in (".nvmrc", ".node-version"):
        match = re.match(r"v?(\d+(?:\.\d+){0,2})\s*$", (folder.text(file) or "").strip())
        if match:
            found.append(folder.found("runtime_version", match[1], file, 1, language=LANGUAGE))
    engines = package.content.get("engines")
    wanted = engines.get("node") if isinstance(engines, dict) else None
    if (
        isinstance(wanted, str)
        and re.fullmatch(r"[\w\s.^~<>=|*-]{1,60}", wanted)
        and wanted.strip() not in {"*", "node"}
    ):
        line = packages.line_of(folder, "node")
        clean = re.sub(r"\s+", " ", wanted.strip())
        found.append(
            folder.found("runtime_version", clean, FILE, line, confidence=0.8, note="engines", language=LANGUAGE)
        )
    return found
