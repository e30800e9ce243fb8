"""Resolve: fills what a blueprint leaves open with what Recon found. Blueprint values always win."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from hivemind.blueprint.generated import GENERATE, is_own_secret
from hivemind.blueprint.model import DEFAULT_PORT, Blueprint, Origin, Resource, Service, ServiceKind
from hivemind.blueprint.provided import given_values, is_given, is_needless, url_variable
from hivemind.blueprint.references import referred
from hivemind.detections.detection import LIKELY, Detection, Precedence, all_of, best, is_secret, language_of, settings
from hivemind.values.findings import Finding, Severity

DEFAULT_PORTS = {"node": 3000, "static": 8080}
UNPRIVILEGED = 1024
"""The first port that a program without privileges may listen on (Linux, ip_unprivileged_port_start)."""
PROVIDED = {"postgres": "db", "mysql": "db", "redis": "cache"}
"""Needs that become a resource of this name when the blueprint has none of the type."""
INSTEAD = {"mysql": ("mysql", "mariadb")}
"""Need -> types of resources that fulfil it, where those are not the one of its name alone: the same drivers speak to
them."""

EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "bun": "bun run server.ts",
        "deno": "deno run --allow-net --allow-env main.ts",
        "go": "./server",
        "java": "java -jar target/app.jar",
        "node": "node server.js",
        "php": "php -S 0.0.0.0:$PORT -t public",
        "python": "gunicorn app:app --bind 0.0.0.0:$PORT",
        "ruby": "bundle exec puma --port $PORT",
    }
)
"""Language -> a start command as an example."""
PROGRAMS: Mapping[str, str] = MappingProxyType(
    {
        "bun": "bun", "bundle": "ruby", "celery": "python", "deno": "deno", "flask": "python", "gunicorn": "python",
        "java": "java", "node": "node", "npm": "node", "npx": "node", "php": "php", "pnpm": "node", "puma": "ruby",
        "python": "python", "python3": "python", "rails": "ruby", "ruby": "ruby", "uvicorn": "python", "yarn": "node",
    }
)  # fmt: skip
"""Program that a start command begins with -> runtime that it needs."""

_NO_INPUT = re.compile(r"(?<!\s)\s+--no-?input\b")

Sighting = tuple[str, Detection]
"""A plugin's name and one of its detections."""


def resolve(
    blueprint: Blueprint, detections: Mapping[str, Sequence[Sighting]]
) -> tuple[Blueprint, tuple[Finding, ...]]:
    """The blueprint with every service as complete as can be known, and what could not.

    detections: service name -> what plugins found in its folder. Each filled value gets an Origin. A database or
    cache that a service needs and no resource provides is added as resource `db` or `cache`.
    """
    services: dict[str, Service] = {}
    resources = dict(blueprint.resources)
    origins: dict[str, Origin] = {}
    findings: list[Finding] = []
    for name, service in blueprint.services.items():
        written = bool(service.needs) or f"services.{name}.needs" in blueprint.origins
        seen = tuple(detection for _, detection in detections.get(name, ()))
        filling = _Filling(service, seen, needs_said=written, application=blueprint.name)
        filling.fill(resources)
        types = {need: resources[need].type for need in filling.service.needs if need in resources}
        services[name] = replace(filling.service, needed_types=MappingProxyType(types))
        origins |= filling.origins
        findings += filling.findings
    filled = replace(blueprint, resources=MappingProxyType(resources)).with_services(services, origins)
    return filled, tuple(findings)


def provided_type(need: str, server: Detection | None) -> str:
    """The type of the resource for a need. server: the database server that the repository runs, if it says which."""
    return str(server.value) if server is not None and server.value in INSTEAD.get(need, ()) else need


def variables_of(need: Detection) -> list[str]:
    """The variables that the evidence of a need names, as those that hold its address."""
    return re.findall(r"\b[A-Z][A-Z0-9_]{3,}\b", need.note or "")


