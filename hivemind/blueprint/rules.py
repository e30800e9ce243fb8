"""What a JSON Schema can't say: rules over the whole blueprint. Each takes a View that may be malformed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hivemind.blueprint.data_rules import data
from hivemind.blueprint.formats import FORMATS, size_prefix, unlisted
from hivemind.blueprint.forms import BUILD_SIZES, REMOTE, is_remote, mapping_of, route_of, texts_of
from hivemind.blueprint.generated import GENERATE, VARIABLE
from hivemind.blueprint.https_rules import https
from hivemind.blueprint.job_rules import jobs, jobs_of
from hivemind.blueprint.masking import credential, in_clear
from hivemind.blueprint.model import DeploymentStage, Route, Service
from hivemind.blueprint.overlay import DEFAULT_ENVIRONMENT, View
from hivemind.blueprint.scaling_rules import scaling
from hivemind.blueprint.strategy_rules import strategy
from hivemind.blueprint.yamltree import Path
from hivemind.text.suggest import did_you_mean, listed, nearest
from hivemind.values.artifact import machine_of
from hivemind.values.findings import Finding, Severity

LONGEST_STACK_NAME = 40
STAGE_1 = DeploymentStage.STAGE_1.value
_EXAMPLES = {"db": "postgres", "database": "postgres", "postgres": "postgres", "cache": "redis", "redis": "redis"}
_SIZE_FORMATS = {"db.": "rds-instance-class", "cache.": "cache-node-type"}
_WITHOUT_SQL = frozenset({"redis", "bucket", "queue", "topic"})
_NEEDS_VALUE = {"add", "replace", "test"}


def _services(view: View) -> Iterator[tuple[str, Any]]:
    for name, service in mapping_of(view.data.get("services")).items():
        yield name, mapping_of(service)


def stack_name(view: View) -> Iterator[Finding]:
    """Name and environment together name the stack."""
    name = view.data.get("name")
    if not isinstance(name, str) or len(f"{name}-{view.environment}") <= LONGEST_STACK_NAME:
        return
    message = f'the stack name "{name}-{view.environment}" has {len(name) + 1 + len(view.environment)} characters'
    declared = ("environments", view.environment)
    path: Path = declared if view.environment != DEFAULT_ENVIRONMENT and declared in view.source.places else ("name",)
    hint = f"Shorten one: name and environment together have at most {LONGEST_STACK_NAME - 1} characters."
    yield view.finding("H109", path, message, hint, key=path == declared)


def needs(view: View) -> Iterator[Finding]:
    """Every needed resource is there."""
    resources = mapping_of(view.data.get("resources"))
    for name, service in _services(view):
        for position, needed in enumerate(texts_of(service.get("needs"))):
            if needed in resources:
                continue
            path: Path = ("services", name, "needs")
            path = (*path, position) if isinstance(service["needs"], list) else path
            hint = did_you_mean(needed, resources)
            if hint is None:
                known = f"Resources: {listed(resources)}. " if resources else ""
                hint = f"{known}Add `{needed}: {{type: {_EXAMPLES.get(needed, '...')}}}`."
            yield view.finding("H112", path, f'services.{name} needs "{needed}", which is not in resources', hint)


def routes(view: View) -> Iterator[Finding]:
    """No two services take the same requests."""
    taken: dict[Route, str] = {}
    without: list[str] = []
    for name, service in _services(view):
        said = service.get("routes")
        if not said:
            listens = service.get("kind") in ("web", "static") or any(key in service for key in ("port", "health"))
            if listens and service.get("kind") != "worker":
                without.append(name)
            continue
        for position, value in enumerate(said if isinstance(said, list) else []):
            route = route_of(value)
            if route is None:
                continue
            if route in taken:
                shown = f"{route.host or '*'}{route.path or '/*'}"
                message = f"services.{name} and services.{taken[route]} have the same route, {shown}"
                path = ("services", name, "routes", position)
                yield view.finding("H114", path, message, "Give each service a host or path of its own.")
            taken.setdefault(route, name)
    for name in without[1:]:
        message = f"services.{without[0]} and services.{name} have no routes, so both would receive every request"
        yield view.finding("H115", ("services", name), message, f"Add `routes: [/{name}/*]`.", key=True)


def health(view: View) -> Iterator[Finding]:
    """A probe ends before the next one starts (Elastic Load Balancing: timeout less than interval)."""
    for name, service in _services(view):
        said = mapping_of(service.get("health"))
        interval, timeout = said.get("interval", 30), said.get("timeout", 5)
        if isinstance(interval, int) and isinstance(timeout, int) and timeout >= interval:
            key = "timeout" if "timeout" in said else "interval"
            message = f"the health check's timeout of {timeout} s is not shorter than its interval of {interval} s"
            yield view.finding(
                "H127", ("services", name, "health", key), message, "Make the interval longer or the timeout shorter."
            )


def environment_variables(view: View) -> Iterator[Finding]:
    """Secrets are references, and a variable has one source."""
    for name, service in _services(view):
        secrets = mapping_of(service.get("secrets"))
        for key, value in secrets.items():
            if value == GENERATE and not VARIABLE.fullmatch(key):
                message = f"no value can be generated for a variable named {key}"
                hint = "Use capitals, digits and single underscores, such as SECRET_KEY."
                yield view.finding("H124", ("services", name, "secrets", key), message, hint, key=True)
        for key, value in mapping_of(service.get("env")).items():
            path = ("services", name, "env", key)
            if value is None:
                if not view.written(path):
                    hint = "Add a value, or write `null` to leave the variable unset."
                    yield view.finding("H102", path, f"no value in services.{name}.env.{key}", hint)
                continue
            if key in secrets:
                message = f"{key} is under both env and secrets of services.{name}"
                yield view.finding("H128", path, message, "Remove one of the two.", key=True)
            if key == "PORT":
                hint = "Remove PORT, and write `port` in the service."
                yield view.finding("H131", path, "HiveMind sets PORT itself", hint, severity=Severity.WARNING, key=True)
            if isinstance(value, str) and in_clear(key, value):
                message = f"{key} looks like a secret; do not keep secrets in this file"
                if value == GENERATE:
                    message = f'{key} would have the value "{GENERATE}" for everybody'
                hint = f"Store the value, then write `secrets: {{{key}: ssm:/{view.data.get('name')}/{key.lower()}}}`."
                hint = f"Write `secrets: {{{key}: {GENERATE}}}`." if value == GENERATE else hint
                yield view.finding("H118", path, message, hint, severity=Severity.WARNING, key=True)


def credentials(view: View) -> Iterator[Finding]:
    """No AWS access key and no private key anywhere in the file."""
    for path, text in _texts(view.data, ()):
        found = credential(text)
        if found:
            hint = "Revoke the key, then remove it. Instances have a role and need no key."
            yield view.finding("H119", path, f"the file contains {found}", hint)


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))


def checks(view: View) -> Iterator[Finding]:
    """Checks name services and resources that are there."""
    said = view.data.get("checks")
    for position, check in enumerate(said if isinstance(said, list) else []):
        for key, group in (("service", "services"), ("database", "resources")):
            named = mapping_of(check).get(key)
            known = mapping_of(view.data.get(group))
            if key == "service" and isinstance(named, str) and named in jobs_of(known):
                message = f'"{named}" is a job, which does not listen'
                yield view.finding("H123", ("checks", position, key), message, "Name a web service.")
            elif isinstance(named, str) and named not in known:
                hint = did_you_mean(named, known) or (
                    f"{group.capitalize()}: {listed(known)}." if known else f"The blueprint has no {group}."
                )
                yield view.finding("H123", ("checks", position, key), f'"{named}" is not in {group}', hint)
            elif key == "database" and isinstance(named, str) and (kind := _type_of(known[named])) in _WITHOUT_SQL:
                message = f'"{named}" is of type {kind}, which has no SQL'
                hint = f"Remove this check: HiveMind always checks that {kind} answers."
                yield view.finding("H123", ("checks", position, key), message, hint)


def _type_of(resource: Any) -> Any:
    return resource if isinstance(resource, str) else mapping_of(resource).get("type")


def builds(view: View) -> Iterator[Finding]:
    """A build instance is of the service's processor, and its size is said where there is one."""
    for name, service in _services(view):
        said = service.get("build")
        path: Path = ("services", name, "build")
        if isinstance(said, str) and " " not in said.strip() and not is_remote(said) and nearest(said, (REMOTE,)):
            hint = f"Did you mean {REMOTE}? HiveMind runs any other word as a program."
            message = f'"{said.strip()}" is read as a command'
            yield view.finding("H135", path, message, hint, severity=Severity.WARNING)
        size, own = mapping_of(said).get("size"), service.get("size", Service.size)
        if size is None or not isinstance(size, str):
            continue
        if not is_remote(said):
            message = f"services.{name} has a size for a build instance, but is built on this machine"
            yield view.finding("H136", (*path, "size"), message, "Add `where: remote`, or remove the size.")
        elif isinstance(own, str) and machine_of(size) != machine_of(own):
            message = f"{size} is {machine_of(size)}, but services.{name} runs on {own}, which is {machine_of(own)}"
            hint = f"For example: `size: {BUILD_SIZES[machine_of(own)]}`."
            yield view.finding("H137", (*path, "size"), message, hint)


