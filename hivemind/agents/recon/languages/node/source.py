"""Facts out of JavaScript and TypeScript source: ports, health routes, environment."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hivemind.agents.recon import demands, ports
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.reading import HEALTH

SUFFIXES = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx")
_LARGEST = 400_000
_MOST = 10_000_000
_PORT = re.compile(
    r"\benv(?:\.|\[[\"'])(?:\w+_)?PORT\b[^\n;]{0,80}?(?:\|\||\?\?)\s*[\"']?(\d{2,5})\b|"
    r"\bPORT:\s*(?:\w+\.)?(?:coerce\.|port\(|num\(|number\()[^\n;]{0,80}?default[:(]\s*[\"']?(\d{2,5})|"
    r"\bport:[^\n;]{0,60}?env\.\w*PORT\b[^\n;]{0,40}?[,(]\s*[\"']?(\d{4,5})\b|"
    r"\.listen\(\s*(?:\{[^}]*?port:\s*)?(\d{2,5})\b|"
    r"\b(?:const|let|var)\s+(?:port|PORT)\s*=\s*[\"']?(\d{2,5})\b|"
    r"normalizePort\([^)]*[\"'](\d{2,5})[\"']"
)
_SETTING = re.compile(r"^\s*[\"']?(?:listen_?)?port[\"']?\s*:\s*[\"']?(\d{4,5})[\"']?,?\s*(?://.*)?$", re.IGNORECASE)
_SETTINGS = re.compile(r"(?:^|/)(?:config|settings|defaults?)(?:[./-]|$)")
_SCHEMA = re.compile(r"format:\s{0,9}[\"']port[\"'],\s{0,99}default:\s{0,9}[\"']?(\d{2,5})")
_LISTENS = re.compile(r"\.listen\(|\bserve\(\s*[{\w]|createServer\(|Deno\.serve|Bun\.serve")
_HEALTH = re.compile(
    r"(?:\.(?:get|all|use|route|head)\(\s*|url\s*===?\s*|@Get\(\s*|pathname\s*===?\s*|path:\s*|case\s+)"
    rf"[\"'`]({HEALTH})[\"'`]"
)
_IN_BROWSER = re.compile(
    r"[\"'](?:react-router(?:-dom)?|vue-router|@angular/router|@tanstack/\w+-router|wouter|@reach/router|svelte-routing|"
    r"@solidjs/router)[\"']|\bcreate(?:Browser|Hash|Memory)Router\(|<(?:Route|Link|NavLink)\b"
)
"""Routes of pages: a browser follows them, and no server answers them (React Router, "Routing"; Vue Router; Angular,
"Routing")."""
_SYSTEM_PATH = re.compile(
    r"process\.env\.([A-Z_][A-Z0-9_]*)\s*(?:\|\||\?\?)\s*[\"'`](/(?:etc|usr|opt|srv|root|data|mnt)/[^\"'`]+)[\"'`]"
)
_IMPORT = re.compile(r"(?:\brequire\(\s*|\bfrom\s+|^import\s+)[\"']((?:@[\w.-]+/)?[\w.-]+)")
_READ = re.compile(
    r"use_env_variable[\"']?\s*:\s*[\"']([A-Z_][A-Z0-9_]*)[\"']|process\.env(?:\.([A-Z_][A-Z0-9_]*)|\[[\"']([A-Z_][A-Z0-9_]*)[\"']\])"
)
_OWN_CONFIG = re.compile(r"(?:^|/)(?:db|database|postgres|sequelize|redis|mongo|auth|server|env)\.config\.[jt]s$")
"""The application's own settings among files that are named like those of its tools."""
_WRITTEN = re.compile(
    r"\bhost(?:name)?[\"']?\s*[:=]\s*[\"'](?:localhost|127\.0\.0\.1)[\"']|"
    r"[\"'`](?:postgres(?:ql)?|rediss?|mysql|mongodb)://[^\"'`$]*(?:localhost|127\.0\.0\.1)",
    re.IGNORECASE,
)
_MIGRATES = re.compile(
    r"\b(?:sequelize|db|database|connection|models)\.sync\(|\.migrate\.latest\(|\brunMigrations\(|\bmigrationsRun:\s*true|"
    r"\bsynchronize:\s*true|\bnew Umzug\("
)
_CONNECTS = {
    "mongodb": re.compile(r"\bmongoose\.connect\(|\bMongoClient(?:\.connect)?\(|\bMongooseModule\.forRoot"),
    "postgres": re.compile(
        r"\bnew\s+(?:pg\.)?Pool\(|\b(?:type|dialect|client)[\"']?:\s*[\"'](?:pg|postgres(?:ql)?)[\"']"
    ),
    "mysql": re.compile(
        r"\bmysql2?\.create(?:Connection|Pool)\(|\b(?:type|dialect|client)[\"']?:\s*[\"'](?:mysql2?|mariadb)[\"']"
    ),
}
"""How drivers are used by their own documentation: Mongoose, "Connecting"; node-postgres, "Pooling"; MySQL2,
"Quickstart"; the settings of TypeORM, Sequelize and Knex."""
_DEFAULT = re.compile(r"!?\s*(?:\|\||\?\?|\?(?!\.)|&&|\)\s*\{?\s*$)")
_ASKS = re.compile(r"\bif\s*\(\s*!?\s*$")
_WHETHER = re.compile(r"(?:!!|\bBoolean\(|\bif\s*\()\s*$")
_IF_SET = re.compile(r"\s*(?:\?(?![.?])|&&)")


