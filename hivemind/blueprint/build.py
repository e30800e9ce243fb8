"""A View without errors as a Blueprint, each value with its origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from hivemind.blueprint.forms import (
    building_of,
    is_remote,
    mapping_of,
    plugins_of,
    route_of,
    secret_of,
    texts_of,
    variable,
)
from hivemind.blueprint.generated import GENERATE, generated
from hivemind.blueprint.hours import Hours, NoHours, hours_of
from hivemind.blueprint.job_rules import jobs_of, runs_on
from hivemind.blueprint.model import (
    Blueprint,
    Check,
    DeploymentStage,
    Health,
    Job,
    Network,
    Origin,
    Resource,
    Service,
    ServiceKind,
    Timeouts,
)
from hivemind.blueprint.overlay import View
from hivemind.blueprint.scaling import scaling_of
from hivemind.blueprint.strategy import strategy_of
from hivemind.blueprint.yamltree import Path
from hivemind.values.interrupts import OnInterrupt
from hivemind.values.schemaparts import SchemaPart
from hivemind.values.state_address import address_of

_SERVICE_TEXTS = ("path", "runtime", "install", "start", "release", "size", "os")
_SERVICE_NUMBERS = ("port", "disk")
_HEALTH_NUMBERS = ("interval", "timeout", "healthy", "unhealthy")
_SERVICE_DEFAULTS = ("path", "instances", "size", "disk", "os")


def build(view: View, parts: Mapping[str, SchemaPart]) -> Blueprint:
    """The Blueprint of a View that the schema and all rules accept."""
    data = view.data
    origins = _said(view)
    stage = view.stage
    jobs = _jobs(data["services"])
    services = {
        name: replace(_service(name, mapping_of(said), view), jobs=jobs.get(name, ()))
        for name, said in mapping_of(data["services"]).items()
        if name not in jobs_of(data["services"])
    }
    resources = {name: _resource(name, said, parts) for name, said in mapping_of(data.get("resources")).items()}
    blueprint = Blueprint(
        name=data["name"],
        environment=view.environment,
        stage=DeploymentStage(stage) if stage else DeploymentStage.PRODUCTION,
        region=data.get("region"),
        account=data.get("account"),
        cloud=data.get("cloud"),
        require_clean=data.get("require_clean", stage == "production"),
        on_interrupt=OnInterrupt(data.get("on_interrupt", "detach")),
        hours=_hours(data.get("hours")),
        domain=tuple(name.lower() for name in texts_of(data.get("domain"))),
        zone=_zone(data.get("zone")),
        certificate=data.get("certificate"),
        state=str(address_of(data["state"])) if data.get("state") else None,
        role_arn=data.get("role_arn"),
        services=MappingProxyType(services),
        resources=MappingProxyType(resources),
        network=_network(mapping_of(data.get("network"))),
        checks=tuple(_check(entry, parts) for entry in data.get("checks") or ()),
        plugins=MappingProxyType({name: _frozen(options) for name, options in plugins_of(data.get("plugins")).items()}),
        tags=MappingProxyType(dict(mapping_of(data.get("tags")))),
        overrides=tuple(data.get("overrides") or ()),
    )
    _add_defaults(blueprint, origins, explicit_stage=stage is not None)
    return _with_origins(blueprint, origins)


def _hours(said: str | None) -> Hours | None:
    hours = hours_of(said) if said is not None else None
    assert not isinstance(hours, NoHours), "the schema's format accepted it"
    return hours


def _with_origins(blueprint: Blueprint, origins: Mapping[str, Origin]) -> Blueprint:
    return blueprint.with_services(blueprint.services, origins)


def _service(name: str, said: Mapping[str, Any], view: View) -> Service:
    fields: dict[str, Any] = {key: said[key].strip() for key in _SERVICE_TEXTS if said.get(key) is not None}
    fields |= {key: int(said[key]) for key in _SERVICE_NUMBERS if said.get(key) is not None}
    fields |= _instances(said.get("instances"))
    path: Path = ("services", name, "env")
    variables = mapping_of(said.get("env"))
    env = {key: variable(value, view.written((*path, key))) for key, value in variables.items() if value is not None}
    secrets = {
        key: generated(key) if value == GENERATE else secret_of(value)
        for key, value in mapping_of(said.get("secrets")).items()
    }
    routes = tuple(route for value in said.get("routes") or () if (route := route_of(value)))
    fields |= building_of(said.get("build"), fields.get("size", Service.size))
    return Service(
        name,
        kind=ServiceKind(said["kind"]) if said.get("kind") else None,
        static_dir=said.get("static"),
        health=_health(said.get("health")),
        env=MappingProxyType(env),
        unset=tuple(sorted(key for key, value in variables.items() if value is None)),
        secrets=MappingProxyType({key: secret for key, secret in secrets.items() if secret}),
        needs=texts_of(said.get("needs")),
        routes=routes,
        pack=texts_of(said.get("pack")),
        data=texts_of(said.get("data")),
        strategy=strategy_of(said.get("strategy")),
        timeouts=Timeouts(**{key: int(value) for key, value in mapping_of(said.get("timeouts")).items()}),
        **fields,
    )


def _instances(said: Any) -> dict[str, Any]:
    group = scaling_of(said)
    if group is not None:
        return {"instances": group.least, "scaling": group}
    return {} if said is None else {"instances": int(said)}


def _jobs(services: Any) -> dict[str | None, tuple[Job, ...]]:
    """Service -> the jobs that run on it, by name."""
    found: dict[str | None, tuple[Job, ...]] = {}
    for name, said in sorted(jobs_of(services).items()):
        limit = mapping_of(said.get("timeouts")).get("run", Job.timeout)
        job = Job(name, " ".join(said["schedule"].split()), said["start"].strip(), int(limit))
        host = runs_on(said, services)
        found[host] = (*found.get(host, ()), job)
    return found


def _health(said: Any) -> Health:
    if isinstance(said, str):
        return Health(path=said)
    said = mapping_of(said)
    fields: dict[str, Any] = {key: int(said[key]) for key in _HEALTH_NUMBERS if key in said}
    if "matcher" in said:
        fields["matcher"] = str(said["matcher"])
    return Health(path=said.get("path"), **fields)


def _resource(name: str, said: Any, parts: Mapping[str, SchemaPart]) -> Resource:
    said = {"type": said} if isinstance(said, str) else mapping_of(said)
    type_name = said["type"]
    schema = next(
        (part.resource_types[type_name].schema for part in parts.values() if type_name in part.resource_types), {}
    )
    options = {key: value for key, value in said.items() if key != "type"}
    return Resource(name, type_name, _frozen(filled(options, schema)))


def filled(options: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Options with the `default`s of their schema where nothing is said, nested mappings too."""
    values = dict(options)
    for key, described in mapping_of(schema.get("properties")).items():
        described = mapping_of(described)  # noqa: PLW2901
        if key not in values and "default" in described:
            values[key] = described["default"]
        if isinstance(values.get(key), Mapping):
            values[key] = filled(values[key], described)
    return values