def certificate(view: View) -> Iterator[Finding]:
    """A load balancer takes certificates of its own region only."""
    arn, region = view.data.get("certificate"), view.data.get("region")
    if isinstance(arn, str) and isinstance(region, str) and arn.count(":") >= 5 and arn.split(":")[3] != region:
        message = f"the certificate is in {arn.split(':')[3]}, but the deployment is in {region}"
        yield view.finding(
            "H133",
            ("certificate",),
            message,
            f"Request a certificate in {region}, or deploy to the region of this one.",
        )


def overrides(view: View) -> Iterator[Finding]:
    """Overrides are operations of JSON Patch (RFC 6902) with all that each needs."""
    said = view.data.get("overrides")
    for position, operation in enumerate(said if isinstance(said, list) else []):
        operation = mapping_of(operation)  # noqa: PLW2901
        op = str(operation.get("op"))  # what is no text is the schema's to refuse
        for missing in {"value"} if op in _NEEDS_VALUE else {"from"} if op in {"move", "copy"} else set():
            if missing not in operation:
                message = f'the operation "{op}" needs "{missing}"'
                yield view.finding("H120", ("overrides", position), message, f"Add `{missing}: ...`.")


def sizes_and_regions(view: View) -> Iterator[Finding]:
    """Sizes and regions that look right but are not in our lists are a warning: AWS adds some each month.

    RDS classes are known by their `db.`, ElastiCache node types by their `cache.`, whichever resource type they
    belong to.
    """
    said: list[tuple[Path, Any]] = [(("region",), view.data.get("region"))]
    for group in ("services", "resources"):
        for name, part in mapping_of(view.data.get(group)).items():
            size = mapping_of(part).get("size")
            if group == "services" or (isinstance(size, str) and size_prefix(size)):
                said.append(((group, name, "size"), size))
            if group == "services":
                building = mapping_of(mapping_of(part).get("build")).get("size")
                said.append(((group, name, "build", "size"), building))
    for path, text in said:
        if not isinstance(text, str):
            continue
        wrong = FORMATS[_SIZE_FORMATS[size_prefix(text)]](text) if path[0] == "resources" else None
        if wrong:
            yield view.finding(wrong.id, path, wrong.message.replace("{owner}", f"resources.{path[1]}"), wrong.hint)
        elif (near := unlisted(text)) is not None:
            code, what = ("H129", "region") if path == ("region",) else ("H104", "size")
            hint = f"Did you mean {near}?" if near else f"If AWS offers this {what}, you can ignore the warning."
            yield view.finding(
                code,
                path,
                f'this version of HiveMind does not know the {what} "{text}"',
                hint,
                severity=Severity.WARNING,
            )


def hours(view: View) -> Iterator[Finding]:
    """Nothing stops production at night."""
    if view.data.get("hours") is not None and view.stage != STAGE_1:
        message = f"hours of operation are for stage-1; environment {view.environment} is production"
        hint = f"Write `hours` into an environment with `stage: {STAGE_1}`."
        yield view.finding("H160", ("hours",), message, hint, key=True)


RULES: tuple[Callable[[View], Iterator[Finding]], ...] = (
    stack_name,
    needs,
    routes,
    health,
    jobs,
    data,
    environment_variables,
    credentials,
    checks,
    builds,
    certificate,
    https,
    hours,
    scaling,
    strategy,
    overrides,
    sizes_and_regions,
)
