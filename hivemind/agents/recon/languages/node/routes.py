"""Health paths of frameworks that route by the names of files."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node.frameworks import Framework

_NAME = r"(?:[\w-]*[._-])?_{0,2}health(?:z|y|[_-]?check)?|livez|liveness|heartbeat|up|ping|status"
_END = r"\.(?:[cm]?[jt]s|[jt]sx)"
_PATTERNS = {
    "nextjs": (rf"(?:src/)?app/((?:.*/)?(?:{_NAME}))/route{_END}", rf"(?:src/)?pages/(api/(?:.*/)?(?:{_NAME})){_END}"),
    "sveltekit": (rf"src/routes/((?:.*/)?(?:{_NAME}))/\+server{_END}",),
    "nuxt": (rf"(?:src/)?server/(api/(?:.*/)?(?:{_NAME}))(?:\.get)?{_END}",
             rf"(?:src/)?server/routes/((?:.*/)?(?:{_NAME}))(?:\.get)?{_END}"),
    "nitro": (rf"(?:server/)?(api/(?:.*/)?(?:{_NAME}))(?:\.get)?{_END}",
              rf"(?:server/)?routes/((?:.*/)?(?:{_NAME}))(?:\.get)?{_END}"),
    "astro": (rf"src/pages/((?:.*/)?(?:{_NAME})){_END}",),
    "remix": (rf"app/routes/((?:.*[/.])?(?:{_NAME}))(?:/route)?{_END}",),
    "react-router": (rf"app/routes/((?:.*[/.])?(?:{_NAME}))(?:/route)?{_END}",),
}  # fmt: skip
"""Framework -> files whose path below a folder is the path of what they answer, by the frameworks' documentation
("Route Handlers", "API Routes", "+server", "server/api", "Endpoints", "Route File Naming")."""
_COMPILED = {name: tuple(map(re.compile, patterns)) for name, patterns in _PATTERNS.items()}


_CONTROLLER = re.compile(rf"@Controller\(\s*(?:\{{[^}}]{{0,500}}?path:\s*)?[\"'`](/?(?:[\w-]+/)*(?:{_NAME}))[\"'`]")
_WHOLE = re.compile(r"@Get\(\s*\)")
_PREFIX = re.compile(r"\.setGlobalPrefix\(\s*(?:[\"'`]([\w/-]+)[\"'`])?([^;]*)", re.DOTALL)
_DEFAULT_VERSION = re.compile(r"\bdefaultVersion:\s*[\"'`](\w+)[\"'`]")


def of_controllers(folder: Folder) -> tuple[str, str, int] | None:
    """(path, file, line) of the controller that answers for health, under the prefix and version that main.ts gives to
    all (NestJS, "Global prefix", "Versioning"); None where these are no texts."""
    files = [file for file in folder.sources(".controller.ts", ".controller.js") if "." in file]
    for file in files[:300]:
        text = folder.text(file, limit=100_000) or ""
        match = _CONTROLLER.search(text)
        if match is None or not _WHOLE.search(text, match.end()):
            continue
        main = _beginning(folder, file)
        said = _PREFIX.search(main)
        if said and not said[1]:
            return None
        free = said is None or re.search(r"exclude.*health", said[2][:300], re.DOTALL) is not None
        version = (
            _DEFAULT_VERSION.search(main) if ".enableVersioning(" in main and "VERSION_NEUTRAL" not in text else None
        )
        parts = [*([] if free or said is None else [said[1]]), *([f"v{version[1]}"] if version else []), match[1]]
        return "/" + "/".join(part.strip("/") for part in parts), file, text.count("\n", 0, match.start()) + 1
    return None


def _beginning(folder: Folder, file: str) -> str:
    """The text of the program that a controller belongs to: main.ts in the nearest folder above it."""
    parts = file.split("/")[:-1]
    places = ("/".join(parts[:depth]) for depth in range(len(parts), -1, -1))
    mains = (folder.first(*(f"{place}/main.{end}".lstrip("/") for end in ("ts", "js"))) for place in places)
    found = next((main for main in mains if main), None)
    return (folder.text(found, limit=100_000) or "") if found else ""


def health(folder: Folder, framework: Framework | None) -> tuple[str, str] | None:
    """(path, file) of the route that is for nothing but health, `/health` and the like before `/status`."""
    patterns = _COMPILED.get(framework.name, ()) if framework else ()
    found = []
    for file in folder.files if patterns else ():
        match = next((match for pattern in patterns if (match := pattern.fullmatch(file))), None)
        if match and framework and (path := _path(match[1], flat=framework.name in {"remix", "react-router"})):
            found.append((path, file))
    return min(found, key=lambda each: ("health" not in each[0], each[0].count("/"), each), default=None)


def _path(inside: str, *, flat: bool) -> str | None:
    """The path of a route: groups in brackets and layouts (`_name`) are no part of it, parameters make it none."""
    parts = re.split(r"[/.]", inside) if flat else inside.split("/")
    if any(re.search(r"[\[$:]", part) for part in parts):
        return None
    plain = (part.removesuffix("+") for part in parts if not (part.startswith("(") or (flat and part.startswith("_"))))
    return "/" + "/".join(plain)
