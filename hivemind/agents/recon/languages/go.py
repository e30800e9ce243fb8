"""Go modules. go.mod is read by lines: module, go, toolchain and require, which is all that matters here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from hivemind.agents.recon import compiled, demands
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import Notes, Spot
from hivemind.agents.recon.reading import HEALTH, Hit, healthiest, pinned, port, scan
from hivemind.agents.recon.weights import BUILDS, MANIFEST, SERVES, SOURCES
from hivemind.detections.detection import Detection

LANGUAGE = "go"
FRAMEWORKS = {
    "github.com/gin-gonic/gin": "gin", "github.com/labstack/echo": "echo", "github.com/gofiber/fiber": "fiber",
    "github.com/beego/beego": "beego", "github.com/astaxie/beego": "beego", "github.com/revel/revel": "revel",
    "github.com/gobuffalo/buffalo": "buffalo", "github.com/kataras/iris": "iris", "github.com/go-chi/chi": "chi",
    "github.com/gogf/gf": "goframe", "github.com/zeromicro/go-zero": "go-zero", "github.com/go-kratos/kratos": "kratos",
    "github.com/cloudwego/hertz": "hertz", "gofr.dev": "gofr", "github.com/pocketbase/pocketbase": "pocketbase",
    "github.com/danielgtaylor/huma": "huma", "goa.design/goa": "goa", "github.com/go-kit/kit": "go-kit",
    "github.com/emicklei/go-restful": "go-restful", "github.com/gorilla/mux": "gorilla",
    "github.com/julienschmidt/httprouter": "httprouter", "github.com/uptrace/bunrouter": "bunrouter",
    "github.com/go-martini/martini": "martini", "github.com/urfave/negroni": "negroni",
    "github.com/valyala/fasthttp": "fasthttp",
}  # fmt: skip
"""By module path without its major version, in order of weight."""
DRIVERS = {
    "postgres": ("github.com/lib/pq", "github.com/jackc/pgx", "gorm.io/driver/postgres", "github.com/go-pg/pg",
                 "github.com/uptrace/bun/driver/pgdriver"),
    "mysql": ("github.com/go-sql-driver/mysql", "gorm.io/driver/mysql"),
    "redis": ("github.com/redis/go-redis", "github.com/go-redis/redis", "github.com/gomodule/redigo",
              "github.com/hibiken/asynq", "github.com/redis/rueidis", "github.com/garyburd/redigo"),
    "mongodb": ("go.mongodb.org/mongo-driver", "gopkg.in/mgo.v2", "github.com/globalsign/mgo"),
}  # fmt: skip
_EMBEDDED = (
    "github.com/mattn/go-sqlite3", "modernc.org/sqlite", "gorm.io/driver/sqlite", "github.com/glebarez/sqlite",
    "github.com/ncruces/go-sqlite3", "zombiezen.com/go/sqlite",
)  # fmt: skip
_COMMANDS = (
    "github.com/spf13/cobra", "github.com/urfave/cli", "github.com/alecthomas/kong", "github.com/alecthomas/kingpin",
    "github.com/charmbracelet/bubbletea", "github.com/charmbracelet/fang", "github.com/jessevdk/go-flags",
    "github.com/peterbourgon/ff", "github.com/rivo/tview", "github.com/gdamore/tcell", "github.com/integrii/flaggy",
    "github.com/charmbracelet/lipgloss", "github.com/nsf/termbox-go", "github.com/jroimartin/gocui",
    "github.com/manifoldco/promptui", "github.com/AlecAivazis/survey", "github.com/pterm/pterm",
)  # fmt: skip
_FLAGS = ("github.com/alecthomas/kingpin", "gopkg.in/alecthomas/kingpin", "github.com/alecthomas/kong",
          "github.com/jessevdk/go-flags", "github.com/peterbourgon/ff", "github.com/integrii/flaggy",
          "github.com/spf13/pflag")  # fmt: skip
"""Those that read options alone: servers have them as often as tools."""
_EXPOSED = ("github.com/prometheus/exporter-toolkit",)
"""What serves pages of a program that may have no other: Prometheus' exporters."""
_SUBCOMMANDS = ("github.com/spf13/cobra", "github.com/urfave/cli")
_CONSUMERS = (
    "github.com/hibiken/asynq", "github.com/robfig/cron", "github.com/rabbitmq/amqp091-go", "github.com/streadway/amqp",
    "github.com/segmentio/kafka-go", "github.com/IBM/sarama", "github.com/Shopify/sarama", "go.temporal.io/sdk",
    "github.com/nats-io/nats.go", "github.com/riverqueue/river", "github.com/go-co-op/gocron",
)  # fmt: skip
_ASIDE = frozenset(
    {"tools", "tool", "hack", "scripts", "script", "internal", "mocks", "mock", "gen", "generate", "build", "ci", "dev",
     "_gopath", "misc", "e2e", "integration", "pkg"}
)  # fmt: skip
_PASSED_OVER = re.compile(r"(?:^|/)(?:[_.][^/]*|testdata)/|(?:_test|\.pb)\.go$")
"""Go's own rule: folders that start with `_` or `.` are no part of a module."""
_OF_HUGO = tuple(f"{place}hugo.{end}" for place in ("", "config/_default/") for end in ("toml", "yaml", "yml", "json"))
"""Beside these a go.mod names themes: Hugo's modules are Go's."""
_SETTINGS = re.compile(
    r"(?:^|/)(?:main|config\w*|env\w*|settings?|server)\.go$|(?:^|/)(?:config\w*|env\w*|settings?|cmd)/"
)
"""Files whose code runs when a program starts."""
_SERVERS = ("server", "web", "api", "app", "http", "serve", "service", "backend", "site", "main")
_SERVING = re.compile(r"server|api|web|http|rest|gateway|backend")
_BESIDE = re.compile(r"worker|consumer|indexer|migrat|seed|cron|job|lint|cli$|client|tool|bench|loader|import|export")
"""Names of programs beside the one that serves."""
_LOCAL = re.compile(
    r"\bflag\.String(?:Var)?\((?:&[\w.]+,\s*)?\"(addr|address|listen|bind|http|http-addr|listen-addr)\",\s*"
    r"\"(?:localhost|127\.0\.0\.1):(\d{2,5})\""
)
_PATTERNS = {
    "main": re.compile(r"^func main\(\)"),
    "imports": re.compile(rf"\"({'|'.join(map(re.escape, FRAMEWORKS))})(?:/[\w./-]+)?\"$"),
    "embedded": re.compile(rf"\"({'|'.join(map(re.escape, _EMBEDDED))})(?:/[\w./-]+)?\"$"),
    "ignored": re.compile(r"^//\s*(?:go:build|\+build) (ignore|tools)\b"),
    "listens": re.compile(
        r"http\.ListenAndServe|http\.Server\{|\.ListenAndServe(?:TLS)?\(|http\.Serve\(|net\.Listen\(\"tcp|"
        r"fasthttp\.ListenAndServe|appengine\.Main\(|funcframework\.Start|gin\.(?:New|Default)\(|echo\.New\(|"
        r"fiber\.New\(|grpc\.NewServer\("
    ),
    "port": re.compile(
        r"(?:ListenAndServe(?:TLS)?|\.Run|\.Start|\.Listen)\(\s*\"[\w.\[\]]*:(\d{2,5})\"|"
        r"\bAddr:\s*\"[\w.\[\]]*:(\d{2,5})\"|"
        r"net\.Listen\(\"tcp[46]?\",\s*\"[\w.\[\]]*:(\d{2,5})\"|"
        r"(?i:(?:port|addr|listen|bind)\w*)\s*(?::=|=|:)\s*\"(?:[\w.]*:)?(\d{2,5})\"|"
        r"(?i:\"(?:http[-_.]?|server[-_.]?|web[-_.]?|listen[-_.]?)?(?:port|addr|listen|bind)\"),\s*(?:\"\w\",\s*)?"
        r"\"?(?:[\w.]*:)?(\d{2,5})\b(?!\.\d)|"
        r"(?i:getenv|env)\w*\(\"(?:\w+_)?PORT\",\s*\"?:?(\d{2,5})|"
        r"(?i:default|envDefault|value)[:=]\"[\w.]*:(\d{2,5})\"|"
        r"\"(?:127\.0\.0\.1|0\.0\.0\.0|localhost)?:(\d{4,5})\""
    ),
    "reads": re.compile(
        r"(?i:env\w*)(?:\(|:\")[^\n]*\"?[A-Z][A-Z0-9_]{2,}|\(\"[A-Z][A-Z0-9_]{2,}\"\)|, \"[A-Z][A-Z0-9_]{2,}\"\)"
    ),
    "given": re.compile(r"(?i:getenv|lookupenv)\(\"PORT\"\)"),
    "serves": re.compile(r"\b(?:Use|Name):\s*\"(serve|server|web|start|listen|http)\b[^\"]*\""),
    "health": re.compile(
        rf"(?:\.(?:GET|Get|HandleFunc|Handle|Any|HEAD|Path|Method)\(|\bcase\b|URL\.Path\s*==)"
        rf"[^\"]*\"(?:GET )?({HEALTH})\""
    ),
    "cache": re.compile(
        r"(?i:getenv|lookupenv|env|envconfig|mapstructure|viper)[^\n]{0,40}\"\w*(?:REDIS|redis|VALKEY|CACHE_URL)|"
        r"\"(?:rediss?://)?[\w.-]*:6379|asynq\.RedisClientOpt|"
        r"\b(?:redis|rueidis|redigo)\.New(?:Universal|Cluster|Failover)?Client\(|\bredis\.Dial(?:URL)?\("
    ),
    "arguments": re.compile(r"\bflag\.Parse\(|\bos\.Args\b|os\.Stdin\b|pflag\.Parse\("),
    "required": re.compile(r"log\.Fatal\w*\(\"\$?([A-Z][A-Z0-9_]{2,}) (?:must be set|is required|not set)"),
}


