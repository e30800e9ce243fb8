"""Ports where all instances share one machine: what does not read PORT can run there only once."""

from __future__ import annotations

from collections.abc import Iterator

from hivemind.blueprint.model import Blueprint, Service
from hivemind.values.findings import Finding, Severity


def collisions(blueprint: Blueprint) -> Iterator[Finding]:
    """A finding for each service with a port of its own in its code and more than one instance."""
    for service in blueprint.web_services:
        count = service.scaling.most if service.scaling else service.instances
        if count > 1 and not reads_port(blueprint, service):
            yield Finding(
                "H434",
                Severity.ERROR,
                f"services.{service.name} has {count} instances, and listens on port {service.port} "
                "without reading PORT, but all instances share the ports of this machine",
                hint="Let the start command use `$PORT`, or write `instances: 1`.",
                plugin="deployer",
                path=f"services.{service.name}.instances",
            )


def reads_port(blueprint: Blueprint, service: Service) -> bool:
    """Whether the service listens where PORT says, as far as its start command and Recon's evidence tell."""
    if service.kind == "static" or "PORT" in (service.start or ""):
        return True
    origin = blueprint.origins.get(f"services.{service.name}.port")
    return origin is not None and "PORT" in origin.evidence
