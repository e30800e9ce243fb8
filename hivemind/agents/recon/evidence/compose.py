"""Compose files: services and databases side by side, as evidence for what an application needs."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import Any

from hivemind.agents.recon.evidence.dockerfile import DEVELOPMENT
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import of_container
from hivemind.agents.recon.ports import own
from hivemind.agents.recon.programs import language_of
from hivemind.detections.detection import Detection, Precedence

_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml", "docker-compose.prod.yml",
          "docker-compose.production.yml", "compose.prod.yaml")  # fmt: skip
_WORKS = re.compile(
    r"worker|celery|sidekiq|queue|job|consumer|listener|\b(?:qcluster|run_huey|process_tasks|schedule[rd]?)\b"
)
"""What a service without a port does; of Django the commands of Django Q2, Huey and Background Tasks (their
documentation)."""
_SERVES = re.compile(r"\b(?:gunicorn|uvicorn|hypercorn|daphne|waitress-serve|granian)\b")
FILES = (*_NAMES, *(f"{folder}/{name}" for folder in ("docker", "deploy", ".docker") for name in _NAMES[:4]))
_FOR_DEVELOPERS = tuple(
    f"{prefix}{name}"
    for prefix in (".devcontainer/", "")
    for name in (*_NAMES[:4], "docker-compose.dev.yml", "compose.dev.yaml", "docker-compose.local.yml")
)
IMAGES = {
    "postgres": r"(^|/)(postgres|postgis|timescaledb|pgvector|postgresql|paradedb)([:/-]|$)",
    "mysql": r"(^|/)(mysql|mariadb|percona)([:/-]|$)",
    "redis": r"(^|/)(redis|valkey|keydb|dragonfly|redis-stack)([:/-]|$)",
    "mongodb": r"(^|/)mongo(db)?([:/-]|$)",
    "rabbitmq": r"(^|/)rabbitmq([:/-]|$)",
    "memcached": r"(^|/)memcached([:/-]|$)",
    "elasticsearch": r"(^|/)(elasticsearch|opensearch)([:/-]|$)",
    "kafka": r"(^|/)(kafka|cp-kafka|redpanda)([:/-]|$)",
}
_INFRASTRUCTURE = re.compile(
    "|".join(IMAGES.values())
    + r"|(^|/)(nginx|caddy|traefik|haproxy|httpd|adminer|pgadmin4?|phpmyadmin|mailhog|mailpit|maildev|minio|localstack|"
    r"grafana|prometheus|jaeger|otel|zookeeper|vault|consul|selenium|chrome|busybox|alpine|jwilder|certbot|node-exporter|"
    r"meilisearch|typesense|elasticmq|clickhouse|influxdb|nats|temporal|keycloak|dex|watchtower|pgweb|pgbouncer|mongo-express|redisinsight|redis-commander|"
    r"kafka-ui|akhq|seq|loki|tempo|mailcatcher|swagger-ui|node|python|ruby|php|golang)"
)
_NAMING = ("package.json", "pyproject.toml", "setup.py", "setup.cfg", "go.mod", "Cargo.toml", "composer.json",
           "pom.xml", "settings.gradle", "settings.gradle.kts", "mix.exs")  # fmt: skip
_SQL = re.compile(r"(?:^|/)(postgres|postgis|mysql|mariadb|percona|mssql/server|oracle|cockroach)")
_BOTH = 2
"""Kinds of SQL databases that one application may well use."""
_DATABASES = ("postgres", "mysql", "redis", "mongodb")


_ELSEWHERE = re.compile(
    r"(?:[\w.-]+/){0,2}(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml|(?:[\w-]+/)?(?:docker-)?compose/[\w.-]+\.ya?ml"
)
_ASIDE = re.compile(
    r"(?:^|[/._-])(?:tests?|dev|development|debug|ci|local|override|examples?|e2e|spec|docs|\.\w+)[/._-]"
)


def detect(folder: Folder) -> list[Detection]:
    """`need`s of services built from this folder, and how those are run. Databases that nothing built here asks for
    (for developers, mostly) are half a need: a driver makes it whole."""
    found: list[Detection] = []
    file = folder.first(*FILES)
    if file:
        services = _services(folder, file)
        built = {name: each for name, each in services.items() if _is_built_here(folder, file, each)}
        run = built or _published(folder, services)
        found += _needs(folder, file, services, run)
        found += _run(folder, file, run)
    if not found and (other := folder.first(*_FOR_DEVELOPERS)):
        found += _needs(folder, other, _services(folder, other), {})
    if found or file:
        return found
    return _from_above(folder) or _run_elsewhere(folder)


def _from_above(folder: Folder) -> list[Detection]:
    """What a compose file at the top of the repository says of the service that it builds from this folder (Docker,
    "Compose Build Specification": `context`)."""
    if folder.path in {".", ""}:
        return []
    root = Folder.of(folder.repository, ".")
    for file in (each for each in _NAMES if root.has(each)):
        services = _services(root, file)
        built = {name: each for name, each in services.items() if _context(each) == folder.path}
        if built:
            return [*_needs(root, file, services, built), *_run(root, file, built)]
    return []


def _context(service: dict[str, Any]) -> str:
    """The folder that a service is built from: its context, or within that the one of its Dockerfile."""
    build = service.get("build")
    context = build.get("context", ".") if isinstance(build, dict) else build
    image = build.get("dockerfile") if isinstance(build, dict) else None
    where = posixpath.normpath(context.strip()) if isinstance(context, str) and context.strip() else "."
    inside = posixpath.dirname(posixpath.normpath(image)) if isinstance(image, str) else ""
    return posixpath.normpath(posixpath.join(where, inside)) if where == "." else where


def _run_elsewhere(folder: Folder) -> list[Detection]:
    """How it is run by a file in a folder of its own, or of a name of its own. Of the databases beside it nothing is
    taken: such files are often one of several, each with another."""
    files = [each for each in folder.files if _ELSEWHERE.fullmatch(each) and not _ASIDE.search(each)]
    for file in sorted(files, key=lambda each: (each.count("/"), "prod" not in each, each))[:5]:
        services = _services(folder, file)
        built = {name: each for name, each in services.items() if _is_built_here(folder, file, each)}
        if found := _run(folder, file, built or _published(folder, services)):
            return [replace(each, confidence=round(each.confidence - 0.1, 2)) for each in found]
    return []


def _published(folder: Folder, services: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The services that run the one image which is no infrastructure: the repository's own, as users run it. Beside
    others it refers to one of them; what does not is one more of them."""
    others = {
        name: each
        for name, each in services.items()
        if "build" not in each and "image" in each and not _INFRASTRUCTURE.search(str(each["image"]))
    }
    if len({str(each["image"]) for each in others.values()}) != 1 or "build" in str(services)[:20_000]:
        return {}
    beside = [name for name in services if name not in others]
    own = next(iter(others.values()))
    return others if not beside or any(_uses(own, name) for name in beside) or _own_name(folder, own) else {}