@dataclass
class Module:
    """go.mod: required: path without major version -> where it stands, direct ones only."""

    name: str = ""
    version: Hit | None = None
    required: dict[str, Spot] = field(default_factory=dict)


def detect(folder: Folder) -> list[Detection]:
    """What the Go code of a folder tells; nothing where there is no go.mod, go.work or Go file at the top."""
    manifest = folder.first("go.mod", "go.work")
    file = manifest or next(iter(folder.top(".go")), None)
    if file is None or (manifest == "go.mod" and folder.first(*_OF_HUGO) and not folder.top(".go")):
        return []
    module = read(folder, "go.mod" if folder.has("go.mod") else file)
    used = _workspace(folder) if manifest == "go.work" else []
    for each in used:
        module.required |= read(folder, f"{each}/go.mod").required
    notes = Notes(folder, LANGUAGE)
    sources = [each for each in folder.sources(".go") if not _PASSED_OVER.search(each)]
    hits = scan(folder, sources, _PATTERNS, comments=("* ",))
    if version := pinned(folder, "go", "golang", files=(".go-version",)) or module.version:
        notes.declared("runtime_version", version.value, version.file, version.line)
    if manifest:
        notes.declared("package_manager", "go modules", manifest)
        notes.usual("install", "go mod download", manifest)
    main = _main(hits, module)
    for hit in hits["imports"]:
        if not module.name or (main and hit.file.rpartition("/")[0] == main.file.rpartition("/")[0]):
            module.required.setdefault(hit.value, (hit.file, hit.line))
    framework = next((path for path in FRAMEWORKS if path in module.required), None)
    if framework:
        notes.declared("framework", FRAMEWORKS[framework], *module.required[framework])
    if main is None:
        notes.speaks(file, MANIFEST if manifest else SOURCES)
        notes.kind("library", (file, None))
        return notes.found
    notes.speaks(file, SERVES if framework or hits["listens"] else BUILDS)
    _program(notes, module, hits, main, framework)
    return notes.found


