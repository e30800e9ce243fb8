"""Services for which nothing can be switched, although they ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hivemind.blueprint.strategy import Way
from hivemind.values.findings import Finding, Severity

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint


def unswitchable(blueprint: Blueprint) -> Iterator[Finding]:
    """H170 where a service without a kind in the blueprint is a worker, as Recon found."""
    for service in blueprint.services.values():
        if service.strategy.way is Way.BLUE_GREEN and not service.is_web:
            yield Finding(
                "H170",
                Severity.ERROR,
                f"blue-green switches requests from one set of instances to another, and services.{service.name}, "
                "a worker, gets none",
                hint="Write `strategy: rolling` or `strategy: recreate`; or `kind: web`, if it listens on a port.",
                path=f"services.{service.name}.strategy",
            )
