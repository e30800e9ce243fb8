"""What a package's scripts come down to: the command that really starts the application."""

from __future__ import annotations

import os
import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node.package import Package

_NESTED = re.compile(r"^(?:npm|yarn|pnpm|bun)\s+(?:run\s+)?(?:-s\s+|--silent\s+)?([\w:.-]+)$")
_WATCHERS = re.compile(
    r"^(?:\w+=\S+\s+)*(?:npx\s+)?(?:nodemon|node-dev|supervisor)\s+(?:-[\w-]+\s+)*([\w./-]+\.[cm]?js|[\w./-]+/[\w-]+)\b.*$"
)
DEVELOPMENT = re.compile(
    r"\b(nodemon|ts-node|ts-node-dev|tsx|vite-node|nest start|next dev|nuxt dev|astro dev|remix dev|--watch|-w\b|"
    r"concurrently|webpack(-dev-server| serve)|react-scripts start|"
    r"vue-cli-service serve|ng serve|gatsby develop|parcel|live-server)\b"
)
RUNS_TYPESCRIPT = re.compile(r"\b(?:ts-node|tsx|vite-node)\b(?!\s+watch)(?:/\w+)?")
"""Programs that run TypeScript as it is: for developers mostly, and for production where a script says so."""
PREVIEW = re.compile(
    r"^(?:npx\s+)?(vite(\s+preview|\s+dev|\s*$|\s+--)|serve\b|http-server\b|react-scripts start|ng serve|"
    r"vue-cli-service serve|astro (dev|preview)|gatsby (develop|serve)|parcel\b|webpack(-dev-server| serve)|"
    r"(@11ty/)?eleventy\b.*\s--(serve|watch)\b|hexo (s|server)\b|docusaurus (start|serve)|vitepress (dev|preview))"
)

SITE = re.compile(
    r"(?:^|&&\s*)(?:npx\s+)?(?:vitepress|vuepress|docusaurus|astro|gatsby|vite)\s+build(?:\s+\.?/?([\w][\w./-]*))?\s*$"
)
"""What builds a site, and the folder that its sources are in (VitePress and VuePress, "Getting Started": both write a
script `docs:build`)."""

OF_ALL = re.compile(r"^(?:npx\s+|pnpm\s+|yarn\s+)?(?:turbo(?:\s+run)?\s+\w|lerna\s+run\b|nx\s+run-many\b|pnpm\s+-r\b)")
"""Runners of all packages of a workspace (Turborepo, "run"; Lerna, "lerna run"; Nx, "run-many"): each of those that
start is an application of its own."""


def build(package: Package) -> str | None:
    """The name of the script that builds: by its own, else by what it runs."""
    usual = next((name for name in ("build", "build:prod", "build:production") if name in package.scripts), None)
    return usual or next((name for name, text in package.scripts.items() if SITE.search(text[:2000])), None)


def develops(text: str, name: str) -> bool:
    """Whether a script is for developers; one that is named for production may run TypeScript as it is."""
    said = RUNS_TYPESCRIPT.sub("", text) if "prod" in name else text
    return DEVELOPMENT.search(said) is not None


def command(package: Package, name: str) -> str | None:
    """The command of a script, with scripts that it calls put in their place; None where there is none."""
    return _expanded(package, name, 0)


def called(package: Package, text: str) -> str | None:
    """The command of the script that a command is a call of, `npm run serve`; None for other commands."""
    nested = _NESTED.match(text)
    return _expanded(package, nested[1], 0) if nested else None


def _expanded(package: Package, name: str, depth: int) -> str | None:
    text = package.scripts.get(name, "").strip()
    if not text:
        return None
    if (nested := _NESTED.match(text)) and nested[1] != name and depth < 5:
        return _expanded(package, nested[1], depth + 1) or text
    return text


def shell(folder: Folder, file: str) -> str:
    """How a shell script of the repository is run: as it is where it may be, else by `sh`."""
    path = folder.repository.root / folder.in_repository(file)
    return f"./{file}" if os.access(path, os.X_OK) else f"sh {file}"


def watched(text: str) -> str | None:
    """`nodemon -L src/index.js` -> `node src/index.js`; None for other commands."""
    match = _WATCHERS.match(text)
    return f"node {match[1]}" if match else None
