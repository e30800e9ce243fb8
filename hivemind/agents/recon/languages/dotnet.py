"""C#, F# and Visual Basic projects. Project files are XML, read with entities refused."""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass, field

from hivemind.agents.recon import elements
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import Notes, Spot
from hivemind.agents.recon.reading import HEALTH, Hit, healthiest, port, scan
from hivemind.agents.recon.weights import BUILDS, MANIFEST, PAGES, SERVES, SOURCES
from hivemind.detections.detection import Detection

LANGUAGE = "dotnet"
_PROJECTS = (".csproj", ".fsproj", ".vbproj")
_BLAZOR_PAGES = "Microsoft.NET.Sdk.BlazorWebAssembly"
FRAMEWORKS = {
    "umbraco": ("Umbraco.Cms",), "orchard": ("OrchardCore.",), "giraffe": ("Giraffe",), "saturn": ("Saturn",),
    "suave": ("Suave",), "servicestack": ("ServiceStack",), "nancy": ("Nancy",), "fastendpoints": ("FastEndpoints",),
    "carter": ("Carter",), "orleans": ("Microsoft.Orleans.Server",),
}  # fmt: skip
DRIVERS = {
    "postgres": ("Npgsql",), "mysql": ("MySql.", "MySqlConnector", "Pomelo.EntityFrameworkCore.MySql"),
    "redis": ("StackExchange.Redis", "Microsoft.Extensions.Caching.StackExchangeRedis", "ServiceStack.Redis",
              "Microsoft.AspNetCore.SignalR.StackExchangeRedis", "Hangfire.Redis"),
    "mongodb": ("MongoDB.Driver", "MongoDB.EntityFrameworkCore"),
    "sqlserver": ("Microsoft.EntityFrameworkCore.SqlServer", "Microsoft.Data.SqlClient", "System.Data.SqlClient"),
}  # fmt: skip
"""By the start of a package's name."""
_OWN = "aspnetcore"
"""The one name of ASP.NET Core here; others also write `aspnet` and `asp.net-core`."""
_EMBEDDED = (
    "Microsoft.EntityFrameworkCore.Sqlite",
    "Microsoft.Data.Sqlite",
    "LiteDB",
)
_COMMANDS = (
    "System.CommandLine",
    "CommandLineParser",
    "Spectre.Console",
    "McMaster.Extensions.CommandLineUtils",
    "Cocona",
    "ConsoleAppFramework",
    "Argu",
)
_CONSUMERS = (
    "RabbitMQ.Client",
    "Confluent.Kafka",
    "MassTransit",
    "Hangfire",
    "Quartz",
    "Discord.Net",
    "Telegram.Bot",
    "NServiceBus",
)
_PATTERNS = {
    "listens": re.compile(
        r"WebApplication\.Create|WebHost\b|HttpListener|TcpListener|UseKestrel|ConfigureWebHost|\.UseUrls\("
    ),
    "waits": re.compile(r"while\s*\(\s*true\s*\)|while true do|BackgroundService|IHostedService|AddHostedService"),
    "arguments": re.compile(r"\bargs\s*\[|\bargs\.Length|Console\.Read|GetCommandLineArgs|\bargv\b"),
    "port": re.compile(
        r"https?://(?:\*|\+|0\.0\.0\.0|localhost|\[::\]):(\d{2,5})|\"PORT\"[^\n]{0,80}?\?\?\s*\"?(\d{4,5})|Listen(?:AnyIP|Localhost)\((\d{2,5})"
    ),
    "required": re.compile(r"GetEnvironmentVariable\(\"([A-Z][A-Z0-9_]{2,})\"\)\s*\?\?\s*throw\b"),
    "health": re.compile(rf"MapHealthChecks\(\s*\"(/[\w/-]*)\"|MapGet\(\s*\"({HEALTH})\""),
}


@dataclass
class Project:
    """One project file. packages: name -> spot. projects: files of those that it refers to."""

    file: str
    name: str
    sdk: str
    output: str
    framework: Hit | None
    tool: bool = False
    packages: dict[str, Spot] = field(default_factory=dict)
    projects: tuple[str, ...] = ()

    @property
    def web(self) -> bool:
        return self.sdk.startswith("Microsoft.NET.Sdk.Web") or any(
            name.startswith(("Microsoft.AspNetCore.App", "Microsoft.AspNetCore.All")) for name in self.packages
        )

    def uses(self, *starts: str) -> Spot | None:
        return next((spot for name, spot in self.packages.items() if name.startswith(starts)), None)