class _Filling:
    """One service on its way from what was written to what will run."""

    def __init__(
        self, service: Service, detections: tuple[Detection, ...], *, needs_said: bool, application: str
    ) -> None:
        self.service = service
        self.application = application
        self.needs_said = needs_said
        self.detections = detections
        self.origins: dict[str, Origin] = {}
        self.findings: list[Finding] = []
        self.path = f"services.{service.name}"
        self.language = self._language()

    def fill(self, resources: dict[str, Resource]) -> None:
        self._runtime()
        self._kind()
        for field in ("start", "install", "build", "release"):
            if field == "start" and (self._is_no_service() or self.service.kind is ServiceKind.STATIC):
                continue
            if getattr(self.service, field) is not None or not (found := self._best(field)):
                continue
            if found.confidence >= LIKELY and not (field != "start" and self._runs_at_start(str(found.value))):
                self._set(field, str(found.value), found)
        if self.service.kind is ServiceKind.STATIC and self.service.static_dir is None:
            found = self._best("static_dir")
            self._set("static_dir", str(found.value) if found else ".", found, "the service's own folder")
        self._port()
        if self.service.is_web and self.service.health.path is None and (found := self._best("health_path")):
            self.service = replace(self.service, health=replace(self.service.health, path=str(found.value)))
            self.origins[f"{self.path}.health.path"] = Origin("recon", found.evidence)
        self._needs(resources)
        self._start_missing()
        self._runtime_missing()
        self._environment({need: resources[need].type for need in self.service.needs if need in resources})
        for doubt in all_of(self.detections, "doubt"):
            where = f"{doubt.file}:{doubt.line}" if doubt.line else doubt.file
            hint = (doubt.note or "Write it in hivemind.yaml.").replace("services.NAME", self.path)
            self._remark("H305", Severity.WARNING, f"{where}: {doubt.value}", hint)

    def _is_no_service(self) -> bool:
        """Whether it was found to be a library or a tool, and nobody wrote what kind of service it is."""
        found = self._best("kind")
        is_written = f"{self.path}.kind" not in self.origins and self.service.kind is not None
        return not is_written and found is not None and found.value in {"library", "cli"}

    def _runs_at_start(self, command: str) -> bool:
        """Whether the start command runs this one first: where an application does that, its environment is there."""
        first = re.split(r"(?<!\s)\s*(?:&&|;)\s*", self.service.start or "")[:-1]
        return _NO_INPUT.sub("", command) in {_NO_INPUT.sub("", part).strip() for part in first}

    def _language(self) -> str | None:
        if self.service.runtime:
            return self.service.runtime.split()[0]
        found = language_of(self.detections)
        return str(found.value) if found else None

    def _best(self, field: str) -> Detection | None:
        return best(self.detections, field, language=self.language, least=LIKELY if field == "start" else 0)

    def _set(self, field: str, value: Any, found: Detection | None, otherwise: str = "") -> None:
        self.service = replace(self.service, **{field: value})
        self.origins[f"{self.path}.{field}"] = (
            Origin("recon", found.evidence) if found else Origin("default", otherwise)
        )

    def _runtime(self) -> None:
        if self.service.runtime is not None or self.language is None:
            return
        version = self._best("runtime_version") if self.language != "static" else None
        if version:
            self._set("runtime", f"{self.language} {version.value}", version)
        else:
            self._set("runtime", self.language, language_of(self.detections))

    def _kind(self) -> None:
        if self.service.kind is not None:
            return
        found = self._best("kind")
        is_pages = found is not None and found.value == "static" and self.service.start is None
        if self.language == "static" or is_pages:
            self._set("kind", ServiceKind.STATIC, found, "runtime static")
        elif self.service.port is not None or self.service.health.path is not None or self.service.routes:
            self._set("kind", ServiceKind.WEB, None, "only a web service has a port, a health path or routes")
        elif found and found.value in {"web", "worker"}:
            self._set("kind", ServiceKind(found.value), found)
        else:
            self._set("kind", ServiceKind.WEB, None, "a service is a web service by default")

    def _port(self) -> None:
        if self.service.port is not None or not self.service.is_web:
            return
        found = self._best("port")
        start = self.service.start or ""
        if self.service.kind is ServiceKind.STATIC and not start:
            # What a container or the web's habits say of the port is about another server than ours.
            self._set("port", DEFAULT_PORTS["static"], None, "HiveMind's file server")
            return
        if found and int(found.value) < UNPRIVILEGED and re.search(r"\$\{?PORT\b", start):
            found = None  # the application takes any port, and only root takes this one
        if found and (found.language is None or found.precedence > Precedence.CONVENTION or "$PORT" not in start):
            self._set("port", int(found.value), found)
            return
        port = DEFAULT_PORTS.get(self.language or "", DEFAULT_PORT)
        said = self._best("start")
        if (
            re.search(r"\$\{?PORT\b", start)
            and said
            and said.value == start
            and said.precedence >= Precedence.CONTAINER
        ):
            self._set("port", port, None, f"$PORT in {said.evidence}")
        else:
            self._set("port", port, None, f"usual for {self.language}" if self.language else "HiveMind's default")

    def _needs(self, resources: dict[str, Resource]) -> None:
        if self.needs_said:  # an empty list, too: it says that there are none
            return
        types = {resources[need].type for need in self.service.needs if need in resources}
        for found in all_of(self.detections, "need", language=self.language):
            wanted = str(found.value)
            if types.isdisjoint(INSTEAD.get(wanted, (wanted,))):
                self._need(wanted, found, resources)

    def _need(self, wanted: str, found: Detection, resources: dict[str, Resource]) -> None:
        fitting = INSTEAD.get(wanted, (wanted,))
        name = next((name for name in sorted(resources) if resources[name].type in fitting), None)
        if name is None and wanted in PROVIDED:
            name = PROVIDED[wanted]
            if name in resources:
                name = f"{self.service.name}-{name}"
            resources[name] = Resource(name, provided_type(wanted, self._best("server")))
            self.origins[f"resources.{name}"] = Origin("recon", found.evidence)
        if name is None:
            variable = next(reversed(variables_of(found)), f"{wanted.upper()}_URL")
            self._remark(
                "H303",
                Severity.WARNING,
                f"{self.path} seems to need {wanted} ({found.evidence}), but no resource provides it",
                f"Add the address of an existing one to {self.path}: `secrets: {{{variable}: ssm:/NAME}}`. "
                f"Or add a resource of type {wanted}, if a plugin provides that type.",
            )
            return
        self.service = replace(self.service, needs=(*self.service.needs, name))
        self.origins[f"{self.path}.needs"] = Origin("recon", found.evidence)

    def _start_missing(self) -> None:
        if self.service.start is not None or self.service.kind is ServiceKind.STATIC:
            return
        found = self._best("kind")
        where = "the repository" if self.service.path == "." else f"the folder {self.service.path}"
        if found and found.value in {"library", "cli", "script"}:
            what = {"library": "a library", "cli": "a command-line tool"}.get(
                str(found.value), "a program without a server"
            )
            self._remark(
                "H302",
                Severity.ERROR,
                f"{where} looks like {what} ({found.evidence}): nothing to serve",
                f"If it runs as a service, write `start: {self._guess()}` with `port: NUMBER` or `kind: worker`.",
            )
        else:
            seen = (
                f"HiveMind found {self.language}, but no start command"
                if self.language
                else "HiveMind recognizes no application in it"
            )
            self._remark(
                "H301",
                Severity.ERROR,
                f"no start command for {self.path}: {where} has no Procfile; {seen}",
                self._how_to_start(),
            )

    def _how_to_start(self) -> str:
        if self.language is None:
            return "Write `start: COMMAND` and `runtime: python` (or node, go, java, ...)."
        example = self._guess(EXAMPLES.get(self.language, ""))
        return f"Write `start: {example}`, or your own command." if example else "Write `start: COMMAND`."

    def _runtime_missing(self) -> None:
        """A start command alone installs nothing on the instance that could run it."""
        if self.service.start is None or self.service.runtime is not None:
            return
        words = self.service.start.removeprefix("exec ").split()
        program = words[0].rpartition("/")[2] if words else ""
        known = PROGRAMS.get(program)
        where = "the repository" if self.service.path == "." else f"the folder {self.service.path}"
        self._remark(
            "H306",
            Severity.ERROR,
            f"{self.path} has a start command but no runtime: nothing in {where} says what to install for {program}",
            f"Add `runtime: {known}`."
            if known
            else "Add `runtime: LANGUAGE`, for example python, node, go, java or shell.",
        )

    def _guess(self, otherwise: str = "COMMAND") -> str:
        """A start command that is too uncertain to be used."""
        found = self._best("start")
        return str(found.value) if found else otherwise

    def _environment(self, needs: Mapping[str, str]) -> None:
        """needs: resource that the service needs -> its type."""
        for name, (said, each) in settings(all_of(self.detections, "env", language=self.language)).items():
            if name in self._said():
                continue
            if all(is_given(one, needs.values()) for one in referred(said)):
                self._remark(
                    "H304",
                    Severity.WARNING,
                    f"{self.path} does not set {name} ({each.evidence})",
                    f"Add to {self.path}: `env: {{{name}: {said}}}`.",
                )
        required = all_of(self.detections, "env_required", language=self.language)
        stands = given_values((str(found.value) for found in required), needs.values())
        for found in required:
            name = str(found.value)
            if name in self._said() or _is_set(name, needs):
                continue
            value = stands.get(name)
            is_kept = is_secret(name) and value is None
            reference = GENERATE if is_own_secret(name, self.application) else "ssm:/NAME"
            add = f"secrets: {{{name}: {reference}}}" if is_kept else f"env: {{{name}: {value or 'VALUE'}}}"
            self._remark(
                "H304",
                Severity.WARNING,
                f"{self.path} reads {name} from its environment ({found.evidence}), but nothing sets it",
                f"Add to {self.path}: `{add}`.",
            )

    def _said(self) -> frozenset[str]:
        """Variables of which the blueprint says something, if only that they stay unset."""
        return frozenset((*self.service.env, *self.service.secrets, *self.service.unset))

    def _remark(self, identifier: str, severity: Severity, message: str, hint: str) -> None:
        self.findings.append(Finding(identifier, severity, message, hint=hint, path=self.path, plugin="recon"))


def _is_set(name: str, needs: Mapping[str, str]) -> bool:
    """Whether nobody has to set a variable: HiveMind does (the port, addresses of what a service needs), or there is
    nothing to be set."""
    types = needs.values()
    return name == "PORT" or is_given(name, types) or is_needless(name, types) or name in map(url_variable, needs)
