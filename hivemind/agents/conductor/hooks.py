"""The hook that the conductor implements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.hookspecs import hook

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint
    from hivemind.template.fragment import Assembly
    from hivemind.values.findings import Finding


@hook
def hivemind_lint(assembly: Assembly, blueprint: Blueprint) -> tuple[Finding, ...]:
    """Parameters of the template that the conductor, who hands their values over, has no value for."""
    del blueprint
    from hivemind.deploy.parameters import unfilled

    return tuple(unfilled(assembly))
