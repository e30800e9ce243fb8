"""What kind of thing a Node package is that nothing declares a start command for."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node.frameworks import WORKERS
from hivemind.agents.recon.languages.node.package import Package

PROGRAMS = (
    "server.js", "app.js", "index.js", "main.js", "server.mjs", "app.mjs", "index.mjs", "main.mjs", "server.cjs",
    "index.cjs", "bot.js", "src/server.js", "src/app.js", "src/index.js", "src/main.js", "src/index.mjs", "bin/www",
    "server/index.js", "src/server/index.js", "api/index.js", "server/server.js",
)  # fmt: skip
"""`server.js` is what npm starts by itself ("scripts"); `index.js` is what a package is where nothing says otherwise
("package.json", `main`), and what Google Cloud's buildpacks ("Build a Node.js application") and Railpack ("Node.js")
take; `app.js` and `bin/www` are what Express' generator writes ("Express application generator"). The others are the
same names in the folders that applications keep their code in."""
TYPED = (
    "server.ts", "app.ts", "index.ts", "main.ts", "src/server.ts", "src/app.ts", "src/index.ts", "src/main.ts",
    "server/index.ts",
)  # fmt: skip
_PUBLISHED = (
    "exports",
    "files",
    "types",
    "typings",
    "publishConfig",
    "peerDependencies",
    "module",
    "unpkg",
    "jsdelivr",
)


def published(package: Package) -> bool:
    """Whether a package is made to be installed by others: fields that only registries and importers read."""
    if package.content.get("private") is True:
        return False
    return sum(field in package.content for field in _PUBLISHED) >= (1 if package.text("version") else 2)


def program(folder: Folder, package: Package) -> str | None:
    """The file that is the program, by its name: `main`, or one of the usual ones."""
    main = (package.text("main") or package.text("module") or "").removeprefix("./")
    found = folder.first(main, f"{main}.js", f"{main}/index.js") if main and not published(package) else None
    return found or folder.first(*PROGRAMS)


def is_meant_to_run(folder: Folder, package: Package, file: str) -> bool:
    """Whether a file named so is a program: by its name, or because nobody could install the package, or because it
    uses what only programs use; never where it exports."""
    if folder.line(file, r"^(module\.exports\s*=|exports\.\w|export\s+(default|const|function|class|\{))") is not None:
        return False
    named = file.rpartition("/")[2].startswith(("server.", "app.", "bot.", "main.", "www"))
    unnamed = package.text("name") is None
    return named or unnamed or package.content.get("private") is True or any(w in package.dependencies for w in WORKERS)


_EXPORTS = r"^(?:module\.)?exports\b.*=|^export\s+(?:default|const|function|class|async|\{|\*)"
_CALLS = (
    r"^(?:await\s|(?:\(\s*)?\(?async\s*(?:\(\s*\)|function\s*\(\s*\))|"
    r"(?:[\w$]+\.)*[\w$]+\((?!.*=>\s*$).*\)[\w.()\s]*;?\s*$)"
)


def runs(folder: Folder, file: str) -> int | None:
    """The line where a file does something when it is started, and offers nothing to import: `node index.js` then runs
    it, as npm takes `index.js` for what a package is (package.json, "main")."""
    if folder.line(file, _EXPORTS) is not None:
        return None
    text = folder.text(file, limit=400_000) or ""
    ends = re.search(r"^\}\s*\)\s*(?:\(\s*\))?[\w.()]*;?\s*$", text, re.MULTILINE)
    return folder.line(file, _CALLS) or (text.count("\n", 0, ends.start()) + 1 if ends else None)


def typed(folder: Folder, package: Package) -> str | None:
    """The TypeScript file that is the program."""
    main = (package.text("main") or package.text("module") or "").removeprefix("./")
    return main if main.endswith(".ts") and folder.has(main) else folder.first(*TYPED)


def compiled(folder: Folder, file: str) -> str:
    """Where the TypeScript compiler puts a file, by `outDir` and `rootDir` of tsconfig.json."""
    options = folder.json("tsconfig.json").get("compilerOptions")
    options = options if isinstance(options, dict) else {}
    out, root = (str(options.get(name) or "").removeprefix("./").strip("/") for name in ("outDir", "rootDir"))
    inside = file.removeprefix(f"{root}/") if root not in {"", "."} else file
    if root == "" and out and file.startswith("src/"):
        inside = file.removeprefix("src/")
    script = re.sub(r"\.([cm]?)ts$", r".\1js", inside)
    return f"{out}/{script}" if out not in {"", "."} else script
