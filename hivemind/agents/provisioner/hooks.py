"""The hooks that the provisioner implements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.agents.provisioner import artifacts, balancer, instances, network, postgres, ssh
from hivemind.agents.provisioner.review import review
from hivemind.hookspecs import hook
from hivemind.schemaparts import ResourceType, SchemaPart

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint
    from hivemind.findings import Finding
    from hivemind.template.fragment import Assembly, Fragment


@hook
def hivemind_schema() -> SchemaPart:
    """The resource type `postgres`."""
    return SchemaPart(
        resource_types={
            postgres.TYPE: ResourceType(
                schema=postgres.SCHEMA, description="A PostgreSQL database (Amazon RDS)", holds_data=True
            )
        }
    )


@hook
def hivemind_fragments(blueprint: Blueprint) -> tuple[Fragment, ...]:
    """Everything a deployment of services needs; the load balancer only where a service listens."""
    services = tuple(blueprint.services[name] for name in sorted(blueprint.services))
    return (
        network.fragment(blueprint),
        ssh.fragment(blueprint),
        artifacts.fragment(),
        *balancer.fragments(blueprint),
        *(instances.fragment(blueprint, service) for service in services),
        *(
            postgres.fragment(blueprint, blueprint.resources[name])
            for name in sorted(blueprint.resources)
            if blueprint.resources[name].type == postgres.TYPE
        ),
    )


@hook
def hivemind_lint(assembly: Assembly, blueprint: Blueprint) -> tuple[Finding, ...]:
    """What must hold in the final template, overrides included."""
    return review(assembly, blueprint)
