"""The hooks that the compiler implements. What they take is imported when they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.hookspecs import hook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hivemind.blueprint.model import Blueprint, Service
    from hivemind.builds.place import BuildPlace
    from hivemind.repositories.repository import Repository
    from hivemind.steps.run import Apply, Destroy
    from hivemind.steps.step import Step
    from hivemind.values.artifact import Artifact, Platform
    from hivemind.values.findings import Finding
    from hivemind.values.signatures import Signature


@hook
def hivemind_build(service: Service, repository: Repository, place: BuildPlace) -> Artifact | None:
    """Services of the languages in `languages.table`; None for other runtimes."""
    from hivemind.agents.compiler.languages.table import language_of
    from hivemind.builds.building import build

    language = language_of(service)
    return None if language is None else build(service, repository, place, language)


@hook
def hivemind_steps(run: Apply | Destroy) -> tuple[Step, ...]:
    """Builds, and build instances; in any run: what an earlier one left of these."""
    from hivemind.agents.compiler.steps import steps

    return tuple(steps(run))


@hook
def hivemind_runtimes() -> tuple[str, ...]:
    """The languages in `languages.table`."""
    from hivemind.agents.compiler.languages.table import LANGUAGES

    return tuple(LANGUAGES)


@hook
def hivemind_review(
    blueprint: Blueprint, repository: Repository, platforms: Mapping[str, Platform]
) -> tuple[Finding, ...]:
    """Versions, locks, and programs of the machine that builds: H501 to H505."""
    from hivemind.agents.compiler.review import review

    return review(blueprint, repository, platforms)


@hook
def hivemind_diagnose() -> tuple[Signature, ...]:
    """Complaints of compilers and package managers."""
    from hivemind.builds.build_causes import SIGNATURES

    return SIGNATURES