def _own_name(folder: Folder, service: dict[str, Any]) -> bool:
    """Whether an image bears the name of what is in the folder, as its manifests have it."""
    name = str(service.get("image", "")).partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    texts = (folder.text(file, limit=200_000) or "" for file in _NAMING)
    return len(name) > 2 and any(re.search(rf"[\"'/ ]{re.escape(name)}(?:[\"'\n]|$)", text[:20_000]) for text in texts)


def _needs(
    folder: Folder, file: str, services: dict[str, dict[str, Any]], built: dict[str, dict[str, Any]]
) -> list[Detection]:
    """Databases beside what is built here. A file with three kinds of SQL databases is one to try them all with: each
    of what it brings is one that could be used."""
    found = []
    kinds = {match[1] for each in services.values() if (match := _SQL.search(str(each.get("image", ""))))}
    matrix = len(kinds) > _BOTH
    for name, service in services.items():
        image = str(service.get("image", ""))
        need = need_of(service)
        is_built = any("build" in each for each in built.values())
        used = any(_uses(each, name) for each in built.values())
        if need and (used or need in _DATABASES):
            line = folder.line(file, rf"image:\s*[\"']?{re.escape(image)}")
            sure = 0.3 if matrix else 0.4 if not used else 0.9 if is_built else 0.45
            found.append(folder.found("need", need, file, line, precedence=Precedence.CONTAINER, confidence=sure))
            if need == "mysql" and re.search(r"(^|/)mariadb([:/-]|$)", image):
                found.append(folder.found("server", "mariadb", file, line, precedence=Precedence.CONTAINER))
    return found


def need_of(service: dict[str, Any]) -> str | None:
    """The database or other need that a service of a file is, by its image."""
    image = str(service.get("image", ""))
    return next((need for need, pattern in IMAGES.items() if re.search(pattern, image)), None)


