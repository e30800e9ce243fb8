"""The hooks that the provisioner implements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.agents.provisioner import (
    artifacts,
    balancer,
    buildstack,
    first_boot,
    generated,
    hours,
    https,
    instances,
    network,
    offered,
    ssh,
)
from hivemind.agents.provisioner.review import review
from hivemind.hookspecs import hook
from hivemind.values.schemaparts import SchemaPart

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint
    from hivemind.steps.run import Apply, Destroy
    from hivemind.steps.step import Step
    from hivemind.template.fragment import Assembly, Fragment
    from hivemind.values.findings import Finding
    from hivemind.values.signatures import Signature


@hook
def hivemind_schema() -> SchemaPart:
    """The resource types that come with HiveMind."""
    return SchemaPart(resource_types=offered.resource_types())


@hook
def hivemind_fragments(blueprint: Blueprint) -> tuple[Fragment, ...]:
    """Everything a deployment of services needs, the load balancer only where a service listens; or a build stack."""
    if blueprint.builds:
        return buildstack.fragments(blueprint)
    services = tuple(blueprint.services[name] for name in sorted(blueprint.services))
    parts = (
        network.fragment(blueprint),
        ssh.fragment(blueprint),
        artifacts.fragment(),
        *balancer.fragments(blueprint),
        *https.fragments(blueprint),
        *(instances.fragment(blueprint, service) for service in services),
        *generated.fragments(blueprint),
        *offered.fragments(blueprint),
    )
    return hours.with_hours(blueprint, (*parts, *first_boot.access(blueprint, parts)))


@hook
def hivemind_lint(assembly: Assembly, blueprint: Blueprint) -> tuple[Finding, ...]:
    """What must hold in the final template, overrides included."""
    return (*review(assembly, blueprint), *offered.unusable(blueprint))


@hook
def hivemind_steps(run: Apply | Destroy) -> tuple[Step, ...]:
    """The stack and the health check path; in a destroy: the stack's deletion."""
    from hivemind.agents.provisioner.steps import steps

    return tuple(steps(run))


@hook
def hivemind_diagnose() -> tuple[Signature, ...]:
    """Reasons for which AWS refuses a resource."""
    from hivemind.deploy.stack_causes import SIGNATURES

    return SIGNATURES
