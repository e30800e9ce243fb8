"""Every hook, by stage. Built-in agents and third-party plugins implement these hooks and nothing else.

These rules hold for all hooks. Arguments are deeply frozen: changing one raises TypeError. HiveMind checks a result
deeply against the annotation here; several values are a tuple, never a generator. The order in which HiveMind calls
plugins has no meaning. When a hook raises, HiveMind reports the plugin's name, distribution and version, the hook, and
the line in the plugin; the run stops only where the hook's description says so. A hook runs on a thread of its own and
has a deadline (DEADLINES). After the deadline, the hook counts as one that raised; HiveMind abandons its thread and
does not call the plugin again in this run. What a hook prints goes to standard error. Unless its description says
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
"""Seconds that one call of a hook may take, unless its specification says otherwise."""
DEADLINES: dict[str, float] = {}
"""Hook -> seconds that one call may take, for hooks marked with `deadline`."""
Hook = TypeVar("Hook", bound=Callable[..., object])


def deadline(seconds: float) -> Callable[[Hook], Hook]:
    """Marks a hook's specification: one call may take this many seconds."""

    def mark(specification: Hook) -> Hook:
        DEADLINES[specification.__name__] = seconds
        return specification

    return mark


# load, validate


@hookspec
@deadline(10)
def hivemind_schema() -> SchemaPart | None:
    """Resource types, kinds of checks and options that this plugin adds to `hivemind.yaml`.

    Called once per run, before the blueprint is validated. May take 10 seconds. Names of types and kinds consist of
    letters, digits, `-`, `_` and `.`. A schema that is not valid JSON Schema is finding H125. Raising stops the run.
    """


# resolve


@hookspec
@deadline(120)
def hivemind_detect(repository: Repository, path: str) -> tuple[Detection, ...]:  # type: ignore[empty-body]
    """What this plugin detects about the application in folder `path` of the repository.

    Called once per service. May take 2 minutes, and may read files, only through `repository`. Raising is reported as a
    warning; the results of the other plugins still count.
    """


# plan


@hookspec
@deadline(10)
def hivemind_runtimes() -> tuple[str, ...]:  # type: ignore[empty-body]
    """What this plugin's `hivemind_build` builds: first words of `runtime`, such as `perl`; `static` for pages.

    Called in each plan. May take 10 seconds. From the result, a plan knows which services no plugin builds, and which
    plugin's change builds a service again. A plugin that builds but does not implement this hook may build any service.
    Building a runtime that the result does not name is an error. Raising stops the run.
    """


@hookspec
@deadline(120)
def hivemind_review(  # type: ignore[empty-body]
    blueprint: Blueprint, repository: Repository, platforms: Mapping[str, Platform]
) -> tuple[Finding, ...]:
    """Findings on what is about to be built and released, before anything begins. Findings of severity error stop the
    run.

    blueprint: has only the services that get a release. platforms: service name -> the platform it is built for. Called
    in a plan that releases something. May take 2 minutes, may read files through `repository`, and may run programs of
    this machine to ask them. Ids of findings are the plugin's own. Raising becomes finding H603, an error.
    """


# build


@hookspec(firstresult=True)
@deadline(10800)
def hivemind_build(service: Service, repository: Repository, place: BuildPlace) -> Artifact | None:
    """Builds a service for `place.platform`. Returns None if this plugin does not build the runtime.

    place: this machine, or a build instance (`build: remote`); `build_with_commands` builds on both. The first result
    counts; HiveMind asks third-party plugins before the built-in compiler. May run programs and use the network, for at
    most 3 hours. Raising stops the run at stage build.
    """


# assemble, lint


@hookspec
@deadline(30)
def hivemind_fragments(blueprint: Blueprint) -> tuple[Fragment, ...]:  # type: ignore[empty-body]
    """What this plugin adds to the template. Two owners of one logical id are an error that names both.

    Called once more for the stack of build instances: `blueprint.builds` is true, and only fragments with the path
    `builds`, or a path below it, count. Must be pure: same blueprint, same fragments. May take 30 seconds. A fragment
    holds JSON data. Raising stops the run.
    """


@hookspec
@deadline(60)
def hivemind_lint(assembly: Assembly, blueprint: Blueprint) -> tuple[Finding, ...]:  # type: ignore[empty-body]
    """Findings on the assembled template. Findings of severity error stop the run.

    May take 1 minute. Ids of findings are the plugin's own: ids such as H104 are HiveMind's, ids such as E3012 are
    cfn-lint's. Raising becomes finding H603, an error.
    """


# apply, destroy, rollback


@hookspec
@deadline(30)
def hivemind_steps(run: Apply | Destroy) -> tuple[Step, ...]:  # type: ignore[empty-body]
    """The steps that this plugin adds to an apply or a destroy.

    Called when the plan is made, and again before the first effect, with a run that says what to do. The Context that
    `Step.run` gets gives access to what a step may use while it runs. `Step.needs` and `Step.before` name milestones
    (`hivemind.milestones`). Unknown milestones, circles, and two owners of one step name are errors that name the
    plugins. Must be pure: same run, same steps. May take 30 seconds. Raising stops the run before anything changes.
    """


# verify


@hookspec
@deadline(30)
def hivemind_checks(release: Release) -> tuple[Check, ...]:  # type: ignore[empty-body]
    """Checks to run on a release after it receives traffic, and again in `hivemind verify`.

    May take 30 seconds. The checks of all plugins together have 2 minutes. Raising, here or in a check, is a failed
    check that names the plugin: the other checks run, and verify fails.
    """


# diagnose


@hookspec
@deadline(10)
def hivemind_diagnose() -> tuple[Signature, ...]:  # type: ignore[empty-body]
    """Failures that this plugin recognizes, and what to do about them.

    Called once in a run that failed, before HiveMind shows the error. May take 10 seconds. Signatures are data:
    HiveMind searches for them in the words of the cloud, of an application or of a build. Raising is reported as a
    warning; the other signatures still explain the failure.
    """


# any time


@hookspec
@deadline(5)
def hivemind_event(event: Event) -> None:
    """Called with each event in order, after the journal has it, while the run continues.

    May touch the outside, for at most 5 seconds per call; a listener that takes longer gets no more events. When a run
    ends, it waits at most 10 seconds for listeners that are behind: HiveMind drops their progress events and, after 5
    seconds, sends them only the last event, which says how the run ended. Raising is reported once as a warning and
    changes nothing.
    """
