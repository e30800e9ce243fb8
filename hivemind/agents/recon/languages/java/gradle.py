"""Gradle and sbt builds. Their build files are programs: these readers take the lines that declare, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.java.project import Project
from hivemind.agents.recon.reading import Hit

_FILES = ("build.gradle", "build.gradle.kts")
_BELOW = tuple(f"/{file}" for file in _FILES)
_DEPENDENCY = re.compile(
    r"^\s*(?P<scope>\w+)\s*[( ]\s*(?:(?:platform|enforcedPlatform)\s*\(\s*)?[\"'](?P<name>[\w.-]+:[\w.$\{}-]+)"
)
_CATALOGUED = re.compile(r"^\s*(?P<scope>\w+)\s*[( ]\s*(?:platform\(\s*)?libs\.(?P<alias>[\w.]+)")
_PLUGIN = re.compile(
    r"\bid\s*\(?\s*[\"']([\w.-]+)[\"']|apply\s*\(?\s*plugin\s*[:=]\s*[\"']([\w.-]+)[\"']|^\s*`?(application|war)`?\s*$"
)
_CATALOGUED_PLUGIN = re.compile(r"alias\s*\(?\s*libs\.plugins\.([\w.]+)")
_KOTLIN = re.compile(r"\bkotlin\(\"(?:jvm|multiplatform)\"\)")
_VERSION = re.compile(
    r"(?:sourceCompatibility|targetCompatibility|languageVersion|jvmToolchain|jvmTarget)\W.*?"
    r"(?:VERSION_|JVM_|\b)(\d+(?:[._]\d+)?)\b"
)
_MAIN = re.compile(r"\bmainClass(?:Name)?\b|Main-Class")
_SBT_DEPENDENCY = re.compile(r"\"([\w.-]+)\"\s*%%?%?\s*\"([\w.-]+)\"(.*)")
_CATALOG = "gradle/libs.versions.toml"


def read(folder: Folder) -> list[Project]:
    """The build at the top and the modules that its settings include, at most 40; empty without a build file."""
    settings = folder.first("settings.gradle", "settings.gradle.kts")
    text = (folder.text(settings) or "") if settings else ""
    name = re.search(r"rootProject\.name\s*=\s*[\"']([\w.-]+)[\"']", text)
    modules = [
        each.strip(":").replace(":", "/")
        for line in text.splitlines()
        if re.match(r"\s*include(?!Build)\b|\s*[\"']:?[\w:.-]+[\"'],?\s*\)?$", line)
        for each in re.findall(r"[\"'](:?[\w:./-]+)[\"']", line)
    ]
    if not modules:
        modules = [file.rpartition("/")[0] for file in folder.files if file.endswith(_BELOW) and file.count("/") <= 2]
    found: list[Project] = []
    for path in ("", *dict.fromkeys(each for each in modules if ".." not in each)):
        file = folder.first(*(f"{path}/{each}" if path else each for each in _FILES))
        if file and len(found) < 40:
            own = name[1] if name and not path else path.rpartition("/")[2] or folder.path.rpartition("/")[2]
            found.append(_project(folder, file, path, own if own not in {"", "."} else "app"))
    return found


def _project(folder: Folder, file: str, path: str, own: str) -> Project:
    project = Project("gradle", file, path, own)
    catalog = folder.toml(_CATALOG)
    for number, line in lines(folder, file):
        for name in _dependencies(catalog, line):
            project.dependencies.setdefault(name, (file, number))
        for name in _plugins(catalog, line):
            project.plugins.setdefault(name, (file, number))
        if project.main is None and _MAIN.search(line):
            project.main = (file, number)
        if project.version is None and (match := _VERSION.search(line)):
            version = match[1].replace("_", ".")
            project.version = Hit(version.removeprefix("1.") if "." in version else version, file, number)
    if "war" in project.plugins:
        project.packaging = "war"
    return project


def _dependencies(catalog: dict[str, object], line: str) -> list[str]:
    match = _DEPENDENCY.match(line)
    if match:
        return [] if _aside(match["scope"]) else [match["name"]]
    match = _CATALOGUED.match(line)
    return _catalogued(catalog, match["alias"]) if match and not _aside(match["scope"]) else []


def _plugins(catalog: dict[str, object], line: str) -> list[str]:
    if "apply false" in line or "apply(false" in line:
        return []
    names = ["org.jetbrains.kotlin.jvm"] if _KOTLIN.search(line) else []
    if match := _PLUGIN.search(line):
        names.append(next(group for group in match.groups() if group))
    if match := _CATALOGUED_PLUGIN.search(line):
        names.append(_plugin(catalog, match[1]))
    return names


def lines(folder: Folder, file: str) -> Iterator[tuple[int, str]]:
    """The lines of a build file without its comments; numbers stay those of the file."""
    text = folder.text(file, limit=400_000) or ""
    text = re.sub(r"/\*.*?(?:\*/|\Z)", lambda match: "\n" * match[0].count("\n"), text, flags=re.DOTALL)
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) <= 1000 and not line.lstrip().startswith("//"):
            yield number, line


def _aside(scope: str) -> bool:
    return "test" in scope.lower() or scope in {
        "classpath",
        "compileOnly",
        "kapt",
        "annotationProcessor",
        "developmentOnly",
        "ksp",
    }


def _catalogued(catalog: dict[str, object], alias: str) -> list[str]:
    """The modules of an alias in the version catalogue: a library, or all of a bundle."""
    libraries = catalog.get("libraries")
    bundles = catalog.get("bundles")
    names = [alias]
    if alias.startswith("bundles.") and isinstance(bundles, dict):
        own = alias.removeprefix("bundles.")
        bundle: object = next((value for key, value in bundles.items() if _dotted(key) == own), None)
        names = [_dotted(str(each)) for each in bundle] if isinstance(bundle, list) else []
    modules = []
    for key, value in libraries.items() if isinstance(libraries, dict) else ():
        if _dotted(key) in names:
            if isinstance(value, dict):
                modules.append(str(value.get("module") or f"{value.get('group')}:{value.get('name')}"))
            else:
                modules.append(":".join(str(value).split(":")[:2]))
    return modules


def _plugin(catalog: dict[str, object], alias: str) -> str:
    plugins = catalog.get("plugins")
    for key, value in plugins.items() if isinstance(plugins, dict) else ():
        if _dotted(key) == alias:
            return str(value.get("id")) if isinstance(value, dict) else str(value).split(":")[0]
    return alias


def _dotted(key: str) -> str:
    return re.sub(r"[-_]", ".", key)


def sbt(folder: Folder) -> list[Project]:
    """The sbt build at the top; empty where there is no build.sbt."""
    if not folder.has("build.sbt"):
        return []
    project = Project("sbt", "build.sbt", "", "app")
    for file in ("build.sbt", "project/Dependencies.scala", "project/plugins.sbt"):
        for number, line in lines(folder, file):
            into = project.plugins if file.startswith("project/pl") or "addSbtPlugin" in line else project.dependencies
            for each in _SBT_DEPENDENCY.finditer(line):
                if not re.search(r"%\s*(?:Test|\"test|IntegrationTest)", each[3]):
                    into.setdefault(f"{each[1]}:{each[2]}", (file, number))
            if match := re.search(r"\b(?:executableScriptName)\s*:=\s*\"([\w.-]+)\"", line):
                project.name, project.main = match[1], (file, number)
            elif (match := re.match(r"[^\"]*\bname\s*:=\s*\"([^\"]+)\"", line)) and project.main is None:
                project.name = re.sub(r"[^a-z0-9-]+", "-", match[1].lower()).strip("-")
            if match := re.search(r"enablePlugins\(([^)]*)\)", line):
                for name in match[1].split(","):
                    project.plugins.setdefault(name.strip(), (file, number))
            if match := re.search(r"\"-(?:-)?release[\", :]+(\d+)|-Xtarget:jvm-(\d+)", line):
                project.version = Hit(match[1] or match[2], file, number)
    return [project]
