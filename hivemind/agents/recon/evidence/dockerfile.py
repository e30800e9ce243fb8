"""Dockerfile: what a container would be told, as evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hivemind.agents.recon import containers, entrypoints, lasting
from hivemind.agents.recon.containers import ImageStage, Instruction
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import of_container
from hivemind.agents.recon.programs import language_of, language_of_image, port_of_image
from hivemind.agents.recon.weights import IMAGE
from hivemind.detections.detection import Detection

_NAMES = ("dockerfile.prod", "dockerfile.production", "prod.dockerfile", "production.dockerfile", "dockerfile",
          "containerfile", "default.dockerfile", "dist.dockerfile")  # fmt: skip
"""One that says that it is for production counts before the one beside it that does not."""
_PLACE = re.compile(
    r"(?:(?:[\w-]+/)?\.?(?:docker|dockerfiles?|containers?)(?:/(?:production|prod|app|web|server))?|deploy|build|scripts)/"
)
"""Folders that hold the application's own Dockerfile where the top has none: anything else is an image beside it."""
_FARTHEST = 99
_ASIDE = re.compile(
    r"dev|test|debug|ci\b|e2e|local|lint|docs?\b|build|base|worker|cron|j2|tmpl|template|tpl|ignore|example|playwright"
)
"""What a name says after `Dockerfile.` where it is not the application's own image for production."""
DEVELOPMENT = re.compile(
    r"runserver|runsslserver|nodemon|--reload|--debug|\bdev\b|flask run|livereload|start:dev|--hot\b|mix phx\.server|"
    r"(?:^|\s)(?:ng|vue-cli-service|react-scripts) (?:serve|start)|spring-boot:run|bootRun\b|quarkus:dev|quarkusDev|"
    r"cargo run|cargo[ -]watch|go run|\bwatchexec\b|\bCompileDaemon\b|(?:^|\s)air(?:\s|$)"
)
_FILE_SERVERS = re.compile(
    r"(?:exec\s+)?(?:npx\s+)?(?:serve|http-server|sirv|nginx|httpd-foreground|static-web-server|"
    r"caddy file-server|lighttpd|darkhttpd)(?:\s|$)"
)
_FILE_IMAGES = re.compile(r"(?:^|/)(?:nginx(?:-unprivileged)?|httpd|static-web-server|lighttpd)(?::|@|$)")
_INSTALLED = re.compile(r"(?:\./)?(?:[\w.-]+/)*build/install/[\w.-]+/bin/[\w.-]+(?:\s|$)")
"""What Gradle's `installDist` makes (its Application Plugin's documentation)."""
_BOUND = "needs its image,"
_MANIFESTS = frozenset(
    {"package.json", "requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "go.mod", "Gemfile", "composer.json",
     "Cargo.toml", "pom.xml", "mix.exs", "manage.py"}
)  # fmt: skip
_LARGEST = 100_000
_LONGEST = 2000
_HEALTH = re.compile(r"https?://[^/\s\"':]+(?::(\d{1,5}))?[^/\s\"']*(/[\w./-]*)")
"""The port, and the path: what answers on another port than the application's is not what is asked for."""
_VARIABLE = re.compile(r"\$\{\w+(?::?-([^}$]*))?\}|\$\w+")
_PORT = re.compile(
    r"(?:--port[= ]|-p[ =]|--bind[= ]\S*:|-b[ =]\S*:|:)(?:\$\{\w+:[-=](\d{2,5})\}|(\d{2,5}))(?=[\s\"'/]|$)"
)


def find(folder: Folder) -> str | None:
    """The Dockerfile of the application: at the top, else in a folder for it, the nearest first."""
    known = [(place, name) for file in folder.files if (place := _split(file)) is not None for name in [file]]
    return min(known)[1] if known else None


def _split(file: str) -> tuple[int, int] | None:
    """How deep a file lies and how telling its name is; None for what is no Dockerfile in a place for one."""
    folder, _, name = file.lower().rpartition("/")
    if folder and not _PLACE.fullmatch(f"{folder}/"):
        return None
    if name in _NAMES:
        return file.count("/"), _NAMES.index(name)
    other = re.fullmatch(r"(?:dockerfile|containerfile)[.-]([\w-]+)", name)
    return (_FARTHEST, len(_NAMES)) if other and not _ASIDE.search(other[1]) else None