def detect(folder: Folder) -> list[Detection]:
    """What the projects of a folder tell; nothing where there is none."""
    files = [file for file in folder.files if file.endswith(_PROJECTS) and file.count("/") <= 3][:60]
    projects = [each for file in files if (each := _project(folder, file)) is not None]
    projects = [each for each in projects if not _tests(each)] or projects
    if not projects:
        return _compiled(folder) or _script(folder)
    chosen = min(projects, key=_rank)
    _take_over(chosen, {each.file: each for each in projects})
    notes = Notes(folder, LANGUAGE)
    notes.declared("package_manager", "nuget", chosen.file)
    notes.usual("install", f"dotnet restore {chosen.file}", chosen.file)
    if chosen.framework is None:
        chosen.framework = _shared_version(folder)
    if chosen.framework:
        notes.declared("runtime_version", chosen.framework.value, chosen.framework.file, chosen.framework.line)
    top = chosen.file.count("/") == 0 or bool(folder.top(".sln", ".slnx", "global.json", ".props"))
    _describe(notes, chosen, top=top or len(projects) == len(files))
    return notes.found


def _take_over(chosen: Project, projects: dict[str, Project]) -> None:
    """The packages of the projects that one refers to, and of those that they do ("Managing project references")."""
    waiting, seen = list(chosen.projects), {chosen.file}
    while waiting:
        file = waiting.pop()
        if file in projects and file not in seen:
            seen.add(file)
            waiting += projects[file].projects
            chosen.packages = {**projects[file].packages, **chosen.packages}


def _describe(notes: Notes, project: Project, *, top: bool) -> None:
    folder = notes.folder
    home = project.file.rpartition("/")[0]
    hits = scan(folder, (file for file in folder.sources(".cs", ".fs", ".vb") if file.startswith(home)), _PATTERNS)
    spot: Spot = (project.file, folder.line(project.file, r"<Project\b"))
    kind, seen, sure = _kind(project, hits, spot)
    notes.kind(kind, seen, sure)
    served = SERVES if kind in {"web", "worker"} and sure > 0.7 else PAGES if kind == "static" else BUILDS
    notes.speaks(project.file, MANIFEST if kind == "library" or not top else served)
    name = next((each for each, starts in FRAMEWORKS.items() if project.uses(*starts)), None)
    if project.sdk == _BLAZOR_PAGES or hits_blazor(folder, home):
        notes.declared("framework", "blazor", *spot)
    elif name:
        notes.declared("framework", name, *(project.uses(*FRAMEWORKS[name]) or spot))
    elif project.web:
        notes.declared("framework", _OWN, *spot)
    notes.usual("build", f"dotnet publish {project.file} -c Release -o out", *spot)
    if kind == "static":
        notes.usual("static_dir", "out/wwwroot", *spot)
    if kind not in {"web", "worker"}:
        return
    listen = "ASPNETCORE_URLS=http://0.0.0.0:${PORT:-8080} " if project.web else ""
    notes.usual("start", f"{listen}./out/{project.name}", *spot)
    if project.web:
        if number := port(hits["port"]):
            notes.code("port", int(number.value), number.file, number.line, sure=0.5)
        notes.guess("port", 8080, *spot, note="the start command's own")
    elif number := port(hits["port"]):
        notes.code("port", int(number.value), number.file, number.line)
    for hit in healthiest(hits["health"]):
        notes.code("health_path", hit.value, hit.file, hit.line)
    for hit in hits["required"]:
        notes.code("env_required", hit.value, hit.file, hit.line, sure=0.75)
    _needs(notes, project)


def hits_blazor(folder: Folder, home: str) -> bool:
    """Whether a web project renders Blazor components: it has razor components and an app of them."""
    inside = f"{home}/" if home else ""
    return folder.first(f"{inside}App.razor", f"{inside}Components/App.razor") is not None


def _kind(project: Project, hits: dict[str, list[Hit]], spot: Spot) -> tuple[str, Spot, float]:
    """What it is, where that shows, and how surely: what the project file says before what the code does."""
    if project.web:
        return "web", spot, 0.95
    named = {_BLAZOR_PAGES: "static", "Microsoft.NET.Sdk.Worker": "worker"}.get(project.sdk)
    if named or project.tool:
        return named or "cli", spot, 0.9
    if project.output not in {"exe", "winexe"}:
        return "library", spot, 0.85
    seen = {name: next(((hit.file, hit.line) for hit in found), None) for name, found in hits.items()}
    by_name = spot if re.search(r"worker|consumer|scheduler|jobs?$", project.name, re.IGNORECASE) else None
    signs: tuple[tuple[str, Spot | None, float], ...] = (
        ("web", seen["listens"], 0.85), ("cli", project.uses(*_COMMANDS), 0.85), ("worker", seen["waits"], 0.8),
        ("worker", project.uses(*_CONSUMERS), 0.8), ("worker", by_name, 0.75), ("cli", seen["arguments"], 0.75),
    )  # fmt: skip
    return next(((kind, where, sure) for kind, where, sure in signs if where), ("web", spot, 0.5))


def _needs(notes: Notes, project: Project) -> None:
    carried = project.uses(*_EMBEDDED) is not None
    drivers = {}
    for need, starts in DRIVERS.items():
        spot = project.uses(*starts)
        if spot and not (carried and need in {"postgres", "mysql", "sqlserver"}):
            drivers[starts[0]] = spot
    notes.needs(drivers, {need: starts[:1] for need, starts in DRIVERS.items()})


