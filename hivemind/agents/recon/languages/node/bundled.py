"""Pages that a bundler or task runner builds without a framework of theirs."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node import package as packages
from hivemind.agents.recon.languages.node.frameworks import SERVERS, WORKERS, Framework
from hivemind.agents.recon.languages.node.package import FILE, Package
from hivemind.agents.recon.languages.node.source import NodeCode
from hivemind.agents.recon.weights import PAGES
from hivemind.detections.detection import Detection, Precedence

LANGUAGE = "node"
_TOOLS = ("webpack", "grunt", "gulp", "brunch", "rollup", "esbuild", "@swc/cli", "laravel-mix", "pug", "pug-cli",
          "sass", "browserify", "metalsmith", "posthtml-cli", "tailwindcss")  # fmt: skip
_VIEWERS = ("browser-sync", "live-server", "lite-server", "webpack-dev-server", "gulp-connect", "gulp-webserver",
            "grunt-contrib-connect", "grunt-browser-sync", "gulp-live-server", "http-server", "serve",
            "esbuild-serve", "rollup-plugin-serve")  # fmt: skip
"""Servers that show pages while they are written."""
_STARTS = re.compile(
    r"^(?:npx\s+)?(?:\w+=\S+\s+)*(?:grunt|gulp|webpack|browser-sync|lite-server|live-server|brunch|rollup|esbuild|laravel-mix|mix)\b"
)
_PAGE = re.compile(
    r"(?:(?:src|app|public|web|site|www|client|static|pages|views|html)/(?:.*/)?)?[\w.-]+\.(?:html?|pug|njk|liquid)"
)
_FOLDERS = ("dist", "build", "public", "_site", "www", "out")


def detect(folder: Folder, package: Package, source: NodeCode, framework: Framework | None) -> list[Detection]:
    """`static` where pages lie here, something builds them, and nothing that answers requests is depended on; the start
    script shows them to who writes them."""
    everything = {**package.development, **package.dependencies}
    build = next(
        (name for name in ("build", "build:prod", "prod", "production", "dist") if name in package.scripts), None
    )
    tool = next((name for name in _TOOLS if name in everything), None)
    if framework or build is None or tool is None or source.listens:
        return []
    if any(name in package.dependencies for name in (*SERVERS, *WORKERS)) or package.content.get("bin"):
        return []
    viewed = _STARTS.match(package.scripts.get("start", "")) or any(name in package.development for name in _VIEWERS)
    page = next((file for file in folder.files if _PAGE.fullmatch(file)), None)
    if not viewed or page is None:
        return []
    line = packages.line_of(folder, build)
    where = next((each for each in _FOLDERS if any(file.startswith(f"{each}/") for file in folder.files)), _FOLDERS[0])
    return [
        folder.found("kind", "static", FILE, line, note=f"pages built with {tool}", precedence=Precedence.CODE,
                     confidence=0.75, language=LANGUAGE),
        folder.found("static_dir", where, FILE, line, precedence=Precedence.CONVENTION, confidence=0.5,
                     language=LANGUAGE),
        folder.found("language", LANGUAGE, FILE, confidence=PAGES, language=LANGUAGE),
        folder.found("port", 80, FILE, line, precedence=Precedence.CONVENTION, confidence=0.5, note="HTTP",
                     language=LANGUAGE),
    ]  # fmt: skip
