"""Maven builds: pom.xml, read with entities refused."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from hivemind.agents.recon import elements
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.java.project import Project
from hivemind.agents.recon.reading import Hit

FILE = "pom.xml"
_NOT_SHIPPED = frozenset({"test", "provided", "system"})
_VERSIONS = ("maven.compiler.release", "java.version", "maven.compiler.target", "maven.compiler.source", "jdk.version")


def read(folder: Folder) -> list[Project]:
    """The module at the top and those that it names, at most 40; empty where there is no pom.xml."""
    found: list[Project] = []
    waiting = [""]
    while waiting and len(found) < 40:
        path = waiting.pop(0)
        root = elements.root(folder, f"{path}/{FILE}" if path else FILE)
        if root is None:
            continue
        found.append(_project(folder, path, root))
        for module in root.iterfind("modules/module"):
            name = (module.text or "").strip().strip("/").removeprefix("./")
            if name and ".." not in name:
                waiting.append(f"{path}/{name}" if path else name)
    for project in found[1:]:
        project.version = project.version or found[0].version
        project.plugins = {**found[0].plugins, **project.plugins} if found[0].packaging != "pom" else project.plugins
    return found


def _project(folder: Folder, path: str, root: ET.Element) -> Project:
    file = f"{path}/{FILE}" if path else FILE
    texts = {name: (root.findtext(name) or "").strip() for name in ("artifactId", "packaging")}
    project = Project("maven", file, path, texts["artifactId"] or "app", texts["packaging"] or "jar")
    # a module inherits its group; at the top, a parent is somebody else's
    project.group = (root.findtext("groupId") or (root.findtext("parent/groupId") if path else "") or "").strip()
    for element in (*root.iterfind("dependencies/dependency"), *root.iterfind("parent")):
        if (element.findtext("scope") or "").strip() in _NOT_SHIPPED:
            continue
        name = _name(element)
        project.dependencies[name] = (file, _line(folder, file, element))
    for element in (*root.iterfind("build/plugins/plugin"), *root.iterfind("profiles/profile/build/plugins/plugin")):
        project.plugins[_name(element)] = (file, _line(folder, file, element))
        main = next((each for each in element.iter("mainClass") if (each.text or "").strip()), None)
        if main is not None:
            project.main = (file, folder.line(file, "<mainClass>"))
    properties = root.find("properties")
    for name in _VERSIONS:
        value = (properties.findtext(name) or "").strip() if properties is not None else ""
        if re.fullmatch(r"\d+(\.\d+)*", value):
            project.version = Hit(
                value.removeprefix("1.") if value.startswith("1.") else value,
                file,
                folder.line(file, f"<{re.escape(name)}>"),
            )
            break
    return project


def _name(element: ET.Element) -> str:
    group = (element.findtext("groupId") or "org.apache.maven.plugins").strip()
    return f"{group}:{(element.findtext('artifactId') or '').strip()}"


def _line(folder: Folder, file: str, element: ET.Element) -> int | None:
    return folder.line(file, rf"<artifactId>\s*{re.escape((element.findtext('artifactId') or '').strip())}\s*<")