def read(folder: Folder, file: str) -> Module:
    """A go.mod, as far as it is one."""
    module = Module()
    block = False
    if not file.endswith((".mod", ".work")):
        return module
    for number, raw in enumerate((folder.text(file) or "").splitlines(), 1):
        line = raw.strip()
        if match := re.match(r"module\s+\"?([^\s\"]+)", line):
            module.name = match[1]
        elif match := re.match(r"go\s+(\d+(?:\.\d+)*)", line):
            module.version = Hit(match[1], file, number)
        elif re.match(r"require\s*\($", line):
            block = True
        elif line.startswith(")"):
            block = False
        elif (block or line.startswith("require ")) and "// indirect" not in line:
            words = line.removeprefix("require ").split()
            if len(words) > 1:
                module.required.setdefault(_unversioned(words[0]), (file, number))
    return module


def _unversioned(path: str) -> str:
    """`github.com/labstack/echo/v4` -> `github.com/labstack/echo`; drivers in folders of a module stand for it."""
    return re.sub(r"/v\d+(?=/|$)|/v\d+$", "", path)


def _workspace(folder: Folder) -> list[str]:
    text = folder.text("go.work") or ""
    return [each.removeprefix("./") for each in re.findall(r"(?m)^\s*(?:use\s+)?(\./[\w./-]+)", text)][:20]


