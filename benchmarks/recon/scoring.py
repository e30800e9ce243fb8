"""Scores of predictions: which fields of a case can be compared, and whether they agree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from benchmarks.recon import commands
from benchmarks.recon.cases import Case, names_a_source

FIELDS = ("language", "framework", "package_manager", "start", "port", "port, all", "needs_database", "needs_redis",
          "kind", "health_path", "env_required", "build", "runtime_version")  # fmt: skip
_LANGUAGES = {
    "typescript": "node",
    "javascript": "node",
    "bun": "node",
    "kotlin": "java",
    "scala": "java",
    "csharp": "dotnet",
    "fsharp": "dotnet",
}
_FRAMEWORKS = {
    "next": "nextjs",
    "nest": "nestjs",
    "cra": "create-react-app",
    "nuxtjs": "nuxt",
    "svelte-kit": "sveltekit",
    "aspnet": "aspnetcore",
    "asp.net-core": "aspnetcore",
    "aspnet-core": "aspnetcore",
}
_DATABASES = frozenset({"postgres", "mysql", "mongodb", "mariadb", "mssql", "cassandra", "elasticsearch"})


@dataclass(frozen=True)
class Score:
    """One comparison: share is 1 or 0, for lists the share that agrees (F1)."""

    case: str
    field: str
    expected: Any
    predicted: Any
    share: float
    weight: float


def wilson(right: float, total: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % confidence interval of a proportion, as fractions."""
    if total == 0:
        return 0.0, 1.0
    share = right / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def scores(
    case: Case, predicted: Mapping[str, Any], weight: float = 1.0, *, manifests_alone: bool = False
) -> list[Score]:
    """All comparisons that a case allows. weight: 1 over the number of cases with the same manifests.
    manifests_alone: whether that is all that Recon could read."""
    found = []
    for field in FIELDS:
        if field == "start" and manifests_alone and start_names_a_source(case):
            continue
        compared = _COMPARE[field](case, predicted) if field in _COMPARE else None
        if compared is not None:
            expected, ours, share = compared
            found.append(Score(case.id, field, expected, ours, float(share), weight))
    return found


Compared = tuple[Any, Any, float] | None


def language(name: Any) -> str:
    """A language by its one name here."""
    return _LANGUAGES.get(str(name).lower(), str(name).lower())


def _language(case: Case, predicted: Mapping[str, Any]) -> Compared:
    if not (expected := case.expected.get("language")):
        return None
    ours = predicted.get("language")
    return expected, ours, language(expected) == language(ours)


def _framework(case: Case, predicted: Mapping[str, Any]) -> Compared:
    if not (expected := case.expected.get("framework")):
        return None
    ours = predicted.get("framework")
    return expected, ours, framework(expected) == framework(ours)


def framework(name: Any) -> str:
    """A framework by its one name here."""
    plain = str(name).lower().replace("_", "-").removesuffix(".js").replace(" ", "-")
    return _FRAMEWORKS.get(plain, plain)


def _manager(case: Case, predicted: Mapping[str, Any]) -> Compared:
    if not (expected := case.expected.get("package_manager")):
        return None
    ours = predicted.get("package_manager")
    return expected, ours, str(expected).replace("go modules", "go") == str(ours).replace("go modules", "go")


def _start(case: Case, predicted: Mapping[str, Any]) -> Compared:
    expected = case.expected.get("start")
    if not expected or not commands.comparable(expected, case.start_kind):
        return None
    ours = predicted.get("start")
    return expected, ours, commands.same(str(ours or ""), commands.inside(expected, case.inside), case.manifests)


def start_names_a_source(case: Case) -> bool:
    """Whether the start label of a case can't be measured from its manifests."""
    start = case.expected.get("start")
    return bool(start) and commands.comparable(str(start), case.start_kind) and names_a_source(case, str(start))


def layout_port(case: Case) -> bool:
    """Whether a case's port is one of the other platform's layout: port 80 of its own file server, whose command is
    the start label that is left out. Nothing in the repository says it, and another file server has another."""
    start = case.expected.get("start")
    served = case.static_build and bool(start) and not commands.comparable(str(start), case.start_kind)
    return served and case.expected.get("port") == 80


def _port(case: Case, predicted: Mapping[str, Any]) -> Compared:
    return None if layout_port(case) else _any_port(case, predicted)


def _any_port(case: Case, predicted: Mapping[str, Any]) -> Compared:
    if not (expected := case.expected.get("port")):
        return None
    return expected, predicted.get("port"), int(expected) == predicted.get("port")


def _database(case: Case, predicted: Mapping[str, Any]) -> Compared:
    expected = case.expected.get("needs_database")
    if expected is None and not case.stated:
        return None
    ours = sorted(_DATABASES.intersection(predicted.get("needs") or ())) or None
    return expected, ours, ours is None if expected is None else expected in (ours or ())


def _redis(case: Case, predicted: Mapping[str, Any]) -> Compared:
    expected = case.expected.get("needs_redis")
    if expected is None:
        return None
    ours = "redis" in (predicted.get("needs") or ())
    return expected, ours, ours == bool(expected)


def _kind(case: Case, predicted: Mapping[str, Any]) -> Compared:
    ours = predicted.get("kind")
    if expected := case.expected.get("app_kind"):
        return expected, ours, expected == ours
    if case.static_build:
        return "static", ours, ours == "static"
    if (serves := case.expected.get("serves_http")) is None:
        return None
    return "serves" if serves else "does not serve", ours, bool(serves) == (ours in {"web", "static"})


def _health(case: Case, predicted: Mapping[str, Any]) -> Compared:
    if not (expected := case.expected.get("health_path")):
        return None
    ours = predicted.get("health_path")
    return expected, ours, str(expected).rstrip("/") == str(ours).rstrip("/")


def _environment(case: Case, predicted: Mapping[str, Any]) -> Compared:
    expected = case.expected.get("env_required")
    if expected is None:
        return None
    wanted, ours = set(expected), set(predicted.get("env_required") or ())
    agreed = len(wanted & ours)
    return sorted(wanted), sorted(ours), 2 * agreed / (len(wanted) + len(ours)) if wanted or ours else 1.0


def _build(case: Case, predicted: Mapping[str, Any]) -> Compared:
    if not (expected := case.expected.get("build")):
        return None
    wanted = commands.programs(str(expected), case.manifests)
    ours = commands.programs(str(predicted.get("build") or ""), case.manifests)
    return expected, predicted.get("build"), bool(_plain(wanted) & _plain(ours))


def _plain(programs: set[str]) -> set[str]:
    return {program.removesuffix("w") if program in {"mvnw", "gradlew"} else program for program in programs}


def _version(case: Case, predicted: Mapping[str, Any]) -> Compared:
    if not (expected := case.expected.get("runtime_version")):
        return None
    wanted, ours = (re.findall(r"\d+", str(each)) for each in (expected, predicted.get("runtime_version") or ""))
    shared = min(len(wanted), len(ours), 2)
    return expected, predicted.get("runtime_version"), shared > 0 and wanted[:shared] == ours[:shared]


_COMPARE = {
    "language": _language, "framework": _framework, "package_manager": _manager, "start": _start, "port": _port,
    "port, all": _any_port, "needs_database": _database, "needs_redis": _redis, "kind": _kind, "health_path": _health,
    "env_required": _environment, "build": _build, "runtime_version": _version,
}  # fmt: skip
