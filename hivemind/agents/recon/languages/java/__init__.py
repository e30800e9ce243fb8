"""Java, Kotlin and Scala: Maven, Gradle and sbt builds, single source files and unpacked archives."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.java import gradle, maven, serving, starting
from hivemind.agents.recon.languages.java.frameworks import FRAMEWORKS
from hivemind.agents.recon.languages.java.project import Project
from hivemind.agents.recon.notes import Notes, Spot
from hivemind.agents.recon.reading import Hit, pinned
from hivemind.agents.recon.weights import BUILDS, MANIFEST, SERVES, SOURCES
from hivemind.detections.detection import Detection

LANGUAGE = "java"
_ASIDE = re.compile(r"(?:^|[/_-])(?:tests?|it|samples?|examples?|demos?|benchmarks?|bench|bom|docs)(?:$|[/_-])")
_SERVES = re.compile(r"(?:^|[/_-])(?:server|web|webapp|app|application|api|service|backend|bootstrap|boot)$")
_STARTED = {
    "spring-boot": r"^\s*@SpringBootApplication\b",
    "micronaut": r"\bMicronaut\.(?:run|build|mainClass)\(",
    "quarkus": r"^\s*@QuarkusMain\b",
    "ktor": r"\bio\.ktor\.server\.\w+\.EngineMain\b|\bembeddedServer\(",
    "javalin": r"\bJavalin\.create\(",
}
"""What starts an application in code: Spring Boot, "Using @SpringBootApplication"; Micronaut, "Running the
Application"; Quarkus, "Application Initialization"; Ktor, "Create a server"; Javalin, "Getting started"."""
_POLYGLOT = ("pom.yml", "pom.yaml", "pom.kts", "pom.groovy", "pom.atom")


def detect(folder: Folder) -> list[Detection]:
    """What a build of this family tells; nothing where there is none."""
    notes = Notes(folder, LANGUAGE)
    projects = maven.read(folder) or gradle.read(folder) or gradle.sbt(folder)
    if projects:
        _build(notes, projects)
    elif folder.has("pom.xml"):  # one that is no XML, or too long to be read
        notes.speaks("pom.xml", MANIFEST)
        notes.declared("package_manager", "maven", "pom.xml")
        notes.kind("library", ("pom.xml", None), 0.4)
    elif file := folder.first(*_POLYGLOT):
        notes.speaks(file, BUILDS)
        notes.declared("package_manager", "maven", file)
        notes.usual("build", _maven(folder), file)
        notes.usual("start", "java -jar target/*.jar", file)
        notes.kind("web", (file, None), 0.5)
    elif file := folder.first("settings.gradle", "settings.gradle.kts", "build.mill", "build.sc"):
        notes.speaks(file, MANIFEST)
        notes.declared("package_manager", "mill" if "build." in file else "gradle", file)
    elif folder.has("META-INF/MANIFEST.MF"):
        _unpacked(notes)
    else:
        _loose(notes)
    return notes.found


def _build(notes: Notes, projects: list[Project]) -> None:
    folder = notes.folder
    for project in projects:
        project.sources = any(file.startswith(project.inside("src/")) for file in folder.files)
    chosen = min([each for each in projects if not _ASIDE.search(each.path)] or projects, key=_rank)
    top = projects[0]
    notes.declared("package_manager", top.tool, top.file)
    if version := _version(folder) or chosen.version or top.version:
        notes.declared("runtime_version", version.value, version.file, version.line)
    framework = _framework(chosen) or next((name for each in projects if (name := _framework(each))), None)
    if framework and (spot := chosen.uses(*FRAMEWORKS[framework])):
        notes.declared("framework", framework, *spot)
    elif framework is None and (annotated := _annotated(folder, chosen)):
        framework = annotated[0]
        notes.code("framework", framework, *annotated[1])
    facts = serving.read(folder, chosen)
    kind, seen, sure = serving.kind(folder, chosen, framework, facts, alone=_alone(projects))
    notes.kind(kind, seen, sure)
    notes.speaks(top.file, SERVES if kind == "web" and sure > 0.7 else MANIFEST if kind == "library" else BUILDS)
    _tasks(notes, chosen, framework)
    if kind in {"library", "cli"}:
        return
    starting.detect(notes, chosen, framework)
    if kind == "web":
        serving.addresses(notes, chosen, framework, facts)
    serving.needs(notes, chosen, facts)


