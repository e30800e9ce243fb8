"""How what was built is started."""

from __future__ import annotations

import re

from hivemind.agents.recon.languages.java.project import Project
from hivemind.agents.recon.notes import Notes

_FAT = ("com.github.johnrengelman.shadow", "com.gradleup.shadow", "io.ktor.plugin", "com.bmuschko.shadow")

_PACKAGERS = (
    "com.github.sbt:sbt-native-packager", "com.typesafe.sbt:sbt-native-packager", "JavaAppPackaging",
    "JavaServerAppPackaging", "PlayScala", "PlayJava",
)  # fmt: skip


def detect(notes: Notes, project: Project, framework: str | None) -> None:
    """`start`, by the conventions of the tool that packages it."""
    if project.tool == "maven":
        command = _maven(notes, project, framework)
    else:
        command = _gradle(project, framework) if project.tool == "gradle" else _sbt(project, framework)
    if command is None:
        return
    spot = project.main or (project.file, None)
    notes.usual("start", command, *spot, note=f"{project.tool}'s way to package")


def gradle_task(project: Project, framework: str | None) -> str:
    """The task that makes what `start` runs, and nothing beside it that `*.jar` would catch as well."""
    if "org.springframework.boot" in project.plugins:
        return "bootWar" if project.packaging == "war" else "bootJar"
    if framework == "quarkus":
        return "build"
    if any(each in project.plugins for each in _FAT):
        return "shadowJar"
    return "installDist" if _installs(project) else "build"


def sbt_task(project: Project) -> str:
    """`stage` with the native packager (and Play, which brings it), `assembly` with that plugin."""
    return "stage" if _packager(project) or not project.uses("com.eed3si9n:sbt-assembly") else "assembly"


def _maven(notes: Notes, project: Project, framework: str | None) -> str | None:
    target = project.inside("target")
    if framework == "quarkus":
        return f"java -jar {target}/quarkus-app/quarkus-run.jar"
    if project.packaging == "war":
        runs = project.uses("org.springframework.boot:spring-boot-maven-plugin")
        return f"java -jar {target}/*.war" if runs else None
    if framework == "dropwizard":
        settings = next(
            (
                file
                for file in notes.folder.top(".yml", ".yaml")
                if re.search(rf"conf|^{re.escape(project.name)}\.", file)
            ),
            "",
        )
        return f"java -jar {target}/*.jar server {settings}".rstrip()
    if project.uses("org.apache.maven.plugins:maven-assembly-plugin") and not project.uses(
        "org.apache.maven.plugins:maven-shade-plugin", "org.springframework.boot:spring-boot-maven-plugin"
    ):
        return f"java -jar {target}/*-jar-with-dependencies.jar"
    return f"java -jar {target}/*.jar"


def _gradle(project: Project, framework: str | None) -> str | None:
    built = project.inside("build")
    if framework == "quarkus":
        return f"java -jar {built}/quarkus-app/quarkus-run.jar"
    boot = "org.springframework.boot" in project.plugins
    if project.packaging == "war":
        return f"java -jar {built}/libs/*.war" if boot else None
    if not boot and any(each in project.plugins for each in _FAT):
        return f"java -jar {built}/libs/*-all.jar"
    if not boot and _installs(project):
        return f"{built}/install/{project.name}/bin/{project.name}"
    return f"java -jar {built}/libs/*.jar"


def _sbt(project: Project, framework: str | None) -> str:
    if sbt_task(project) == "assembly":
        return "java -jar target/scala-*/*-assembly-*.jar"
    port = " -Dhttp.port=$PORT" if framework == "play" else ""
    return f"target/universal/stage/bin/{project.name}{port}"


def _packager(project: Project) -> bool:
    return project.uses(*_PACKAGERS) is not None


def _installs(project: Project) -> bool:
    return any(each in project.plugins for each in ("application", "io.micronaut.application"))
