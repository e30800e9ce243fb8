"""Sites that Node builds and nothing but a file server has to serve."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node import package as packages
from hivemind.agents.recon.languages.node import scripts
from hivemind.agents.recon.languages.node.frameworks import Framework
from hivemind.agents.recon.languages.node.package import FILE, Package
from hivemind.agents.recon.languages.node.source import NodeCode
from hivemind.agents.recon.weights import PAGES
from hivemind.detections.detection import Detection, Precedence

LANGUAGE = "node"
_SERVERS_OF_FRAMEWORKS = {
    "astro": ("@astrojs/node", "@astrojs/vercel", "@astrojs/netlify", "@astrojs/cloudflare", "@astrojs/deno"),
    "angular": ("@angular/ssr", "@nguniversal/express-engine", "@angular/platform-server"),
}
_FILE_SERVERS = re.compile(r"^(?:npx\s+)?(?:serve|http-server|sirv|live-server|static-server|superstatic)\b(.*)$")
_EXPORTS = {
    "nextjs": (("next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs"),
               r"^\s*output\s*:\s*[\"']export[\"']", "out"),
    "react-router": (("react-router.config.ts", "react-router.config.js"), r"^\s*ssr\s*:\s*false", "build/client"),
    "remix": (("vite.config.ts", "vite.config.js"), r"\bssr\s*:\s*false", "build/client"),
    "nuxt": (("nuxt.config.ts", "nuxt.config.js"), r"^\s*ssr\s*:\s*false", ".output/public"),
}  # fmt: skip


def for_developers(folder: Folder, package: Package) -> list[Detection]:
    """How people run the pages while they work on them: shown, and not what serves them."""
    script = next((name for name in ("start", "serve", "dev") if package.scripts.get(name)), None)
    if script is None:
        return []
    manager = packages.manager(folder, package)[0]
    command = f"{manager} start" if script == "start" and manager != "bun" else f"{manager} run {script}"
    line = packages.line_of(folder, script)
    return [
        folder.found("start", command, FILE, line, confidence=0.4, note="for developers, scripts." + script,
                     language=LANGUAGE)
    ]  # fmt: skip


def detect(folder: Folder, package: Package, source: NodeCode, framework: Framework | None) -> list[Detection]:
    """`kind` static with its folder, where pages are built or lie there and no program of the application's serves
    them; nothing else."""
    start = scripts.command(package, "start:prod") or scripts.command(package, "start") or ""
    if framework and (exported := _exported(folder, package, framework)):
        return _site(folder, *exported)
    if (served := _FILE_SERVERS.match(start)) and not (framework and framework.serves):
        words = [word for word in served[1].split() if not word.startswith(("-", "$")) and not word.isdigit()]
        usual = framework.pages if framework and framework.pages else "public" if _has(folder, "public") else "."
        line = packages.line_of(folder, "start")
        return _site(folder, words[0].strip("./") or "." if words else usual, FILE, line, "scripts.start")
    if framework is None or framework.pages is None or not _builds(package, framework):
        return []
    adapters = _SERVERS_OF_FRAMEWORKS.get(framework.name, ())
    adapted = any(name in {**package.dependencies, **package.development} for name in adapters)
    runs = adapted or (bool(start) and not (scripts.DEVELOPMENT.search(start) or scripts.PREVIEW.match(start)))
    if runs or _listens(source):
        return []
    name = scripts.build(package)
    pages = _below_its_sources(package, name, framework)
    line = packages.line_of(folder, name or framework.name)
    return _site(folder, pages, FILE, line, f"built by {framework.name}")


def _below_its_sources(package: Package, name: str | None, framework: Framework) -> str:
    """The folder that pages are built into: `docs/.vitepress/dist` of `vitepress build docs` (VitePress, "Deploy Your
    VitePress Site"; VuePress, "CLI")."""
    usual = framework.pages or ""
    command = scripts.SITE.search(package.scripts[name][:2000]) if name else None
    sources = command[1] if command and usual.startswith(".") else None
    return f"{sources.rstrip('/')}/{usual}" if sources and sources.strip("./") else usual


def _exported(folder: Folder, package: Package, framework: Framework) -> tuple[str, str, int | None, str] | None:
    """Pages that a framework with a server is told to write as files."""
    if framework.name == "sveltekit" and "@sveltejs/adapter-static" in {**package.development, **package.dependencies}:
        return "build", FILE, packages.line_of(folder, "@sveltejs/adapter-static"), "adapter-static"
    files, pattern, pages = _EXPORTS.get(framework.name, ((), "", ""))
    for file in files:
        if folder.has(file) and (line := folder.line(file, pattern)) is not None:
            return _told(folder, file) or pages, file, line, "static export"
    if framework.name == "nextjs" and "next export" in package.scripts.get("build", ""):
        return "out", FILE, packages.line_of(folder, "build"), "next export"
    return None


def _told(folder: Folder, file: str) -> str | None:
    """The folder that Next.js is told to write to, exported pages too (`distDir`)."""
    match = re.search(r"^\s*distDir\s*:\s*[\"']\.?/?([\w./-]+)[\"']", folder.text(file) or "", re.MULTILINE)
    return match[1] if match else None


def _builds(package: Package, framework: Framework) -> bool:
    return any(name.startswith(("build", "generate")) for name in package.scripts) or framework.name in {
        "create-react-app", "angular", "astro", "gatsby", "docusaurus", "eleventy", "vitepress", "hexo",
    }  # fmt: skip


def _listens(source: NodeCode) -> bool:
    """Whether there is a server of the application's own, pages' development helpers aside."""
    return any(
        re.search(r"^(src/)?(server|app|index|main)(/index)?\.[cm]?[jt]s$", file)
        and "/" not in file.removeprefix("src/")
        for file, _ in source.listens
    )


def _has(folder: Folder, name: str) -> bool:
    return any(file.startswith(f"{name}/") for file in folder.files)


def _site(folder: Folder, directory: str, file: str, line: int | None, note: str) -> list[Detection]:
    return [
        folder.found("kind", "static", file, line, note=note, precedence=Precedence.CODE, language=LANGUAGE),
        folder.found("static_dir", directory, file, line, precedence=Precedence.CONVENTION, language=LANGUAGE),
        folder.found("language", LANGUAGE, FILE, confidence=PAGES, language=LANGUAGE),
        folder.found("port", 80, file, line, precedence=Precedence.CONVENTION, confidence=0.5, note="HTTP",
                     language=LANGUAGE),
    ]  # fmt: skip
