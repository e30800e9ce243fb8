"""The flow, stage by stage. Read this first.

    load      path                         -> Source
    validate  Source, schema parts         -> Blueprint | Findings
    resolve   Blueprint, repository        -> Blueprint
    assemble  Blueprint, fragments         -> Assembly
    lint      Assembly                     -> Findings
    plan      Assembly, Snapshot           -> Plan
    apply     Plan                         -> Revision      in `hivemind.agents.conductor`
    verify    Release, checks              -> Verdict       in `hivemind.agents.qa`

`check` runs the part that needs no cloud, up to lint; `planned` compares its outcome with what stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hivemind.blueprint.resolve import resolve
from hivemind.blueprint.source import load
from hivemind.blueprint.validate import validate
from hivemind.machine import home, memory
from hivemind.repositories.repository import read
from hivemind.template.assemble import assemble
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding, Place, Severity, in_order

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint
    from hivemind.blueprint.source import Source
    from hivemind.plan.model import Plan, Snapshot
    from hivemind.plugins.calling import PluginError
    from hivemind.plugins.loading import Plugins
    from hivemind.releases.sources import ReleaseSource
    from hivemind.repositories.repository import Repository
    from hivemind.template.fragment import Assembly
    from hivemind.values.artifact import Platform

BLUEPRINT_FILE = "hivemind.yaml"


@dataclass(frozen=True)
class Checked:
    """A blueprint that passed every check, with what was made of it. findings: warnings and remarks."""

    source: Source
    plugins: Plugins
    repository: Repository
    blueprint: Blueprint
    assembly: Assembly
    findings: tuple[Finding, ...]

    @property
    def folder(self) -> Path:
        """The folder of `hivemind.yaml`: what the paths in it are relative to."""
        return self.source.path.parent


def check(
    path: Path, plugins: Plugins, *, environment: str | None = None, region: str = "us-east-1", lint: bool = True
) -> Checked:
    """Everything that can be said without a cloud.

    path: of `hivemind.yaml`. region: for cfn-lint where the blueprint names none. lint: whether cfn-lint looks
    at the template. Raises FindingsError with all findings when one of them is an error, PluginError when a
    plugin fails.
    """
    source = load(path)
    _stop_at_errors(plugins.require(_plugin_names(source), lambda name: source.place(("plugins", name))))
    _stop_at_errors(_broken_project_plugin(plugins))
    parts = {part.plugin: part.result for part in plugins.collect("hivemind_schema")}
    try:
        blueprint, findings = validate(
            source, parts, environment=environment, accepted=_accepted(), distributions=plugins.described()
        )
    except FindingsError as error:
        raise FindingsError(plugins.placed(error.findings, "hivemind_schema")) from None
    repository = read(source.path.parent)
    detections, failures = _detections(blueprint, repository, plugins)
    blueprint, unknown = resolve(blueprint, detections)
    if plugins.others("hivemind_build"):  # which may know what to do without a runtime
        unknown = tuple(replace(one, severity=Severity.WARNING) if one.id == "H306" else one for one in unknown)
    unknown = (*unknown, *(failure.as_finding(Severity.WARNING) for failure in failures))
    _stop_at_errors(placed((*findings, *unknown), source))
    try:
        assembly = assembled(blueprint, plugins)
    except FindingsError as error:
        raise FindingsError(placed((*findings, *unknown, *error.findings), source)) from None
    remarks = (*findings, *unknown, *_lint(assembly, blueprint, plugins, region if lint else None))
    found = placed(remarks, source)
    _stop_at_errors(found)
    return Checked(source, plugins, repository, blueprint, assembly, found)


def assembled(blueprint: Blueprint, plugins: Plugins) -> Assembly:
    """The template that all plugins make together for a blueprint."""
    fragments = plugins.collect("hivemind_fragments", blueprint=blueprint)
    answers = [(one.plugin, one.result) for one in fragments]
    return assemble(blueprint, answers, distributions=plugins.described())


def planned(
    checked: Checked,
    snapshot: Snapshot,
    platform: Callable[[str, str], Platform],
    *,
    region: str,
    cloud: str,
    made_at: str,
    again: bool = False,
) -> tuple[Checked, Plan, Mapping[str, ReleaseSource]]:
    """What `apply` would do to what stands.

    snapshot: what stands, or was recorded, or `NOTHING`. platform: of an operating system and a size,
    in the cloud that is meant. again: whether every service is released again, as if nothing were.
    Returns the Checked with what the stack knows better (health check paths that were found by asking the
    application) and what was found on the way, the Plan, and what its releases are made of. Raises FindingsError for
    what no build could come of, and for changes that the cloud would refuse.
    """
    from hivemind.plan.make import make_plan
    from hivemind.releases.sources import release_sources

    checked = with_known_health_paths(checked, snapshot)
    sources = release_sources(checked.blueprint, checked.repository, checked.assembly.bindings, platform)
    digests = {name: source.digest for name, source in sources.items()}
    parts = {name: source.parts for name, source in sources.items()}
    made = make_plan(
        checked.blueprint,
        checked.assembly,
        snapshot,
        digests,
        made_at,
        region=region,
        cloud=cloud,
        parts=parts,
        again=again,
    )
    if made.builds:
        made = replace(made, built=_built(sources))
    found = placed(_of_plan(checked, made, platform), checked.source)
    _stop_at_errors(found)
    checked = replace(checked, findings=(*checked.findings, *found))
    return checked, made, sources


def _built(sources: Mapping[str, ReleaseSource]) -> tuple[str, ...]:
    """The services of which this machine has just what would be released."""
    from hivemind.builds.store import Store

    store = Store(home.home() / "artifacts")
    return tuple(name for name, source in sorted(sources.items()) if store.known(source.provenance.digest))


def _of_plan(checked: Checked, plan: Plan, platform: Callable[[str, str], Platform]) -> Iterator[Finding]:
    """Findings on what would be done; what stands and stays was looked at when it was made."""
    released = {change.service for change in plan.releases if change.needed}
    if released:
        from hivemind.agents.compiler.review import review

        blueprint = checked.blueprint
        services = {name: service for name, service in blueprint.services.items() if name in released}
        elsewhere = bool(checked.plugins.others("hivemind_build"))
        yield from review(replace(blueprint, services=services), checked.repository, platform, elsewhere=elsewhere)
    if plan.changes:
        from hivemind.plan.databases import refused_changes

        yield from refused_changes(plan, checked.assembly)


def with_known_health_paths(checked: Checked, snapshot: Snapshot) -> Checked:
    """Takes health check paths that neither blueprint nor Recon knows from the stack as it stands."""
    from hivemind.template.names import target_group

    known = snapshot.template.get("Resources", {})
    paths = {
        service.name: path
        for service in checked.blueprint.web_services
        if service.health.path is None
        and (path := known.get(target_group(service.name), {}).get("Properties", {}).get("HealthCheckPath"))
    }
    return with_health_paths(checked, paths)


def with_health_paths(checked: Checked, paths: Mapping[str, str]) -> Checked:
    """The same with these health check paths (service -> path) and the template that follows from them."""
    from hivemind.blueprint.model import Origin

    if not paths:
        return checked
    services = dict(checked.blueprint.services)
    for name, path in paths.items():
        services[name] = replace(services[name], health=replace(services[name].health, path=path))
    origins = {f"services.{name}.health.path": Origin("default", "found by asking the application") for name in paths}
    blueprint = checked.blueprint.with_services(services, origins)
    return replace(checked, blueprint=blueprint, assembly=assembled(blueprint, checked.plugins))


def placed(findings: Iterable[Finding], source: Source) -> tuple[Finding, ...]:
    """The findings in order, each with the place in the file that its blueprint path leads to."""
    return in_order(
        finding if finding.place or not finding.path else replace(finding, place=source.place(keys_of(finding.path)))
        for finding in findings
    )


def _detections(
    blueprint: Blueprint, repository: Repository, plugins: Plugins
) -> tuple[Mapping[str, list[tuple[str, Any]]], list[PluginError]]:
    found: dict[str, list[tuple[str, Any]]] = {}
    failed: list[PluginError] = []
    for name, service in sorted(blueprint.services.items()):
        contributions, failures = plugins.gather("hivemind_detect", repository=repository, path=service.path)
        found[name] = [(one.plugin, detection) for one in contributions for detection in one.result]
        failed += failures
    return found, failed


def _lint(assembly: Assembly, blueprint: Blueprint, plugins: Plugins, region: str | None) -> Iterator[Finding]:
    answers, failures = plugins.gather("hivemind_lint", assembly=assembly, blueprint=blueprint)
    for answer in answers:
        for finding in answer.result:
            yield replace(finding, plugin=answer.plugin) if finding.plugin == "hivemind" else finding
    for failure in failures:
        yield failure.as_finding(Severity.ERROR)
    if region is not None:
        from hivemind.lint import lint

        yield from lint(assembly, region=blueprint.region or region)


def _broken_project_plugin(plugins: Plugins) -> Iterator[Finding]:
    """The project's own plugin, where it can't be loaded: without it, what it had added would be taken away."""
    for plugin in plugins.list():
        if plugin.source == "project" and plugin.quarantined:
            message = f"this project's own plugin could not be loaded: {plugin.quarantined}"
            hint = f"Mend it, or do without what it adds: -p no:{plugin.name}"
            place = plugin.place or Place(plugin.module)
            yield Finding("H602", Severity.ERROR, message, place, hint, plugin=plugin.name)


def _plugin_names(source: Source) -> tuple[str, ...]:
    named = source.data.get("plugins") if isinstance(source.data, Mapping) else None
    return tuple(name for name in named if isinstance(name, str)) if isinstance(named, list | Mapping) else ()


def keys_of(path: str) -> tuple[str | int, ...]:
    """A dotted blueprint path (`services.web.env`) as keys."""
    return tuple(int(part) if part.isdigit() else part for part in path.split("."))


def _accepted() -> memory.Memory:
    from hivemind.machine.installed import judges

    return memory.of("schema", package=Path(__file__).with_name("blueprint"), needs=judges("jsonschema"))


def _stop_at_errors(findings: Iterable[Finding]) -> None:
    found = tuple(findings)
    if any(finding.is_error for finding in found):
        raise FindingsError(found)