def _tasks(notes: Notes, chosen: Project, framework: str | None) -> None:
    folder = notes.folder
    if chosen.tool == "maven":
        notes.usual("install", f"{_maven_program(folder)} -B dependency:resolve", chosen.file)
        module = f" -pl {chosen.path} -am" if chosen.path else ""
        notes.usual("build", _maven(folder) + module, chosen.file)
    elif chosen.tool == "gradle":
        program = "./gradlew" if folder.has("gradlew") else "gradle"
        notes.usual("install", f"{program} dependencies", chosen.file)
        task = starting.gradle_task(chosen, framework)
        prefix = ":" + chosen.path.replace("/", ":") + ":" if chosen.path else ""
        notes.usual("build", f"{program} {prefix}{task}{' -x test' if task == 'build' else ''}", chosen.file)
    else:
        notes.usual("install", "sbt update", chosen.file)
        notes.usual("build", f"sbt {starting.sbt_task(chosen)}", chosen.file)


def _maven(folder: Folder) -> str:
    return f"{_maven_program(folder)} -B -DskipTests package"


def _maven_program(folder: Folder) -> str:
    return "./mvnw" if folder.has("mvnw") else "mvn"


def _alone(projects: list[Project]) -> bool:
    """Whether a program is what the build is for: one module in many that runs is a tool beside a library."""
    running = [each for each in projects if each.main or "application" in each.plugins]
    return len(projects) <= 2 or len(running) * 3 >= len(projects)


def _rank(project: Project) -> tuple[bool, bool, bool, bool, bool, bool, int, str]:
    """The module that is run: one that packages a framework before one that has a main, the shallowest first."""
    runs = project.uses(
        "org.springframework.boot:spring-boot-maven-plugin", "org.springframework.boot", "io.quarkus",
        "io.micronaut.application", "application",
    ) is not None  # fmt: skip
    return (
        project.packaging == "pom", not project.sources, _framework(project) is None, not runs,
        project.main is None, _SERVES.search(project.path) is None,
        project.path.count("/") + bool(project.path), project.path,
    )  # fmt: skip


def _framework(project: Project) -> str | None:
    own = project.own
    return next((name for name, prefixes in FRAMEWORKS.items() if own.uses(*prefixes)), None)


def _annotated(folder: Folder, project: Project) -> tuple[str, Spot] | None:
    """A framework by the program that starts it, where the dependencies come from plugins of the build's own."""
    inside = project.inside("src/main/")
    files = [file for file in folder.files if file.startswith(inside) and file.endswith((".java", ".kt", ".groovy"))]
    for file in sorted(files, key=lambda each: (not re.search(r"(?:Application|Main|App)\.\w+$", each), each))[:60]:
        for name, pattern in _STARTED.items():
            if line := folder.line(file, pattern):
                return name, (file, line)
    if project.tool == "sbt" and (line := folder.line("conf/routes", r"^(?:GET|POST|->)\s+/")):
        return "play", ("conf/routes", line)
    return None


def _version(folder: Folder) -> Hit | None:
    for number, line in enumerate((folder.text("system.properties", limit=10_000) or "").splitlines(), 1):
        if match := re.match(r"\s*java\.runtime\.version\s*=\s*(?:[a-z]+-)?(\d+(?:\.\d+)*)", line):
            return Hit(match[1].removeprefix("1."), "system.properties", number)
    return pinned(folder, "java", files=(".java-version", ".jdk-version"))


def _unpacked(notes: Notes) -> None:
    """An archive that was unpacked: it runs from its folder."""
    file = "META-INF/MANIFEST.MF"
    text = notes.folder.text(file) or ""
    main = re.search(r"(?m)^Main-Class:\s*([\w.$]+)", text)
    notes.speaks(file, BUILDS if main else MANIFEST)
    if match := re.search(r"(?m)^Build-Jdk-Spec:\s*([\d.]+)", text):
        notes.declared("runtime_version", match[1], file, notes.folder.line(file, "^Build-Jdk-Spec"))
    spring = notes.folder.line(file, r"^Spring-Boot-Version")
    if spring:
        notes.declared("framework", "spring-boot", file, spring)
        notes.usual("port", 8080, file, spring, note="spring-boot's own")
    if main:
        line = notes.folder.line(file, r"^Main-Class")
        notes.declared("start", f"java -cp . {main[1]}", file, line)
        notes.kind("web", (file, spring or line), 0.9 if spring else 0.5)


def _loose(notes: Notes) -> None:
    """Source files without a build: Java runs a single file as it is."""
    folder = notes.folder
    descriptor = next((file for file in folder.files if file.endswith(("web.xml", "WEB-INF/web.xml"))), None)
    files = folder.top(".java", ".kt", ".scala") or tuple(file for file in folder.files if file.endswith("/web.xml"))
    if not files:
        return
    notes.speaks(files[0], SOURCES)
    if descriptor:
        notes.kind("web", (descriptor, None), 0.8)
        return
    mains = [file for file in files if file.endswith(".java") and folder.line(file, r"\bvoid\s+main\s*\(")]
    for file in mains[:1]:
        notes.usual("start", f"java {file}", file, folder.line(file, r"\bvoid\s+main\s*\("))
        listens = folder.line(file, r"HttpServer|ServerSocket")
        notes.kind("web", (file, listens), 0.85 if listens else 0.5)