def _network(said: Mapping[str, Any]) -> Network:
    fields = {key: said[key] for key in ("egress", "cidr", "ssh_endpoint") if key in said}
    return Network(ssh_from=texts_of(said.get("ssh_from")), **fields)


def _check(entry: Mapping[str, Any], parts: Mapping[str, SchemaPart]) -> Check:
    kinds = {kind for part in parts.values() for kind in part.checks}
    kind = next(key for key in entry if key in kinds)
    schema = next((part.checks[kind] for part in parts.values() if kind in part.checks), {})
    return Check(kind, _frozen(filled(entry, schema)))


def _frozen(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(value))


def _said(view: View) -> dict[str, Origin]:
    """Origins of everything that the file says: each key, under its dotted path."""
    origins: dict[str, Origin] = {}

    def walk(value: Mapping[str, Any], path: Path) -> None:
        for key, inner in value.items():
            here = (*path, key)
            place = view.place(here, key=True)
            origins[".".join(str(part) for part in here)] = Origin("blueprint", f"{view.source.path.name}:{place.line}")
            if isinstance(inner, Mapping):
                walk(inner, here)

    walk(view.data, ())
    if view.stage:
        place = view.source.place(("environments", view.environment, "stage"))
        origins["stage"] = Origin("blueprint", f"{view.source.path.name}:{place.line}")
    for name, service in mapping_of(view.data.get("services")).items():
        prefix = f"services.{name}"
        said = mapping_of(service)
        if is_remote(said.get("build")):
            size = f"{prefix}.build.size"
            origins[f"{prefix}.build_on"] = origins.get(size, origins[f"{prefix}.build"])
        if isinstance(said.get("health"), str):
            origins[f"{prefix}.health.path"] = origins[f"{prefix}.health"]
        if f"{prefix}.static" in origins:
            origins[f"{prefix}.static_dir"] = origins[f"{prefix}.static"]
    return origins


def _add_defaults(blueprint: Blueprint, origins: dict[str, Origin], *, explicit_stage: bool) -> None:
    ours, theirs = Origin("default", "HiveMind's default"), Origin("default", "the default of its type")
    for name in blueprint.services:
        for key in _SERVICE_DEFAULTS:
            origins.setdefault(f"services.{name}.{key}", ours)
        for key in (*_HEALTH_NUMBERS, "matcher"):
            origins.setdefault(f"services.{name}.health.{key}", ours)
        for key in ("start", "release"):
            origins.setdefault(f"services.{name}.timeouts.{key}", ours)
        origins.setdefault(f"services.{name}.strategy", ours)
    for name in blueprint.jobs:
        origins.setdefault(f"services.{name}.on", Origin("default", "the only service that runs code"))
        origins.setdefault(f"services.{name}.timeouts.run", ours)
    for name, resource in blueprint.resources.items():
        for key in resource.options:
            origins.setdefault(f"resources.{name}.{key}", theirs)
    for key in ("egress", "ssh_from", "cidr"):
        origins.setdefault(f"network.{key}", ours)
    origins.setdefault("stage", ours)
    origins.setdefault("on_interrupt", ours)
    clean = "environment declared with stage: production" if blueprint.require_clean else "HiveMind's default"
    origins.setdefault("require_clean", Origin("default", clean if explicit_stage else "HiveMind's default"))


def _zone(said: str | None) -> str | None:
    """The domain of a hosted zone in one form; an id as it is."""
    return said.lower() if said is not None and "." in said else said
