"""From an Assembly to Findings: cache, worker or this process, and each remark traced to who is responsible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hivemind.lint import cache, client
from hivemind.lint.explained import explained
from hivemind.lint.matches import DeadlineError, Match
from hivemind.template import limits
from hivemind.template.fragment import Assembly, Owner
from hivemind.template.resource_types import REFERENCE_REGION, region_names
from hivemind.values.findings import Finding, Severity, in_order

DEADLINE = 60.0
SEVERITIES: Mapping[str, Severity] = {"E": Severity.ERROR, "W": Severity.WARNING, "I": Severity.INFO}

FIELDS: Mapping[tuple[str, str], str] = {
    ("AWS::EC2::Instance", "InstanceType"): "size",
    ("AWS::EC2::Instance", "BlockDeviceMappings"): "disk",
    ("AWS::ElastiCache::ReplicationGroup", "CacheNodeType"): "size",
    ("AWS::ElastiCache::ReplicationGroup", "EngineVersion"): "version",
    ("AWS::ElastiCache::ReplicationGroup", "SnapshotRetentionLimit"): "backup",
    ("AWS::ElasticLoadBalancingV2::ListenerRule", "Conditions"): "routes",
    ("AWS::RDS::DBInstance", "AllocatedStorage"): "storage",
    ("AWS::RDS::DBInstance", "BackupRetentionPeriod"): "backup",
    ("AWS::RDS::DBInstance", "DBInstanceClass"): "size",
    ("AWS::RDS::DBInstance", "EngineVersion"): "version",
}
"""Properties that come from one field of the blueprint part which owns the resource."""


def lint(
    assembly: Assembly,
    *,
    region: str | None = None,
    regions: Sequence[str] = (),
    worker: bool = True,
    deadline: float = DEADLINE,
) -> tuple[Finding, ...]:
    """cfn-lint's findings on a template, with the plugin and the blueprint path that each comes from.

    region, regions: where it is to be deployed; those that cfn-lint does not know are left out, and with none left
    the reference region counts. worker: whether a resident process may be used and left running; never in CI and where
    `HIVEMIND_NO_WORKER` is set. deadline: seconds after which linting is given up, with a warning.
    """
    template = assembly.text
    places = tuple(sorted(region_names() & {region, *regions})) or (REFERENCE_REGION,)
    try:
        matches = _matches(template, places, worker=worker, deadline=deadline)
    except DeadlineError:
        late = Finding(
            "H440",
            Severity.WARNING,
            f"cfn-lint did not finish within {deadline:.0f} s; HiveMind uses the template without its results",
            hint="Nested conditions make it slow. Simplify overrides or the fragments of plugins.",
        )
        return in_order([late, *limits.exceeded(assembly.template, template)])
    except Exception as error:  # noqa: BLE001  - a defect of cfn-lint must not keep a good template from being used
        failed = Finding(
            "E0002",
            Severity.WARNING,
            f"cfn-lint failed ({type(error).__name__}: {error}); HiveMind uses the template without its results",
            hint="Check what overrides and plugins add to the template: `hivemind template`.",
        )
        return in_order([failed, *limits.exceeded(assembly.template, template)])
    shown = (match for match in matches if explained(match) is None)
    return in_order([*_traced(assembly, shown), *limits.exceeded(assembly.template, template)])


def _matches(template: str, regions: Sequence[str], *, worker: bool, deadline: float) -> tuple[Match, ...]:
    known = cache.recall(template, regions)
    if known is not None:
        return known
    matches = client.ask(template, regions, deadline=deadline) if worker and client.wanted() else None
    if matches is None:
        from hivemind.lint import engine

        matches = engine.run(template, regions, deadline=deadline)
    cache.remember(template, regions, matches)
    return matches


def _traced(assembly: Assembly, matches: Iterable[Match]) -> Iterable[Finding]:
    for match in matches:
        section, name, *rest = (*match.path, "", "")[: max(len(match.path), 2)]
        owner = assembly.responsible(*match.path)
        kind = assembly.resources.get(name, {}).get("Type") if section == "Resources" else None
        where = name + (f" ({kind})" if kind else "") + (f" {'.'.join(rest)}" if rest else "")
        yield Finding(
            match.rule,
            SEVERITIES.get(match.rule[:1], Severity.WARNING),
            f"{where}: {match.message}" if where else match.message,
            hint=match.link or None,
            plugin=owner.plugin,
            path=_field(owner, str(kind), rest),
        )


def _field(owner: Owner, kind: str, rest: Sequence[str]) -> str:
    field = FIELDS.get((kind, rest[1])) if len(rest) > 1 and rest[0] == "Properties" else None
    return f"{owner.path}.{field}" if field and owner.path.count(".") == 1 else owner.path