@dataclass
class NodeCode:
    """Each with (value, file, line); the shallowest files first. system_paths: variables whose default is a path
    that an application can't write, as (variable, path, file, line)."""

    ports: list[tuple[int, str, int]] = field(default_factory=list)
    health: list[tuple[str, str, int]] = field(default_factory=list)
    reads: dict[str, tuple[str, int]] = field(default_factory=dict)
    listens: list[tuple[str, int]] = field(default_factory=list)
    system_paths: list[tuple[str, str, str, int]] = field(default_factory=list)
    imports: dict[str, tuple[str, int]] = field(default_factory=dict)
    defaulted: set[str] = field(default_factory=set)
    """Variables that the code has another value for, or asks whether they are there."""
    asked: set[str] = field(default_factory=set)
    """Variables of which the code asks whether they are set, to do without where they are not."""
    written: list[tuple[str, int]] = field(default_factory=list)
    """Addresses of this machine that stand in the code with nothing that could change them."""
    connects: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Where the code opens a database or cache, by need."""
    migrates: bool = False
    """Whether the application brings its database up to date by itself."""
    settings: list[tuple[int, str, int]] = field(default_factory=list)
    """Ports in files of settings."""
    demanded: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Variables that the code stops without."""


def read(folder: Folder) -> NodeCode:
    """Facts of every script of the application, by its text, up to 10 MB; comments that fill a line are passed over."""
    source = NodeCode()
    left = _MOST
    scripts = [*folder.sources(*SUFFIXES), *(file for file in ("bin/www", "bin/server") if folder.has(file))]
    for file in scripts:
        if file.endswith((".min.js", ".d.ts", ".test.js", ".test.ts", ".spec.ts", ".spec.js")):
            continue
        if file.endswith((".config.js", ".config.ts")) and not _OWN_CONFIG.search(file):
            continue
        text = folder.text(file, limit=_LARGEST) or ""
        left -= len(text)
        if left < 0:
            break
        in_browser = _IN_BROWSER.search(text) is not None
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) <= 2000 and not line.lstrip().startswith(("//", "*", "/*")):
                _line(source, file, number, line)
                if not in_browser and (match := _HEALTH.search(line)):
                    source.health.append((match[1], file, number))
                for need, pattern in _CONNECTS.items():
                    if pattern.search(line):
                        source.connects.setdefault(need, (file, number))
        if _SETTINGS.search(file):
            _settings(source, file, text)
        for name, number in demands.demanded(text, demands.NODE) if "env" in text or "getOrThrow" in text else ():
            source.demanded.setdefault(name, (file, number))
    return source


def _settings(source: NodeCode, file: str, text: str) -> None:
    """Ports in a file of settings, those of databases and the like aside."""
    for match in list(_SCHEMA.finditer(text))[:5]:
        source.settings.append((int(match[1]), file, text.count("\n", 0, match.start(1)) + 1))
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) <= 200 and (said := _SETTING.match(line)) and ports.own(int(said[1])):
            source.settings.append((int(said[1]), file, number))


def _line(source: NodeCode, file: str, number: int, line: str) -> None:
    if match := _PORT.search(line):
        port = int(next(group for group in match.groups() if group))
        if ports.own(port):
            source.ports.append((port, file, number))
    if match := _SYSTEM_PATH.search(line):
        source.system_paths.append((match[1], match[2], file, number))
    for match in _READ.finditer(line):
        name = match[1] or match[2] or match[3]
        source.reads.setdefault(name, (file, number))
        if _DEFAULT.match(line, match.end()) or _ASKS.search(line[: match.start()]):
            source.defaulted.add(name)
        if _WHETHER.search(line[: match.start()]) or _IF_SET.match(line, match.end()):
            source.asked.add(name)
    if match := _IMPORT.search(line):
        source.imports.setdefault(match[1], (file, number))
    source.migrates = source.migrates or _MIGRATES.search(line) is not None
    if _WRITTEN.search(line) and "env" not in line:
        source.written.append((file, number))
    if _LISTENS.search(line):
        source.listens.append((file, number))
