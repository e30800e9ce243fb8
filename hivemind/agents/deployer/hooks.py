"""The hooks that the deployer implements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.hookspecs import hook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hivemind.blueprint.model import Blueprint
    from hivemind.repositories.repository import Repository
    from hivemind.steps.run import Apply, Destroy
    from hivemind.steps.step import Step
    from hivemind.template.fragment import Assembly
    from hivemind.values.artifact import Platform
    from hivemind.values.findings import Finding
    from hivemind.values.signatures import Signature


@hook
def hivemind_lint(assembly: Assembly, blueprint: Blueprint) -> tuple[Finding, ...]:
    """Bindings that the deployer, who makes applications' environments out of them, could not fill, variables that
    two of them set, and blue-green for what turns out to be a worker."""
    from hivemind.agents.deployer.switchable import unswitchable
    from hivemind.releases.bindings import bound_twice, unfillable

    return (*unfillable(assembly), *bound_twice(assembly, blueprint), *unswitchable(blueprint))


@hook
def hivemind_review(
    blueprint: Blueprint, repository: Repository, platforms: Mapping[str, Platform]
) -> tuple[Finding, ...]:
    """Data beside the code, which a release would lose: H307."""
    del platforms
    from hivemind.agents.deployer.losing import losing

    return tuple(losing(blueprint, repository))


@hook
def hivemind_steps(run: Apply | Destroy) -> tuple[Step, ...]:
    """Upload, prepare, release and traffic; in a destroy: draining."""
    from hivemind.agents.deployer.steps import steps

    return tuple(steps(run))


@hook
def hivemind_diagnose() -> tuple[Signature, ...]:
    """Last words of applications that end or answer no health check."""
    from hivemind.hosts.application_causes import SIGNATURES

    return SIGNATURES
