"""Names that only a compose file resolves: "each container can look up the service name" (Docker, "Networking in
Compose"). Outside of it, what the file gives the application by them has to come from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.agents.recon.evidence import compose
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import of_container
from hivemind.blueprint.provided import is_given
from hivemind.detections.detection import Detection, Precedence

_SOURCES = (
    ".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".go", ".php", ".java", ".kt", ".rs", ".ex", ".exs", ".cs", ".yml",
    ".yaml", ".toml", ".ini", ".cfg", ".conf", ".properties", ".json",
)  # fmt: skip
_ASIDE = re.compile(
    r"\.(?:test|spec)\.[cm]?[jt]sx?$|(?:^|/)(?:test_|conftest\.)|(?:^|/)(?:[\w.-]*compose[\w.-]*\.ya?ml|package(?:-lock)?\.json|\.github/|\.gitlab-ci|k8s/|kubernetes/|helm/|charts/)"
)
_SETTABLE = re.compile(r"env|\$\{|\$[A-Z]|ENV\b|config\(", re.IGNORECASE)
"""A line that reads a variable, whose default the name is."""
_MOST, _MOST_FILES, _LARGEST = 3, 400, 200_000
_USUAL = frozenset({"postgres", "postgresql", "redis", "rediss"})
_PARTS = (
    (re.compile(r"(?:^|_)USER(?:NAME)?$"), "POSTGRES_USER", "$PGUSER"),
    (re.compile(r"(?:^|_)PASS(?:WORD)?$"), "POSTGRES_PASSWORD", "$PGPASSWORD"),
    (re.compile(r"(?:^|_)(?:NAME|DB|DATABASE)$"), "POSTGRES_DB", "$PGDATABASE"),
)
"""Ends of the application's variables, what the image of PostgreSQL calls the same ("Environment Variables"), and what
HiveMind sets."""
_INSTEAD = {
    "postgres": "Let it read DATABASE_URL, or PGHOST, PGUSER and PGPASSWORD, which HiveMind sets.",
    "redis": "Let it read REDIS_URL, or REDIS_HOST and REDIS_PORT, which HiveMind sets.",
}


def detect(folder: Folder) -> list[Detection]:
    """`env` for addresses that the file gives the application; a `doubt` for each name that the code has itself."""
    where, file, services, own = compose.beside(folder)
    if not file:
        return []
    others = {name: compose.need_of(each) for name, each in services.items() if name not in own}
    return [*_given(where, file, services, own), *_written(folder, file, others)]


def _given(
    where: Folder, file: str, services: Mapping[str, dict[str, Any]], own: Mapping[str, dict[str, Any]]
) -> Iterator[Detection]:
    kinds = [need for each in services.values() if (need := compose.need_of(each))]
    for name, service in services.items():
        need = compose.need_of(service)
        if need is None and name not in own:
            yield from _elsewhere(where, file, name, own)
        if need not in _INSTEAD or kinds.count(need) > 1:
            continue
        for variables in (compose.environment(each) for each in own.values()):
            addressed = {each: made for each, value in variables.items() if (made := _address(value, name, need))}
            if addressed and need == "postgres":
                addressed |= _parts(variables, compose.environment(service))
            for variable, value in addressed.items():
                if not is_given(variable):
                    yield of_container(
                        where, "env", f"{variable}={value}", file, where.line(file, rf"\b{variable}\b"), sure=0.8,
                        note=f"the address of {name}",
                    )  # fmt: skip


def _elsewhere(where: Folder, file: str, name: str, own: Mapping[str, dict[str, Any]]) -> Iterator[Detection]:
    """What the application is told of another application of the file."""
    pattern = re.compile(rf"(?:https?://)?{re.escape(name)}:\d+(?:/\S*)?|https?://{re.escape(name)}(?:/\S*)?")
    for variable, value in {
        key: each for one in own.values() for key, each in compose.environment(one).items()
    }.items():
        if pattern.fullmatch(value):
            message = f"{variable} is {value}, where only {file} resolves the name {name}"
            help_ = f"Write the address that {name} has here: `services.NAME.env: {{{variable}: ADDRESS}}`."
            spot = where.in_repository(file), where.line(file, rf"\b{variable}\b")
            yield Detection("doubt", message, *spot, Precedence.CODE, 0.9, help_)


def _address(value: str, name: str, need: str) -> str | None:
    """What a variable is to be that holds the address of a service: a URL, its name, or that and a port."""
    url = re.fullmatch(rf"((?:jdbc:)?[\w+.-]+)://(?:[^@/\s]*@)?{re.escape(name)}(?::\d+)?(?:/\S*)?", value)
    if url and need == "redis":
        return "$REDIS_URL"
    if url and url[1] in _USUAL:
        return "$DATABASE_URL"
    if url and url[1].startswith("jdbc:"):
        return f"{url[1]}://$PGHOST:$PGPORT/$PGDATABASE"
    if url:
        return f"{url[1]}://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/$PGDATABASE"
    host, port = ("$REDIS_HOST", "$REDIS_PORT") if need == "redis" else ("$PGHOST", "$PGPORT")
    match = re.fullmatch(rf"{re.escape(name)}(:\d+)?", value)
    return (f"{host}:{port}" if match[1] else host) if match else None


def _parts(variables: Mapping[str, str], database: Mapping[str, str]) -> dict[str, str]:
    """User, password and name that the application is given as the database is, or as its image takes by itself."""
    user = database.get("POSTGRES_USER", "postgres")
    database = {"POSTGRES_USER": user, "POSTGRES_DB": user, **database}
    return {
        name: given
        for name, value in variables.items()
        for end, called, given in _PARTS
        if end.search(name) and value and database.get(called) == value
    }


def _written(folder: Folder, file: str, others: Mapping[str, str | None]) -> list[Detection]:
    found: list[Detection] = []
    if not others:
        return []
    names = "|".join(map(re.escape, sorted(others, key=len, reverse=True)))
    pattern = re.compile(
        rf"\b\w[\w+.-]*://(?:[^@/\s\"'`]{{0,80}}@)?({names})(?=[:/\"'`\s?]|$)|"
        rf"(?i:host(?:name)?|server|addr(?:ess)?)[\"']?\s*[:=]\s*[\"'`]({names})[\"'`]|"
        rf"[\"'`]({names}):\d{{2,5}}[\"'`]"
    )
    named: set[str] = set()
    for source in folder.sources(*_SOURCES, most=_MOST_FILES):
        text = "" if _ASIDE.search(source) else folder.text(source, limit=_LARGEST) or ""
        for number, line in enumerate(text.splitlines(), 1) if pattern.search(text) else ():
            match = None if _is_aside(line) else pattern.search(line)
            name = next(filter(None, match.groups()), "") if match else ""
            if name and name not in named and len(found) < _MOST:
                named.add(name)
                found.append(_doubt(folder, (source, number), name, file, others[name]))
    return found


def _is_aside(line: str) -> bool:
    return len(line) > 1000 or line.lstrip().startswith(("#", "//", "*")) or _SETTABLE.search(line) is not None


def _doubt(folder: Folder, spot: tuple[str, int], name: str, file: str, need: str | None) -> Detection:
    message = f'the code looks for the host "{name}", a name that only {file} gives; nothing resolves it here'
    otherwise = "Let it read the address from a variable, and set that under services.NAME.env."
    help_ = _INSTEAD.get(need or "", otherwise)
    return Detection("doubt", message, folder.in_repository(spot[0]), spot[1], Precedence.CODE, 0.9, help_)