def detect(folder: Folder) -> list[Detection]:
    """Of the stage for production: port, health path, base image, and the command where it would run outside."""
    file = find(folder)
    stages = containers.read(folder.text(file, limit=_LARGEST) or "") if file else ()
    stage = containers.shipped(stages)
    if not file or stage is None:
        return []
    if within := _within(folder, stages):
        return [of_container(folder, "within", folder.in_repository(within[0]), file, within[1])]
    found = [*_image(folder, file, stage), *_ports(folder, file, stage)]
    health = stage.said.get("HEALTHCHECK")
    if (
        health
        and len(health.text) <= _LONGEST
        and (path := _HEALTH.search(_VARIABLE.sub(lambda match: match[1] or "", health.text)))
        and (path[1] is None or stage.port is None or int(path[1]) == stage.port[0])
    ):
        found.append(of_container(folder, "health_path", path[2], file, health.line))
    entry = entrypoints.entry(folder, stage, stages, lasting.folders(folder, stage, file))
    said = stage.command()
    if said is None:
        return found
    if entry is None:
        command = entrypoints.bound(folder, stage, stages)
        return found + (
            [of_container(folder, "start", command, file, said[1], sure=0.45, note=_BOUND)] if command else []
        )
    if DEVELOPMENT.search(entry.command) or _develops(folder, entry.command):
        return found
    where, line = (entry.script, entry.line) if entry.script else (file, said[1])
    is_script = re.match(r"(?:\./\S+|sh \S+)(?:\s|$)", entry.command)
    language = language_of(entry.command) or ("java" if _INSTALLED.match(entry.command) else None)
    if language or (is_script and entry.command.split()[-1].endswith(".sh")):
        found.append(
            of_container(folder, "start", _served(entry.command, stage), where, line, language=language, sure=0.85)
        )
    port = _PORT.search(entry.command)
    if port and int(port[1] or port[2]) <= 65535:
        found.append(of_container(folder, "port", int(port[1] or port[2]), where, line, sure=0.8))
    return found


def _within(folder: Folder, stages: Sequence[ImageStage]) -> tuple[str, int] | None:
    """The only folder with a manifest, at most one deep, where the top has none and the image copies nothing else that
    has one: what the Dockerfile says, it says of that folder. With the line of the COPY."""
    holders = {file.rpartition("/")[0] for file in folder.files if file.rpartition("/")[2] in _MANIFESTS}
    near = {holder for holder in holders if "/" not in holder and not holder.startswith(".")}
    copied = {containers.cleaned(source) for stage in stages for each in stage.copies for source in each.sources}
    if len(near) != 1 or "" in near or not near <= copied:
        return None
    name = next(iter(near))
    said = next(stage.said["COPY"] for stage in reversed(stages) if "COPY" in stage.said)
    return name, said.line


def _develops(folder: Folder, command: str) -> bool:
    """Whether the last thing that a script of the repository does is to run the application for developers."""
    words = command.split()
    script = next((word.removeprefix("./") for word in words[:2] if folder.has(word.removeprefix("./"))), None)
    lines = (folder.text(script, limit=_LARGEST) or "").splitlines() if script else []
    done = [line for line in lines if line.strip() and not line.lstrip().startswith("#") and len(line) <= _LONGEST]
    return bool(done) and DEVELOPMENT.search(done[-1].strip()) is not None


def _served(command: str, stage: ImageStage) -> str:
    """A .NET program where `dotnet publish` of HiveMind's build leaves it, told where to listen."""
    match = re.fullmatch(r"dotnet (?!out/)(?:\S*/)?([\w.-]+\.dll)(.*)", command)
    if match is None:
        return command
    listens = "ASPNETCORE_URLS=http://0.0.0.0:${PORT:-8080} " if "/aspnet" in stage.image else ""
    return f"{listens}dotnet out/{match[1]}{match[2]}"


def _image(folder: Folder, file: str, stage: ImageStage) -> list[Detection]:
    known, said = language_of_image(stage.image), stage.said["FROM"]
    if known is None:
        return []
    language, version = known
    found = [of_container(folder, "language", language, file, said.line, language=language, sure=IMAGE)]
    if version:
        found.append(of_container(folder, "runtime_version", version, file, said.line, language=language))
    return found


def _ports(folder: Folder, file: str, stage: ImageStage) -> list[Detection]:
    """EXPOSE, else `ENV PORT`, else the port that the base image is known to listen on."""
    if exposed := stage.port:
        return [
            of_container(folder, "port", exposed[0], file, exposed[1]),
            of_container(folder, "kind", "static" if _serves_files(stage) else "web", file, exposed[1], sure=0.7),
        ]
    said = stage.said.get("ENV") or stage.said.get("ARG") or stage.said["FROM"]
    given = next((value for name in ("PORT", "HTTP_PORT", "SERVER_PORT", "APP_PORT")
                  if re.fullmatch(r"\d{2,5}", value := stage.env.get(name, ""))), None)  # fmt: skip
    if given and int(given) <= 65535:
        return [of_container(folder, "port", int(given), file, _line(folder, file, given, said), sure=0.8)]
    usual = port_of_image(stage.image)
    return (
        [of_container(folder, "port", usual, file, stage.said["FROM"].line, sure=0.6, note="its image's")]
        if usual
        else []
    )


def _serves_files(stage: ImageStage) -> bool:
    """Whether a file server is all that runs in a stage: its command, or that of its image."""
    known = language_of_image(stage.image)
    if known is not None and known[0] not in {"node", "static"}:
        return False  # it stands before an application of this language
    command = stage.command()
    if command is None:
        return _FILE_IMAGES.search(stage.image) is not None
    words = command[0] if isinstance(command[0], str) else " ".join(command[0])
    return _FILE_SERVERS.match(words) is not None


def _line(folder: Folder, file: str, value: str, otherwise: Instruction) -> int:
    return folder.line(file, rf"PORT\"?[= ]\"?{value}\b") or otherwise.line
