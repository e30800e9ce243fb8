"""The build stack's own blueprint, and which fragments make its template. Pure.

It is a stack beside the deployment's: it comes and goes without a change set, and whatever a build does in it, nothing
of the deployment is in reach.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

from hivemind.blueprint import access
from hivemind.blueprint.model import EMPTY, Blueprint, DeploymentStage, Service, ServiceKind
from hivemind.template.fragment import Fragment

PATH = "builds"
"""Path, alone or followed by a dot and more, of the fragments that belong to a build stack. Others are left out: a
plugin that adds to deployments alone needs to know nothing of build stacks."""


def blueprint_of(blueprint: Blueprint, services: Iterable[Service]) -> Blueprint:
    """What a build stack needs, as `hivemind_fragments` is asked for it.

    blueprint: of the deployment that it builds for. services: those to be built, with `build_on`. Their instances are
    of that size, find nothing of the deployment's environment, and reach the internet for dependencies.
    """
    return replace(
        blueprint,
        builds=True,
        stage=DeploymentStage.STAGE_1,
        services=MappingProxyType({service.name: _worker(service) for service in services}),
        resources=EMPTY,
        checks=(),
        overrides=(),
        certificate=None,
        network=replace(blueprint.network, egress="nat", ssh_endpoint=_way_in(blueprint)),
    )


def _way_in(blueprint: Blueprint) -> str:
    """The deployment's own; an endpoint of another network is not routed to the build stack's."""
    return access.NONE if access.ssh_endpoint(blueprint) == access.NONE else access.OWN


def chosen(fragments: Iterable[Fragment]) -> tuple[Fragment, ...]:
    """Those of a plugin's fragments that belong to a build stack."""
    return tuple(one for one in fragments if one.path == PATH or one.path.startswith(f"{PATH}."))


def _worker(service: Service) -> Service:
    return replace(
        service,
        kind=ServiceKind.WORKER,
        size=service.build_on or service.size,
        instances=1,
        env=EMPTY,
        secrets=EMPTY,
        needs=(),
        routes=(),
    )
