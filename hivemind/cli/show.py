"""`hivemind show`: the whole blueprint, and where each value comes from."""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hivemind.cli.context import environment_option, json_option, load_plugins, path_argument
from hivemind.cli.table import table
from hivemind.text.redact import MASK, redact

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint, Origin, Service

_SERVICE = (
    "kind", "path", "runtime", "install", "build", "build_on", "start", "release", "port", "static_dir", "instances",
    "size", "disk", "os", "needs", "pack", "data",
)  # fmt: skip
_JOB = ("schedule", "start")


@click.command(name="show")
@path_argument
@environment_option
@json_option
def command(path: Path, environment: str | None, as_json: bool) -> None:
    """Print every value of the blueprint PATH and its origin: the file, the code, or a default."""
    from hivemind import pipeline
    from hivemind.cli.findings import render

    file = pipeline.blueprint_file(path)
    checked = pipeline.check(file, load_plugins(path), environment=environment, lint=False)
    entries = list(_entries(checked.blueprint))
    if as_json:
        values = [
            {"path": name, "value": _plain(value), "origin": origin.kind, "evidence": origin.evidence}
            for name, value, origin in entries
        ]
        shown = {"name": checked.blueprint.name, "environment": checked.blueprint.environment, "values": values}
        click.echo(json.dumps({**shown, "findings": [finding.as_json() for finding in checked.findings]}))
        return
    named = dict.fromkeys((checked.blueprint.environment, checked.blueprint.stage.value))
    click.echo(f"{checked.blueprint.name} ({', '.join(named)})\n")
    click.echo(
        table([(name.removeprefix("services."), _text(value), _where(origin)) for name, value, origin in entries])
    )
    if checked.findings:
        click.echo()
        render(checked.findings)


def _entries(blueprint: Blueprint) -> Iterator[tuple[str, Any, Origin]]:
    """(dotted path, value, origin) of everything that has a value, services first."""
    for name in sorted(blueprint.services):
        service = blueprint.services[name]
        for field, value in _service(service):
            yield f"services.{name}.{field}", value, _origin(blueprint, f"services.{name}.{field}")
    for job in sorted(
        (job for service in blueprint.services.values() for job in service.jobs), key=lambda job: job.name
    ):
        values = (("kind", "job"), ("on", blueprint.jobs[job.name]), *((one, getattr(job, one)) for one in _JOB))
        for field, value in values:
            yield f"services.{job.name}.{field}", value, _origin(blueprint, f"services.{job.name}.{field}")
        path = f"services.{job.name}.timeouts.run"
        yield path, job.timeout, _origin(blueprint, path)
    for name in sorted(blueprint.resources):
        resource = blueprint.resources[name]
        yield f"resources.{name}", resource.type, _origin(blueprint, f"resources.{name}")
        for option in sorted(resource.options):
            path = f"resources.{name}.{option}"
            yield path, resource.options[option], _origin(blueprint, path)


def _service(service: Service) -> Iterator[tuple[str, Any]]:
    from hivemind.blueprint.masking import in_clear

    for field in _SERVICE:
        value = getattr(service, field)
        if field == "instances" and service.scaling is not None:
            scaling = service.scaling
            yield "instances.min", scaling.least
            yield "instances.max", scaling.most
            yield "instances.target_cpu", scaling.target_cpu
        elif value not in (None, ()):
            yield field, value
    if service.is_web:
        for part in dataclasses.fields(service.health):
            value = getattr(service.health, part.name)
            if value is not None:
                yield f"health.{part.name}", value
    for name in sorted(service.env):
        value = service.env[name]
        yield f"env.{name}", MASK if in_clear(name, value) else redact(value)
    for name in sorted(service.secrets):
        yield f"secrets.{name}", str(service.secrets[name])
    for number, route in enumerate(service.routes):
        yield f"routes.{number}", f"{route.host or '*'}{route.path or '/*'}"


def _origin(blueprint: Blueprint, path: str) -> Origin:
    """The origin of a value, or of the nearest part of the blueprint that it stands in."""
    from hivemind.blueprint.model import Origin

    while path:
        if path in blueprint.origins:
            return blueprint.origins[path]
        path = path.rpartition(".")[0]
    return Origin("default", "HiveMind's default")


def _where(origin: Origin) -> str:
    return (
        f"default: {origin.evidence}"
        if origin.kind == "default" and "default" not in origin.evidence
        else origin.evidence
    )


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _text(value: Any) -> str:
    plain = _plain(value)
    if isinstance(plain, list):
        return ", ".join(map(str, plain))
    return plain if isinstance(plain, str) else json.dumps(plain)
