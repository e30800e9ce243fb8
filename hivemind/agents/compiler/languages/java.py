"""Java, Kotlin, Scala and Clojure: jars as Maven, Gradle, sbt or Leiningen make them, and a Java to run them."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from hivemind.agents.compiler.languages import runtimes, tools
from hivemind.builds.custom import run_build
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.builds.work import Work

_MOMENT = "-Dproject.build.outputTimestamp=1980-01-01T00:00:02Z"
"""Makes Maven's jars the same every time (Maven's guide "Configuring for Reproducible Builds")."""
_WASTE = (
    "target/test-classes", "target/surefire-reports", "target/maven-status", "target/maven-archiver",
    "target/generated-sources", "target/generated-test-sources", "target/streams", ".gradle", "build/tmp",
    "build/reports", "build/test-results", "build/kotlin",
)  # fmt: skip
_ASIDE = re.compile(r"(?:^original-|-sources\.jar$|-javadoc\.jar$|-plain\.jar$|-tests\.jar$)")


def build(work: Work) -> None:
    """Runs the build command, or the usual one of the build tool. Raises StageError(BUILD) for a start command whose
    jar is not there afterwards."""
    tools.require(work.service, work.sources)
    for wrapper in ("mvnw", "gradlew"):
        if (work.app / wrapper).is_file():
            (work.app / wrapper).chmod(0o755)
    command = work.service.build or _usual(work)
    if command:
        run_build(work, command=_reproducible(command), GRADLE_OPTS="-Dorg.gradle.daemon=false")
    for folder in _WASTE:
        shutil.rmtree(work.app / folder, ignore_errors=True)
    runtimes.provide(work, "java")
    work.path = ["runtime/bin"]
    work.start = _started(work, work.service.start or "java -jar target/*.jar")


def _usual(work: Work) -> str | None:
    files = work.sources.files
    if "pom.xml" in files:
        return f"{'./mvnw' if 'mvnw' in files else 'mvn'} -B -DskipTests package"
    if "build.gradle" in files or "build.gradle.kts" in files:
        return f"{'./gradlew' if 'gradlew' in files else 'gradle'} --no-daemon build -x test"
    return None


def _reproducible(command: str) -> str:
    return re.sub(r"^((?:\./)?mvnw?)\b", rf"\1 {_MOMENT}", command)


def _started(work: Work, command: str) -> str:
    """The command with the one jar that a pattern in it means."""
    match = re.search(r"(?<=-jar )(\S*\*\S*\.jar)", command)
    if match is None:
        return command
    found = sorted(
        path.relative_to(work.app).as_posix() for path in work.app.glob(match[1]) if not _ASIDE.search(path.name)
    )
    if len(found) == 1:
        return command.replace(match[1], found[0])
    what = f"several: {', '.join(found[:4])}" if found else "none"
    raise StageError(
        Stage.BUILD,
        f"{work.service.name}: `{command}` expects one jar file, but the build made {what}",
        subject=work.service.name,
        path=f"services.{work.service.name}.start",
        hint="Name the jar file: `start: java -jar target/NAME.jar`.",
    )
