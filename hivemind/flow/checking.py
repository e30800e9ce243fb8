"""Checks a project: everything that can be said about a blueprint without a cloud.

load      path                         -> Source
validate  Source, schema parts         -> Blueprint | Findings
resolve   Blueprint, repository        -> Blueprint
assemble  Blueprint, fragments         -> Assembly
lint      Assembly                     -> Findings
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hivemind.blueprint.rescaling import rescaled
from hivemind.blueprint.resolve import resolve
from hivemind.blueprint.scaled import Scaled
from hivemind.blueprint.source import keys_of, load
from hivemind.blueprint.validate import validate
from hivemind.deploy.lease import who
from hivemind.flow import regions
from hivemind.flow.leaving_out import left_out
from hivemind.flow.unreachable import unreachable
from hivemind.machine import memory
from hivemind.repositories.repository import read
from hivemind.template.assemble import assemble
from hivemind.template.scaled import with_scaled
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding, Place, Severity, in_order

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint
    from hivemind.blueprint.source import Source
    from hivemind.blueprint.strategy import Colour
    from hivemind.plugins.calling import PluginError
    from hivemind.plugins.loading import Plugins
    from hivemind.repositories.repository import Repository
    from hivemind.template.fragment import Assembly


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


def check(path: Path, plugins: Plugins, *, environment: str | None = None, lint: bool = True) -> Checked:
    """Everything that can be said without a cloud.

    path: of `hivemind.yaml`. lint: whether cfn-lint looks at the template, for the region that it goes to. Raises
    FindingsError with all findings when one of them is an error, PluginError when a plugin fails.
    """
    source = load(path)
    stop_at_errors(plugins.require(_plugin_names(source), lambda name: source.place(("plugins", name))))
    stop_at_errors(_broken_project_plugin(plugins))
    parts = {part.plugin: part.result for part in plugins.collect("hivemind_schema")}
    try:
        blueprint, findings = validate(
            source, parts, environment=environment, accepted=_accepted(), distributions=plugins.described()
        )
    except FindingsError as error:
        raise FindingsError(plugins.placed(error.findings, "hivemind_schema")) from None
    repository = read(source.path.parent)
    absent = tuple(left_out(repository, (service.path for service in blueprint.services.values()), source.path))
    stop_at_errors((*findings, *absent))
    findings = (*findings, *absent)
    detections, failures = _detections(blueprint, repository, plugins)
    blueprint, unknown = resolve(blueprint, detections)
    if plugins.others("hivemind_build"):  # which may know what to do without a runtime
        unknown = tuple(replace(one, severity=Severity.WARNING) if one.id == "H306" else one for one in unknown)
    unknown = (*unknown, *(failure.as_finding(Severity.WARNING) for failure in failures), *regions.findings(blueprint))
    if blueprint.cloud != "local":
        unknown = (*unknown, *unreachable(blueprint, Severity.WARNING))
    stop_at_errors(placed((*findings, *unknown), source))
    try:
        assembly = assembled(blueprint, plugins)
    except FindingsError as error:
        raise FindingsError(placed((*findings, *unknown, *error.findings), source)) from None
    remarks = (*findings, *unknown, *_lint(assembly, blueprint, plugins, lint=lint))
    found = placed(remarks, source)
    stop_at_errors(found)
    return Checked(source, plugins, repository, blueprint, assembly, found)


def assembled(blueprint: Blueprint, plugins: Plugins) -> Assembly:
    """The template that all plugins make together for a blueprint."""
    fragments = plugins.collect("hivemind_fragments", blueprint=blueprint)
    answers = [(one.plugin, one.result) for one in fragments]
    return with_scaled(assemble(blueprint, answers, distributions=plugins.described()), blueprint.scaled)


def with_health_paths(checked: Checked, paths: Mapping[str, str]) -> Checked:
    """The same with these health check paths (service -> path) and the template that follows from them."""
    if not paths:
        return checked
    blueprint = checked.blueprint.with_health_paths(paths)
    return replace(checked, blueprint=blueprint, assembly=assembled(blueprint, checked.plugins))


def with_scale(
    checked: Checked, kept: Mapping[str, Scaled], wanted: Mapping[str, int | None], *, since: str
) -> Checked:
    """The same with numbers of instances that a person set, and the template that follows from them. Parameters are
    those of `blueprint.scaled.rescaled`."""
    if not kept and not wanted:
        return checked
    blueprint = rescaled(checked.blueprint, kept, wanted, by=who(), since=since)
    if blueprint == checked.blueprint:
        return checked
    return replace(checked, blueprint=blueprint, assembly=assembled(blueprint, checked.plugins))


def with_colours(checked: Checked, colours: Mapping[str, Colour]) -> Checked:
    """The same with these instances meant (service -> colour) and the template that follows from them."""
    services = checked.blueprint.services
    if all(services[name].colour is colour for name, colour in colours.items()):
        return checked
    blueprint = checked.blueprint.with_colours(colours)
    return replace(checked, blueprint=blueprint, assembly=assembled(blueprint, checked.plugins))


def with_findings(checked: Checked, found: Iterable[Finding]) -> Checked:
    """The same with more findings. Raises FindingsError where one of them is an error."""
    more = placed(found, checked.source)
    stop_at_errors(more)
    return replace(checked, findings=(*checked.findings, *more))


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


def _lint(assembly: Assembly, blueprint: Blueprint, plugins: Plugins, *, lint: bool) -> Iterator[Finding]:
    answers, failures = plugins.gather("hivemind_lint", assembly=assembly, blueprint=blueprint)
    for answer in answers:
        for finding in answer.result:
            yield replace(finding, plugin=answer.plugin) if finding.plugin == "hivemind" else finding
    for failure in failures:
        yield failure.as_finding(Severity.ERROR)
    if lint:
        from hivemind.lint import lint as cfn_lint

        yield from cfn_lint(assembly, region=regions.effective(blueprint).name)


def _broken_project_plugin(plugins: Plugins) -> Iterator[Finding]:
    """The project's own plugin, where it can't be loaded: without it, what it had added would be taken away."""
    for plugin in plugins.list():
        if plugin.source == "project" and plugin.quarantined:
            message = f"cannot load this project's plugin: {plugin.quarantined}"
            hint = f"Fix it, or run without it: -p no:{plugin.name}"
            place = plugin.place or Place(plugin.module)
            yield Finding("H602", Severity.ERROR, message, place, hint, plugin=plugin.name)


def _plugin_names(source: Source) -> tuple[str, ...]:
    named = source.data.get("plugins") if isinstance(source.data, Mapping) else None
    return tuple(name for name in named if isinstance(name, str)) if isinstance(named, list | Mapping) else ()


def _accepted() -> memory.Memory:
    from hivemind.machine.installed import judges

    return memory.of("schema", package=Path(__file__).parents[1] / "blueprint", needs=judges("jsonschema"))


def stop_at_errors(findings: Iterable[Finding]) -> None:
    """Raises FindingsError with all of them where one is an error."""
    found = tuple(findings)
    if any(finding.is_error for finding in found):
        raise FindingsError(found)