def _main(hits: dict[str, list[Hit]], module: Module) -> Hit | None:
    """The program that is meant: at the top, else the one under `cmd` that serves by its name, else any."""
    ignored = {hit.file for hit in hits["ignored"]}
    mains = [hit for hit in hits["main"] if hit.file not in ignored]
    own = _plain(
        re.sub(r"^v\d+$", "", module.name.rpartition("/")[2]) or module.name.removesuffix("/").split("/")[-2:][0]
    )
    listening = {hit.file.rpartition("/")[0] for hit in hits["listens"]}

    def rank(hit: Hit) -> tuple[int, int, int, bool, str]:
        parts = hit.file.split("/")[:-1]
        aside = 1 if _ASIDE.intersection(parts) else 0
        name = parts[-1] if parts else ""
        named = 0 if _plain(name) == own else 1 if name in _SERVERS else 2 if _SERVING.search(name) else 3
        place = "/".join(parts)
        named = 4 if _BESIDE.search(name) else named
        return (aside, 0 if not parts else 1 if parts[0] == "cmd" else 2, named, place not in listening, hit.file)

    return min(mains, key=rank, default=None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _program(notes: Notes, module: Module, hits: dict[str, list[Hit]], main: Hit, framework: str | None) -> None:
    target = main.file.rpartition("/")[0]
    name = target.rpartition("/")[2] or re.sub(r"/v\d+$", "", module.name).rpartition("/")[2] or "app"
    what = f"./{target}" if target else "." if module.name else main.file
    spot = (main.file, main.line)
    notes.usual("build", f"go build -o bin/{name} {what}", *spot)
    kind, seen, sure = _kind(module, hits, framework, spot)
    notes.kind(kind, seen, sure)
    command = hits["serves"][0] if hits["serves"] and any(path in module.required for path in _SUBCOMMANDS) else None
    if command:
        spot = (command.file, command.line)
    given = (
        compiled.arguments(notes.folder) or (f" {command.value}" if command else "") or _everywhere(notes.folder, main)
    )
    notes.usual("start", f"./bin/{name}{given}", *spot)
    if kind == "cli":
        return  # started all the same where files for production or containers say that it serves
    if kind == "web":
        _serving(notes, hits, framework, spot)
    _needs(notes, module, hits)
    for hit in hits["required"]:
        if hit.value != "PORT":
            notes.code("env_required", hit.value, hit.file, hit.line)
    reading = dict.fromkeys(hit.file for hit in hits["reads"] if hit.file == spot[0] or _SETTINGS.search(hit.file))
    for file in reading:
        for name, line in demands.demanded(notes.folder.text(file, limit=200_000) or "", demands.GO):
            if name not in demands.GIVEN:
                notes.code("env_required", name, file, line, sure=0.75)


def _everywhere(folder: Folder, main: Hit) -> str:
    """The flag that lets a program listen for others, where it listens on its own machine alone unless told: its
    default, `localhost:8080`, with the address of all (Go, "flag")."""
    inside = main.file.rpartition("/")[0]
    for file in folder.sources(".go"):
        if file.rpartition("/")[0] == inside and (match := _LOCAL.search(folder.text(file, limit=200_000) or "")):
            return f" --{match[1]} 0.0.0.0:${{PORT:-{match[2]}}}"
    return ""


def _needs(notes: Notes, module: Module, hits: dict[str, list[Hit]]) -> None:
    """Databases by their drivers, unless the code imports an embedded one (tests alone may). A cache that nothing
    opens, or gives an address of its own, is one that could be used."""
    drivers = _drivers(module)
    if not hits["embedded"]:
        notes.needs(drivers, {need: names for need, names in DRIVERS.items() if need != "redis"})
    cache = next((name for name in DRIVERS["redis"] if name in drivers), None)
    if cache:
        notes.declared("need", "redis", *drivers[cache], sure=0.9 if hits["cache"] else 0.4, note=cache)


def _serving(notes: Notes, hits: dict[str, list[Hit]], framework: str | None, main: Spot) -> None:
    near = sorted(hits["port"], key=lambda hit: (hit.file != main[0], hit.file.count("/")))
    if number := port(near):
        notes.code("port", int(number.value), number.file, number.line)
    elif framework == "github.com/gin-gonic/gin" and not hits["given"]:
        notes.usual("port", 8080, *main, sure=0.5, note="gin's own")  # Gin, "Engine.Run"
    elif not hits["given"]:
        notes.guess("port", 8080, *main, note="usual for Go")
    for hit in healthiest(hits["health"]):
        notes.code("health_path", hit.value, hit.file, hit.line)


def _kind(module: Module, hits: dict[str, list[Hit]], framework: str | None, main: Spot) -> tuple[str, Spot, float]:
    """What it is, where that shows, and how surely. A program of commands serves only where a framework says so."""
    listens = next(((hit.file, hit.line) for hit in hits["listens"]), None)
    arguments = next(((hit.file, hit.line) for hit in hits["arguments"]), None)
    commands = [path for path in _COMMANDS if path in module.required]
    brought = module.required[framework] if framework and not commands else None
    flags_alone = all(path in _FLAGS for path in commands)
    signs: tuple[tuple[str, Spot | None, float], ...] = (
        ("web", listens if framework or not commands else None, 0.9),
        ("web", brought, 0.9),
        ("web", _first(module, _EXPOSED), 0.85),
        ("web", listens if flags_alone else None, 0.7),
        ("cli", _first(module, commands), 0.9),
        ("worker", _first(module, _CONSUMERS), 0.8),
        ("cli", arguments, 0.75),
    )
    return next(((kind, spot, sure) for kind, spot, sure in signs if spot), ("web", main, 0.5))


def _first(module: Module, paths: Iterable[str]) -> Spot | None:
    return next((module.required[path] for path in paths if path in module.required), None)


def _drivers(module: Module) -> dict[str, Spot]:
    drivers = dict(module.required)
    for path, spot in module.required.items():
        for known in (name for names in DRIVERS.values() for name in names):
            if path.startswith(f"{known}/") or known.startswith(f"{path}/"):
                drivers.setdefault(known, spot)
    return drivers
