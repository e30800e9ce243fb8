"""What a Dockerfile sets for the application: "environment variables set using ENV will persist when a container is run
from the resulting image" (Docker's "Dockerfile reference", ENV), and so they belong to how it runs."""

from __future__ import annotations

import re

from hivemind.agents.recon import containers
from hivemind.agents.recon.evidence import dockerfile
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import of_container
from hivemind.blueprint.provided import given_value, is_given, is_needless
from hivemind.detections.detection import Detection, is_secret

_PLAIN = re.compile(r"[\w.,:@+-]{1,100}")
"""Words, numbers and names of modules: no paths of the image, no addresses of containers beside it."""
_OF_THE_IMAGE = re.compile(
    r"PORT|HOST|HOSTNAME|HOME|PATH|USER|LANG|LANGUAGE|LC_\w+|TZ|TERM|SHELL|DEBIAN_FRONTEND|CI|NODE_ENV|RACK_ENV|"
    r"(?:PYTHON|PIP|POETRY|UV|PIPENV|VIRTUAL_ENV|CONDA|NPM|YARN|PNPM|NEXT_TELEMETRY|BUNDLE|GEM|GO|CGO|CARGO|RUST|JAVA|MAVEN|"
    r"GRADLE|DOTNET|NUGET|MIX|HEX|COMPOSER|APACHE|NGINX|GUNICORN|UVICORN|WEB_CONCURRENCY|SOURCE|BUILD|VERSION|COMMIT|GIT|"
    r"REVISION|\w+_VERSION|\w+_PATH|\w+_HOME|\w+_DIR|\w+_PORT|\w+_HOST)(?:_?\w*)"
)
"""What images set for their own tools, and what HiveMind sets itself."""
_BY_FRAMEWORKS = frozenset(
    {"SPRING_PROFILES_ACTIVE", "QUARKUS_PROFILE", "MICRONAUT_ENVIRONMENTS", "ASPNETCORE_ENVIRONMENT", "RAILS_ENV",
     "DJANGO_SETTINGS_MODULE", "FLASK_ENV", "APP_ENV", "NODE_CONFIG_ENV"}
)  # fmt: skip
"""What a framework reads without the application's naming it (Spring Boot, "Profiles"; Quarkus, "Configuration
profiles"; Micronaut, "The Environment"; ASP.NET Core, "Environments"; node-config, "Environment variables")."""
_DEVELOPMENT = re.compile(r"(?:^|[.:_-])(?:dev|develop|development|local|test|tests|testing|debug|ci)$", re.IGNORECASE)
_SOURCES = (".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".go", ".php", ".java", ".kt", ".rs", ".ex", ".exs", ".cs")
_MOST_FILES, _LARGEST = 300, 100_000


def detect(folder: Folder) -> list[Detection]:
    """`env` for what the stage for production sets and the code names."""
    file = dockerfile.find(folder)
    stages = containers.read(folder.text(file, limit=_LARGEST) or "") if file else ()
    stage = containers.shipped(stages)
    if not file or stage is None:
        return []
    wanted = {
        name: value
        for name, value in stage.kept.items()
        if _PLAIN.fullmatch(value)
        and re.fullmatch(r"[A-Z][A-Z0-9_]{2,60}", name)
        and not (_OF_THE_IMAGE.fullmatch(name) or is_secret(name) or _DEVELOPMENT.search(value))
        # Parts of a database's address are those of the resource.
        and not (is_given(name) or is_needless(name) or given_value(name) is not None)
    }
    found = named(folder, wanted) | _BY_FRAMEWORKS.intersection(wanted) if wanted else frozenset()
    return [
        of_container(
            folder, "env", f"{name}={wanted[name]}", file, folder.line(file, rf"\b{name}[= ]"), note="set by ENV"
        )
        for name in sorted(found)
    ]  # fmt: skip


def named(folder: Folder, names: dict[str, str]) -> frozenset[str]:
    """Those of the variables that the application's sources name."""
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
    found: set[str] = set()
    for source in folder.sources(*_SOURCES, most=_MOST_FILES):
        found.update(pattern.findall(folder.text(source, limit=_LARGEST) or ""))
        if len(found) == len(names):
            break
    return frozenset(found)