def beside(folder: Folder) -> tuple[Folder, str, dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The file that builds a service from this folder: (folder of the file, the file, all its services, those built
    here). The file is empty where none does."""
    root = Folder.of(folder.repository, ".")
    places = [(folder, FILES)] if folder.path in {".", ""} else [(folder, FILES), (root, _NAMES)]
    for place, names in places:
        for file in (name for name in names if place.has(name)):
            services = _services(place, file)
            own = {
                name: each
                for name, each in services.items()
                if (_is_built_here(place, file, each) if place is folder else _context(each) == folder.path)
            }
            if own:
                return place, file, services, own
    return folder, "", {}, {}


def environment(service: dict[str, Any]) -> dict[str, str]:
    """What a service is given, in either of the two ways to write it (Compose, "environment"); plain values only."""
    said = service.get("environment")
    pairs = (
        said.items()
        if isinstance(said, dict)
        else [str(each).partition("=")[::2] for each in said or ()]
        if isinstance(said, list)
        else ()
    )
    return {str(name): str(value) for name, value in pairs if value is not None and len(str(value)) < 500}


def _run(folder: Folder, file: str, built: dict[str, dict[str, Any]]) -> list[Detection]:
    """Command and port of the service that publishes one, and the others as workers."""
    found = []
    for name, service in built.items():
        ports, command = _ports(service), _command(service)
        if ports and not own(ports[0]) and len(built) > 1:
            continue  # of mail, monitoring and the like, built here to be at hand
        line = folder.line(file, rf"^\s+[\"']?{re.escape(name)}[\"']?\s*:")
        if ports:
            found.append(of_container(folder, "port", _own(ports, service), file, line, sure=0.8))
            found.append(of_container(folder, "kind", "web", file, line, sure=0.7))
        language = language_of(command) if command else None
        if command is None or language is None or DEVELOPMENT.search(command):
            continue
        if ports or len(built) == 1:
            found.append(of_container(folder, "start", command, file, line, sure=0.7, language=language))
        elif _WORKS.search(f"{name} {command}") and not _SERVES.search(command):
            found.append(of_container(folder, "worker", command, file, line, sure=0.7, language=language))
    return found


def _services(folder: Folder, file: str) -> dict[str, dict[str, Any]]:
    services = folder.yaml(file).get("services")
    if not isinstance(services, dict):
        return {}
    return {str(name): service for name, service in services.items() if isinstance(service, dict)}


def _is_built_here(folder: Folder, file: str, service: dict[str, Any]) -> bool:
    build = service.get("build")
    context = build.get("context", ".") if isinstance(build, dict) else build
    if not isinstance(context, str):
        return False
    clean = context.strip().removeprefix("./").rstrip("/")
    depth = file.count("/")
    return clean in ({"", "."} if depth == 0 else {"/".join([".."] * depth), "", "."}) and bool(folder.files)


def _uses(service: dict[str, Any], other: str) -> bool:
    named = service.get("depends_on")
    links = service.get("links")
    environment = service.get("environment")
    values = (
        environment.values() if isinstance(environment, dict) else environment if isinstance(environment, list) else ()
    )
    pattern = rf"(^|[/@=]){re.escape(other)}(:|/|$)"
    return (
        (isinstance(named, dict | list) and other in named)
        or (isinstance(links, list) and any(str(link).split(":")[0] == other for link in links))
        or any(re.search(pattern, str(value)[:2000]) for value in values)
    )


def _ports(service: dict[str, Any]) -> list[int]:
    """The container's side of published ports."""
    ports = service.get("ports")
    found = []
    for port in ports if isinstance(ports, list) else ():
        text = str(port.get("target", "")) if isinstance(port, dict) else str(port).partition("/")[0]
        match = re.search(r"(?:^|:)(\d{2,5})$", text) or re.search(r"\$\{\w+:-(\d{2,5})\}$", text)
        if match and int(match[1]) <= 65535:
            found.append(int(match[1]))
    return [port for port in found if own(port)] or found


def _own(ports: list[int], service: dict[str, Any]) -> int:
    """Of several published ports the one that the environment names, else the first."""
    environment = service.get("environment")
    pairs = environment.items() if isinstance(environment, dict) else ()
    listed = (
        [each.partition("=")[::2] for each in environment if isinstance(each, str)]
        if isinstance(environment, list)
        else []
    )
    named = {str(value) for name, value in [*pairs, *listed] if str(name).upper().endswith("PORT")}
    return next((port for port in ports if str(port) in named), ports[0])


def _command(service: dict[str, Any]) -> str | None:
    command = service.get("command")
    if isinstance(command, list) and all(isinstance(word, str) for word in command):
        import shlex

        words = [str(word) for word in command]
        return words[2] if len(words) == 3 and words[1] == "-c" else shlex.join(words)
    return " ".join(command.split()) if isinstance(command, str) and command.strip() else None
