"""What goes into the file: a service per folder, and the wishes of a description that Recon would not find itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hivemind.blueprint.generated import GENERATE, is_own_secret
from hivemind.blueprint.resolve import INSTEAD, PROVIDED, provided_type
from hivemind.descriptions import Wish, Wishes
from hivemind.drafts.variables import variables
from hivemind.values.findings import Finding, Severity

if TYPE_CHECKING:
    from hivemind.detections.answer import Answer

_FRONTS = ("web", "frontend", "front", "site", "landing", "www", "client", "ui", "app")
_BACKS = frozenset({"api", "backend", "server", "back"})
NO_WISHES = Wishes()
_STAGING = "staging"
_OPTIONS = {
    "postgres": {"storage": "storage", "database-size": "size", "available": "multi_az"},
    "mysql": {"storage": "storage", "database-size": "size", "available": "multi_az"},
    "redis": {"cache-size": "size", "available": "multi_az"},
}
"""Type of a resource -> wish -> the option that it is about."""
_CALLED = {"postgres": "database", "mysql": "database", "redis": "cache"}


@dataclass
class Part:
    """One service of the file. keys: what is written. reasons: key -> why, as a comment beside it. written: the needs
    that `needs` among the keys stands for."""

    name: str
    folder: str
    seen: Answer
    keys: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    written: tuple[str, ...] = ()

    @property
    def serves_requests(self) -> bool:
        return self.seen.value("kind") != "worker"

    @property
    def runs_code(self) -> bool:
        return self.seen.value("kind") != "static"


@dataclass
class Draft:
    """A blueprint to be. environment, stage: what the wishes choose, if they do. cloud: `local` or `aws`, likewise.
    findings: what was asked for and can't be had, or means nothing here. beside: applications of the repository that
    are no service of the file, as what each is and the line that would make it one."""

    name: str
    services: dict[str, Part]
    top: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    environment: str | None = None
    stage: str | None = None
    cloud: str | None = None
    findings: list[Finding] = field(default_factory=list)
    beside: tuple[tuple[str, str], ...] = ()


def draft(
    name: str,
    services: Mapping[str, tuple[str, Answer]],
    wishes: Wishes = NO_WISHES,
    *,
    resource_types: Iterable[str] = PROVIDED,
    environment: str | None = None,
    stage: str | None = None,
) -> Draft:
    """The draft for an application.

    services: name -> (folder, what Recon says of it). resource_types: that blueprints can use, plugins' included.
    environment, stage: as the command line says; they win over the wishes.
    """
    parts = {each: Part(each, folder, seen) for each, (folder, seen) in services.items()}
    made = Draft(name, parts)
    _folders(made)
    _routes(made)
    _plain(made, wishes)
    _environment(made, wishes, environment, stage)
    _needs(made, wishes, frozenset(resource_types))
    _options(made, wishes)
    _variables(made)
    _unread(made, wishes)
    return made


def _folders(made: Draft) -> None:
    for part in made.services.values():
        if part.folder != ".":
            part.keys["path"] = part.folder


def _routes(made: Draft) -> None:
    """Of several services that take requests one takes those that no other claims; a person may say it better."""
    serving = [part for part in made.services.values() if part.serves_requests]
    if len(serving) < 2:
        return
    front = min(serving, key=_frontness)
    for part in serving:
        if part is not front:
            path = "/api/*" if part.name in _BACKS else f"/{part.name}/*"
            part.keys["routes"] = [path]
            part.reasons["routes"] = f"proposed; {front.name} gets all other requests"


def _frontness(part: Part) -> tuple[int, int, str]:
    pages = part.seen.value("kind") == "static" or part.seen.value("framework") in {
        "nextjs",
        "nuxt",
        "create-react-app",
    }
    named = _FRONTS.index(part.name) if part.name in _FRONTS else len(_FRONTS)
    return (0 if part.name not in _BACKS and (pages or named < len(_FRONTS)) else 1, named, part.name)


def _plain(made: Draft, wishes: Wishes) -> None:
    """Wishes that are one value of the file each."""
    for wish in wishes.understood:
        match wish.subject:
            case "region":
                made.top["region"] = wish.value
                made.reasons["region"] = _asked(wish)
            case "cloud":
                made.cloud = wish.value
            case "instances" | "size" | "port" | "health":
                value = int(wish.value) if wish.value.isdigit() else wish.value
                _each(made, wish, value)


def _each(made: Draft, wish: Wish, value: Any) -> None:
    parts = [part for part in made.services.values() if part.serves_requests or wish.subject == "size"]
    if wish.subject in {"port", "health"}:
        parts = [part for part in parts if part.runs_code or wish.subject == "health"]
        if len(parts) != 1:
            hint = f"Write it yourself: `services: {{NAME: {{{wish.subject}: {value}}}}}`."
            made.findings.append(_finding(f'"{wish.words}" fits {len(parts)} services', hint))
            return
    for part in parts:
        part.keys[wish.subject] = value
        part.reasons[wish.subject] = _asked(wish)


def _environment(made: Draft, wishes: Wishes, environment: str | None, stage: str | None) -> None:
    named = environment or wishes.value("environment")
    wanted = stage or wishes.value("stage")
    if wanted is None and environment is None and named == _STAGING:
        wanted = "stage-1"
    if named is None and wanted == "stage-1" and stage is not None:
        named = _STAGING
    made.environment = named
    made.stage = wanted if wanted != "production" else None  # what an environment is unless it says otherwise


def _needs(made: Draft, wishes: Wishes, types: frozenset[str]) -> None:
    for wish in wishes.understood:
        if wish.subject == "no-need":
            _without(made, wish)
        elif wish.subject == "need" and wish.value in types:
            _with(made, wish)
        elif wish.subject == "need":
            variable = f"{wish.value.upper()}_URL"
            hint = (
                f"Install a plugin with the resource type {wish.value}, or write the address of an existing one: "
                f"`secrets: {{{variable}: ssm:/{made.name}/{wish.value}}}`."
            )
            made.findings.append(_finding(f'"{wish.words}": no plugin adds a resource type {wish.value}', hint))


def _with(made: Draft, wish: Wish) -> None:
    finding = [part for part in made.services.values() if _finds(part, wish.value)]
    if finding:
        return  # Recon finds it at each run
    takers = [part for part in made.services.values() if part.runs_code]
    if not takers:
        made.findings.append(_finding(f'"{wish.words}": no service runs code that could use it', None))
        return
    for part in takers:
        part.keys["needs"] = [*part.keys.get("needs", _found(made, part)), _resource(made, part, wish.value)]
        part.written = (*part.written, wish.value)
        part.reasons["needs"] = _asked(wish)


def _without(made: Draft, wish: Wish) -> None:
    for part in made.services.values():
        if _finds(part, wish.value):
            part.keys["needs"] = _found(made, part, but=wish.value)
            part.reasons["needs"] = _asked(wish)


def _finds(part: Part, kind: str) -> bool:
    return any(need.value == kind for need in part.seen.several["needs"])


def _found(made: Draft, part: Part, *, but: str | None = None) -> list[str]:
    """The resources that Recon would add by itself, which written needs replace: written, too. but: leaves out one
    type."""
    types = [
        str(need.value) for need in part.seen.several["needs"] if str(need.value) in PROVIDED and need.value != but
    ]
    part.written = tuple(types)
    return [_resource(made, part, kind) for kind in types]


def _resource(made: Draft, part: Part, kind: str) -> str:
    """The resource of the draft that fulfils a need, added where there is none; under the name that Recon gives one,
    or that of its type where another has that name."""
    fitting = INSTEAD.get(kind, (kind,))
    there = next((name for name, options in made.resources.items() if options.get("type") in fitting), None)
    if there is not None:
        return there
    name = PROVIDED.get(kind, kind)
    name = kind if name in made.resources else name
    made.resources[name] = {"type": provided_type(kind, part.seen.one.get("server"))}
    return name


def _options(made: Draft, wishes: Wishes) -> None:
    """Options of databases and caches: written where there is one."""
    given = {kind for part in made.services.values() for kind in types_needed(part)}
    for wish in wishes.understood:
        about = [kind for kind, options in _OPTIONS.items() if wish.subject in options]
        if not about or (wish.subject == "available" and wish.value == "no"):
            continue
        for kind in given.intersection(about):
            part = next(part for part in made.services.values() if kind in types_needed(part))
            options = made.resources[_resource(made, part, kind)]
            options[_OPTIONS[kind][wish.subject]] = _option(wish)
        if wish.subject == "available":
            _doubled(made, wish)
        elif not given.intersection(about):
            said = f'"{wish.words}": the application has no {_CALLED[about[0]]}'
            made.findings.append(_finding(said, f'Ask for one: "with a {about[0]} {_CALLED[about[0]]}".'))


def _variables(made: Draft) -> None:
    for part in made.services.values():
        values, reason = variables(part.seen, types_needed(part))
        if values:
            part.keys["env"] = values
            part.reasons["env"] = reason
        secrets = {
            str(found.value): found.evidence
            for found in sorted(part.seen.several["env_required"], key=lambda found: str(found.value))
            if is_own_secret(str(found.value), made.name) and str(found.value) not in values
        }
        if secrets:
            part.keys["secrets"] = dict.fromkeys(secrets, GENERATE)
            part.reasons["secrets"] = f"made once, with the stack ({', '.join(dict.fromkeys(secrets.values()))})"


def types_needed(part: Part) -> tuple[str, ...]:
    """Types of the resources that the service gets."""
    written = "needs" in part.keys
    return tuple(kind for kind in PROVIDED if (kind in part.written if written else _finds(part, kind)))


def _option(wish: Wish) -> Any:
    return {"storage": lambda: int(wish.value), "available": lambda: True}.get(wish.subject, lambda: wish.value)()


def _doubled(made: Draft, wish: Wish) -> None:
    """What must survive the loss of a zone has two instances at least."""
    for part in made.services.values():
        if part.serves_requests and part.keys.get("instances", 1) < 2:
            part.keys["instances"] = 2
            part.reasons["instances"] = _asked(wish)


def _unread(made: Draft, wishes: Wishes) -> None:
    for wish in wishes.overruled:
        made.findings.append(
            _finding(f'a later part of the description contradicts "{wish.words}"', "The later part applies.")
        )


def _asked(wish: Wish) -> str:
    by = f" (read by {wish.by})" if wish.by else ""
    return f"asked for: {' '.join(wish.words.split())}{by}"


def _finding(message: str, hint: str | None) -> Finding:
    return Finding("H320", Severity.WARNING, message, hint=hint, plugin="hivemind")
