"""Plans: compares what a project comes to with what stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hivemind.blueprint.rescaling import words
from hivemind.flow.builders import Builders, builders, review
from hivemind.flow.checking import Checked, placed, stop_at_errors, with_colours, with_health_paths, with_scale
from hivemind.flow.deployments import left_behind
from hivemind.flow.saving import savings, with_proposals, with_stage_1
from hivemind.machine import home
from hivemind.plan.colours import present, turned, without_others
from hivemind.plan.make import make_plan
from hivemind.releases.health_path import ASKED
from hivemind.releases.sources import release_sources
from hivemind.template.maintenance import with_maintenance
from hivemind.template.names import target_group
from hivemind.template.scaled import scaled_in
from hivemind.template.tags import with_deployed_tags

if TYPE_CHECKING:
    from hivemind.plan.model import Plan, Snapshot
    from hivemind.releases.sources import ReleaseSource
    from hivemind.template.fragment import Assembly
    from hivemind.values.artifact import Platform
    from hivemind.values.findings import Finding

NOTHING_WANTED: Mapping[str, int | None] = MappingProxyType({})


def planned(
    checked: Checked,
    snapshot: Snapshot,
    platform: Callable[[str, str], Platform],
    *,
    region: str,
    cloud: str,
    made_at: str,
    again: bool = False,
    scale: Mapping[str, int | None] = NOTHING_WANTED,
) -> tuple[Checked, Plan, Mapping[str, ReleaseSource]]:
    """What `apply` would do to what stands.

    snapshot: what stands, or was recorded, or `NOTHING`. platform: of an operating system and a size,
    in the cloud that is meant. again: whether every service is released again, as if nothing were. scale: service ->
    number of instances that a person wants, None for that of the blueprint.
    Returns the Checked with what the stack knows better (health check paths that were found by asking the application,
    the colours of instances) and what was found on the way, the Plan, and what its releases are made of. Raises
    FindingsError for what no build could come of, and for changes that the cloud would refuse.
    """
    scaled = scaled_in(snapshot.template)
    checked = with_known_health_paths(with_scale(checked, scaled, scale, since=made_at), snapshot)
    checked = as_deployed(with_colours(checked, present(checked.blueprint, snapshot)), snapshot)
    who = builders(checked.plugins)
    sources = release_sources(
        checked.blueprint, checked.repository, checked.assembly.bindings, platform, who.digests_of
    )
    digests = {name: source.digest for name, source in sources.items()}
    parts = {name: source.parts for name, source in sources.items()}

    def made_for(checked: Checked) -> Plan:
        return make_plan(
            checked.blueprint,
            checked.assembly,
            without_others(checked.blueprint, snapshot),
            digests,
            made_at,
            region=region,
            cloud=cloud,
            parts=parts,
            again=again,
        )

    made = made_for(checked)
    if turns := turned(checked.blueprint, snapshot, made):
        checked = as_deployed(with_colours(checked, turns), snapshot)
        made = made_for(checked)
    made = replace(made, scaled=tuple(words(checked.blueprint, scaled)))
    if made.builds:
        made = replace(made, built=_built(sources))
    if snapshot.status is None:
        made = replace(made, left_behind=left_behind(checked.source.path, checked.blueprint.environment, cloud))
    if not made.empty:
        made = _with_steps(checked, made, snapshot, sources)
    if cloud == "aws":
        made = with_stage_1(checked, made)
    found = placed(_of_plan(checked, made, snapshot, platform, who), checked.source)
    stop_at_errors(found)
    checked = replace(checked, findings=(*checked.findings, *found))
    return checked, with_proposals(made, found), sources


def _with_steps(checked: Checked, plan: Plan, snapshot: Snapshot, sources: Mapping[str, ReleaseSource]) -> Plan:
    """The plan with the steps that plugins of others add to the apply."""
    from hivemind.flow.collecting import collected
    from hivemind.flow.recording import record_step
    from hivemind.flow.run import told
    from hivemind.plan.digest import with_digest

    run = told(checked, plan, snapshot, sources)
    steps = collected(run, checked.plugins, own=(record_step(run),)).of_others
    return with_digest(replace(plan, steps=steps)) if steps else plan


def _built(sources: Mapping[str, ReleaseSource]) -> tuple[str, ...]:
    """The services of which this machine has just what would be released."""
    from hivemind.builds.store import Store

    store = Store(home.home() / "artifacts")
    return tuple(name for name, source in sorted(sources.items()) if store.known(source.provenance.digest))


def _of_plan(
    checked: Checked, plan: Plan, snapshot: Snapshot, platform: Callable[[str, str], Platform], who: Builders
) -> Iterator[Finding]:
    """Findings on what would be done; what stands and stays was looked at when it was made."""
    released = {change.service for change in plan.releases if change.needed}
    if released:
        services = checked.blueprint.services
        platforms = {name: platform(services[name].os, services[name].size) for name in released}
        yield from review(checked.blueprint, released, checked.repository, platforms, plugins=checked.plugins, who=who)
    if plan.changes:
        from hivemind.plan.databases import refused_changes
        from hivemind.plan.refusals import refused_replacements
        from hivemind.plan.restoring import restoring

        yield from refused_changes(plan, checked.assembly)
        yield from refused_replacements(plan, checked.assembly, snapshot)
        yield from restoring(plan)
    yield from savings(checked, plan, platform, who)


def as_deployed(checked: Checked, snapshot: Snapshot) -> Checked:
    """The same with what an apply takes over from the template that is deployed: tags that cannot change, and the
    maintenance page."""
    return replace(checked, assembly=taken_over(checked.assembly, snapshot.template))


def taken_over(assembly: Assembly, deployed: Mapping[str, Any]) -> Assembly:
    """The assembly with what it has of the deployed template, whatever the blueprint says."""
    return with_maintenance(with_deployed_tags(assembly, deployed), deployed)


def with_known_health_paths(checked: Checked, snapshot: Snapshot) -> Checked:
    """Takes health check paths that neither blueprint nor Recon knows from the stack as it stands: those that asking
    the application can have come to. Another one is what the blueprint or the code said before, and says no more."""
    known = snapshot.template.get("Resources", {})
    paths = {
        service.name: path
        for service in checked.blueprint.web_services
        if service.health.path is None
        and (path := known.get(target_group(service.name), {}).get("Properties", {}).get("HealthCheckPath")) in ASKED
    }
    return with_health_paths(checked, paths)
