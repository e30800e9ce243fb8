"""Every hook, by stage. Built-in agents and third-party plugins implement these and nothing else.

Rules for all: arguments are frozen all the way down: changing one raises TypeError. An answer is checked
against the annotation here, all the way down; several are a tuple, never a generator. The order in which
plugins are called means nothing. What a hook raises is reported with the plugin's name, distribution and
version, the hook, and the line of the plugin, and stops the run only where it says so here. A hook runs on a
thread of its own and has a deadline (DEADLINES); after it, it counts as one that raised, its thread is left
behind, and the plugin is not called again in this run. What it prints goes to standard error. Unless it says
otherwise, a hook must not touch the outside: no files, no network, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

import pluggy

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint, Service
    from hivemind.builds.place import BuildPlace
    from hivemind.detections.detection import Detection
    from hivemind.releases.release import Check, Release
    from hivemind.repositories.repository import Repository
    from hivemind.steps.run import Apply, Destroy
    from hivemind.steps.step import Step
    from hivemind.template.fragment import Assembly, Fragment
    from hivemind.values.artifact import Artifact, Platform
    from hivemind.values.events import Event
    from hivemind.values.findings import Finding
    from hivemind.values.schemaparts import SchemaPart
    from hivemind.values.signatures import Signature

hookspec = pluggy.HookspecMarker("hivemind")
hook = pluggy.HookimplMarker("hivemind")
"""Marks a plugin's implementation of a hook: `from hivemind import hook`."""

USUAL = 60.0
"""Seconds that a hook may take for one call, where its specification names no others."""
DEADLINES: dict[str, float] = {}
"""Hook -> seconds that one call of it may take, for those that say so by `deadline`."""
Hook = TypeVar("Hook", bound=Callable[..., object])


def deadline(seconds: float) -> Callable[[Hook], Hook]:
    """Marks a hook's specification: one call of it may take so many seconds."""

    def mark(specification: Hook) -> Hook:
        DEADLINES[specification.__name__] = seconds
        return specification

    return mark


# load, validate


@hookspec
@deadline(10)
def hivemind_schema() -> SchemaPart | None:
    """Resource types, check kinds and options that this plugin adds to `hivemind.yaml`.

    Called once a run, before the blueprint is validated; may take 10 seconds. Names of types and kinds are letters,
    digits, `-`, `_` and `.`; schemas that are no JSON Schema are finding H125. Raising stops the run.
    """


# resolve


@hookspec
@deadline(120)
def hivemind_detect(repository: Repository, path: str) -> tuple[Detection, ...]:  # type: ignore[empty-body]
    """What this plugin can tell about the application in folder `path` of the repository.

    Called once a service; may take 2 minutes. May read files through `repository` only. Raising is reported as a
    warning; the other plugins' answers stand.
    """


# plan


@hookspec
@deadline(10)
def hivemind_runtimes() -> tuple[str, ...]:  # type: ignore[empty-body]
    """What this plugin's `hivemind_build` builds: first words of `runtime`, such as `perl`; `static` for pages.

    Called in each plan, and may take 10 seconds. By it a plan knows which services no plugin builds, and whose change
    builds a service anew. A plugin that builds and says nothing here may build any service; one that builds another
    than it says is an error. Raising stops the run.
    """


@hookspec
@deadline(120)
def hivemind_review(  # type: ignore[empty-body]
    blueprint: Blueprint, repository: Repository, platforms: Mapping[str, Platform]
) -> tuple[Finding, ...]:
    """Findings on what is to be built and released, before anything begins; those of severity error stop the flow.

    blueprint: with those services alone that get a release. platforms: what each is built for, by its name. Called in
    a plan that releases something; may take 2 minutes, read files through `repository` and ask programs of this
    machine. Ids are the plugin's own. Raising becomes finding H603, an error.
    """


# build


@hookspec(firstresult=True)
@deadline(10800)
def hivemind_build(service: Service, repository: Repository, place: BuildPlace) -> Artifact | None:
    """Builds a service for `place.platform`, or None where this plugin does not know the runtime.

    place: this machine, or a build instance (`build: remote`); `build_with_commands` builds on both. The first answer
    counts; third parties are asked before the built-in compiler. May run programs and use the network, for at most 3
    hours. Raising stops the run at stage build.
    """


# assemble, lint


@hookspec
@deadline(30)
def hivemind_fragments(blueprint: Blueprint) -> tuple[Fragment, ...]:  # type: ignore[empty-body]
    """What this plugin adds to the template. Two owners of one logical id are an error naming both.

    Asked once more for the stack of build instances: `blueprint.builds`; fragments with a path `builds`, or below it,
    count then. Must be pure: same blueprint, same fragments. May take 30 seconds. What is in a fragment is JSON data.
    Raising stops the run.
    """


@hookspec
@deadline(60)
def hivemind_lint(assembly: Assembly, blueprint: Blueprint) -> tuple[Finding, ...]:  # type: ignore[empty-body]
    """Findings on the assembled template; those of severity error stop the flow. May take 1 minute. Ids are the
    plugin's own: those like H104 are HiveMind's, those like E3012 cfn-lint's. Raising becomes finding H603, an error.
    """


# apply, destroy, rollback


@hookspec
@deadline(30)
def hivemind_steps(run: Apply | Destroy) -> tuple[Step, ...]:  # type: ignore[empty-body]
    """The steps that this plugin adds to an apply or a destroy.

    Called when the plan is made, and again before the first effect, with a run that says what is to be done; what a
    step can reach while it runs is in the Context that `Step.run` gets. `Step.needs` and `Step.before` name milestones
    (`hivemind.milestones`). Unknown milestones, circles, and two owners of one step name are errors that name the
    plugins. Must be pure: same run, same steps. Takes 30 seconds
    at most. Raising stops the run before anything is changed.
    """


# verify


@hookspec
@deadline(30)
def hivemind_checks(release: Release) -> tuple[Check, ...]:  # type: ignore[empty-body]
    """Checks to run on a release after it receives traffic, and again at `hivemind verify`.

    May take 30 seconds; the checks themselves have 2 minutes in all, together with those of other plugins. Raising,
    here or in a check, is a failed check that names the plugin: the others run, and verify fails.
    """


# diagnose


@hookspec
@deadline(10)
def hivemind_diagnose() -> tuple[Signature, ...]:  # type: ignore[empty-body]
    """How failures read that this plugin knows of, and what to do about them.

    Called once a run that failed, before its error is shown; may take 10 seconds. Signatures are data: HiveMind looks
    for them in what the cloud, an application or a build said. Raising is reported as a warning; the failure is
    explained by the others.
    """


# any time


@hookspec
@deadline(5)
def hivemind_event(event: Event) -> None:
    """Called with each event once it is in the journal, in their order, while the run goes on.

    May touch the outside, for at most 5 seconds a call; one that takes longer gets no more events. A run that ends
    waits at most 10 seconds for listeners that are behind: they hear no mere progress then, and after 5 seconds the
    last event alone, which says how the run ended. Raising is reported once as a warning and changes nothing.
    """