def _project(folder: Folder, file: str) -> Project | None:
    root = elements.root(folder, file, limit=400_000)
    if root is None:
        return None
    values = {name: (root.findtext(f"PropertyGroup/{name}") or "").strip() for name in
              ("AssemblyName", "OutputType", "TargetFramework", "TargetFrameworks", "PackAsTool")}  # fmt: skip
    stem = file.rpartition("/")[2].rpartition(".")[0]
    version = re.search(r"net(?:coreapp)?(\d+\.\d+)", values["TargetFramework"] or values["TargetFrameworks"])
    project = Project(
        file,
        values["AssemblyName"] if re.fullmatch(r"[\w.-]+", values["AssemblyName"]) else stem,
        (root.get("Sdk") or next((each.get("Name", "") for each in root.iterfind("Sdk")), "")).partition("/")[0],
        values["OutputType"].lower(),
        Hit(version[1], file, folder.line(file, "<TargetFramework")) if version else None,
        values["PackAsTool"].lower() == "true",
    )
    for element in (*root.iter("PackageReference"), *root.iter("FrameworkReference")):
        name = element.get("Include") or ""
        if name:
            project.packages[name] = (file, folder.line(file, rf"Include=\"{re.escape(name)}\""))
    home = file.rpartition("/")[0]
    references = (each.get("Include", "").replace("\\", "/") for each in root.iter("ProjectReference"))
    project.projects = tuple(posixpath.normpath(f"{home}/{each}".lstrip("/")) for each in references if each)[:30]
    return project


def _tests(project: Project) -> bool:
    return "Microsoft.NET.Test.Sdk" in project.packages or bool(
        re.search(r"(?:^|[./_-])(?:unit|integration|functional)?tests?\w*\.\w+$|(?:^|/)(?:tests?|samples?|examples?|benchmarks?)/|"
                  r"(?:^|[./_-])(?:benchmarks?|samples?)\.\w+$", project.file, re.IGNORECASE)
    )  # fmt: skip


def _rank(project: Project) -> tuple[int, bool, int, int, str]:
    kinds = 0 if project.web else 1 if project.sdk == _BLAZOR_PAGES else 2 if project.sdk.endswith("Worker") else 3
    runs = kinds < 3 or project.output in {"exe", "winexe"}
    ending = re.search(r"(web|server|host|app|api)$", project.name, re.IGNORECASE)
    named = ("web", "server", "host", "app", "api").index(ending[1].lower()) if ending else 5
    return (kinds if runs else 4, project.file.count("/") > 0, named, project.file.count("/"), project.file)


def _shared_version(folder: Folder) -> Hit | None:
    """The version that all projects of a folder share."""
    for file, pattern in (
        ("Directory.Build.props", r"<TargetFrameworks?>[^<]*?net(?:coreapp)?(\d+\.\d+)"),
        ("global.json", r"\"version\"\s*:\s*\"(\d+\.\d+)"),
    ):
        if match := re.search(pattern, folder.text(file, limit=200_000) or ""):
            return Hit(match[1], file, folder.line(file, pattern))
    return None


def _compiled(folder: Folder) -> list[Detection]:
    """A folder that `dotnet publish` made: `NAME.runtimeconfig.json` says on which framework NAME.dll runs (.NET
    runtime configuration settings; "dotnet command": running an application)."""
    file = next(iter(folder.top(".runtimeconfig.json")), None)
    options = folder.json(file).get("runtimeOptions") if file else None
    if file is None or not isinstance(options, dict):
        return []
    listed = options.get("frameworks")
    each = [options.get("framework"), *(listed if isinstance(listed, list) else ())]
    frameworks = {str(one.get("name")): str(one.get("version", "")) for one in each if isinstance(one, dict)}
    web = frameworks.get("Microsoft.AspNetCore.App")
    notes, name = Notes(folder, LANGUAGE), file.removesuffix(".runtimeconfig.json")
    line = folder.line(file, r"\"(?:tfm|version)\"\s*:")
    notes.speaks(file, SERVES if web else BUILDS)
    version = web or next(iter(frameworks.values()), "") or str(options.get("tfm", "")).removeprefix("net")
    if match := re.match(r"\d+\.\d+", version):
        notes.declared("runtime_version", match[0], file, line)
    if web:
        notes.declared("framework", _OWN, file, folder.line(file, r"Microsoft\.AspNetCore\.App"))
        notes.guess("port", 8080, file, line, note="the start command's own")
    notes.kind("web" if web else "worker", (file, line), 0.9 if web else 0.5)
    program = f"dotnet {shlex.quote(f'{name}.dll')}"
    notes.usual("start", f"ASPNETCORE_URLS=http://0.0.0.0:${{PORT:-8080}} {program}" if web else program, file, line)
    return notes.found


def _script(folder: Folder) -> list[Detection]:
    file = next(iter(folder.top(".sln", ".slnx", ".cs", ".fs", ".fsx")), None)
    if file is None:
        return []
    notes = Notes(folder, LANGUAGE)
    notes.speaks(file, SOURCES)
    return notes.found
