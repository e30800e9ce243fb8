"""The steps of a run: collected from all plugins, checked, and put in order by the milestones that they name."""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hivemind.plan.model import PlannedStep
from hivemind.plugins.calling import PluginError, PluginSource, call
from hivemind.steps import milestones
from hivemind.steps.run import Apply, Destroy
from hivemind.steps.step import Step
from hivemind.text.suggest import did_you_mean
from hivemind.values.errors import StageError, StepCancelled

if TYPE_CHECKING:
    from hivemind.plugins.loading import Plugins
    from hivemind.steps.step import Context

HOOK = "hivemind_steps"
FLOW = PluginSource("flow", "builtin", "hivemind.flow")
"""The owner of the steps that are the flow's own."""


@dataclass(frozen=True)
class Owned:
    """The steps of a run, ready for the graph. `before` is made of `needs`, and words for several milestones are
    those milestones. owners: step -> its plugin."""

    steps: tuple[Step, ...]
    owners: Mapping[str, PluginSource]

    @property
    def of_others(self) -> tuple[PlannedStep, ...]:
        """Steps of plugins that do not come with HiveMind, as a plan shows them, in the order in which they can run."""
        order = graphlib.TopologicalSorter({step.name: _known(step.needs, self) for step in self.steps}).static_order()
        steps = {step.name: step for step in self.steps}
        return tuple(
            PlannedStep(name, self.owners[name].label, str(steps[name].stage), steps[name].needs, steps[name].approval)
            for name in order
            if name in steps and self.owners[name].kind != "builtin"
        )


def _known(needs: Iterable[str], owned: Owned) -> set[str]:
    providers = {event: step.name for step in owned.steps for event in step.provides}
    return {providers.get(need, need) for need in needs}


def collected(run: Apply | Destroy, plugins: Plugins, own: Sequence[Step] = ()) -> Owned:
    """The steps that all plugins contribute to a run. own: the flow's.

    Raises PluginError, naming the plugins, for a step that names an unknown milestone, two steps of one name, and steps
    that wait for each other; and for what a plugin does wrong in its hook.
    """
    pairs = [(one.source, step) for one in plugins.collect("hivemind_steps", run=run) for step in one.result]
    return linked(run, [*pairs, *((FLOW, step) for step in own)])


def linked(run: Apply | Destroy, pairs: Iterable[tuple[PluginSource, Step]]) -> Owned:
    """Steps with their owners, checked and linked. Raises as `collected` does."""
    owners: dict[str, PluginSource] = {}
    steps: dict[str, Step] = {}
    # Built-in steps first: the second owner of a name is the one that is told to rename its step.
    for source, step in sorted(pairs, key=lambda pair: (pair[0].kind != "builtin", pair[0].name, pair[1].name)):
        for name in (step.name, *step.provides):
            if name in owners:
                hint = None if source.kind == "builtin" else f"Rename the step in {source.name}."
                raise _error(source, f'plugin {owners[name]} already contributes a step "{name}"', hint)
            owners[name] = source
        steps[step.name] = step
    made = _Linking(steps, owners, _published(run) | set(owners)).linked()
    _refuse_circles(made, owners)
    return Owned(tuple(_guarded(step, owners[step.name]) for step in made.values()), owners)


@dataclass(frozen=True)
class _Linking:
    """steps: by name. owners: of steps and events. published: every milestone that may be named in this run."""

    steps: Mapping[str, Step]
    owners: Mapping[str, PluginSource]
    published: frozenset[str]

    def linked(self) -> dict[str, Step]:
        """The steps with `needs` as names of this run's steps and events, those from `before` among them."""
        needs = {name: dict.fromkeys(self._named(step, step.needs, "needs")) for name, step in self.steps.items()}
        for name, step in self.steps.items():
            for later in self._named(step, step.before, "comes before"):
                if later not in self.steps:
                    raise _error(
                        self.owners[name], f'step "{name}" cannot come before "{later}", an event within a step'
                    )
                needs[later][name] = None
        return {name: replace(step, needs=tuple(needs[name]), before=()) for name, step in self.steps.items()}

    def _named(self, step: Step, names: tuple[str, ...], relation: str) -> tuple[str, ...]:
        """The milestones of this run that a step names. One that is published and not in this run is nothing to wait
        for; a step that is of a kind that it names does not wait for itself."""
        found: list[str] = []
        for name in names:
            if name == step.name or name in step.provides:
                raise _error(self.owners[step.name], f'step "{step.name}" waits for itself: it {relation} "{name}"')
            if name in self.owners:
                found.append(name)
            elif name in milestones.KINDS:
                every = [one for one in self.steps if one.startswith(f"{name} ") and one != step.name]
                # A step of others that waits for releases and comes before traffic does so once, in the first wave.
                own = self.owners[step.name].kind == "builtin"
                found += every if own else [one for one in every if milestones.WAVE not in one]
            elif name not in self.published:
                hint = did_you_mean(name, self.published) or f"Milestones: {', '.join(sorted(milestones.ALWAYS))}."
                message = f'step "{step.name}" {relation} "{name}", which is not a milestone'
                raise _error(self.owners[step.name], message, hint)
        return tuple(found)


def _published(run: Apply | Destroy) -> frozenset[str]:
    if isinstance(run, Destroy):
        return milestones.ALWAYS | {milestones.drain(one.resource.logical_id) for one in run.contents}
    services = run.blueprint.services
    nodes = [node for service in services.values() for node in run.nodes(service)]
    prepared = {milestones.prepare(node.service, node.number) for node in nodes}
    return milestones.published(services, (node.logical_id for node in nodes)) | prepared


def _refuse_circles(steps: Mapping[str, Step], owners: Mapping[str, PluginSource]) -> None:
    providers = {event: step.name for step in steps.values() for event in step.provides}
    try:
        graphlib.TopologicalSorter(
            {name: {providers.get(need, need) for need in step.needs} for name, step in steps.items()}
        ).prepare()
    except graphlib.CycleError as error:
        circle = tuple(reversed(error.args[1]))
        # Without plugins of others there is no circle: one of them is to blame.
        blamed = next((owners[name] for name in circle if owners[name].kind != "builtin"), owners[circle[0]])
        named = " -> ".join(f'"{name}" ({owners[name].label})' for name in circle)
        raise _error(blamed, f"steps wait for each other: {named}") from None


def _error(source: PluginSource, summary: str, hint: str | None = None) -> PluginError:
    return PluginError(source, summary, hook=HOOK, hint=hint)


def _guarded(step: Step, source: PluginSource) -> Step:
    """A step of another plugin runs as its hooks do: within its deadline, its prints set aside, its errors with its
    name, and as a failure of the step's stage."""
    if source.kind == "builtin":
        return step

    def run(context: Context) -> Any:
        return _blamed(step, source, lambda: step.run(context))

    at_end = step.at_end
    return replace(
        step,
        run=run,
        owner=source.label,
        at_end=None if at_end is None else lambda context, end: _blamed(step, source, lambda: at_end(context, end)),
        outcome=None
        if step.outcome is None
        else lambda result: str(_blamed(step, source, lambda: step.outcome(result) if step.outcome else "")),
    )


def _blamed(step: Step, source: PluginSource, work: Callable[[], Any]) -> Any:
    try:
        return call(
            source,
            HOOK,
            work,
            code=step.run,
            seconds=step.deadline,
            about=step.name,
            passes=(StepCancelled,),
            announced=False,
        )
    except PluginError as error:
        if isinstance(error, StageError):
            raise
        raise StageError(step.stage, error.message, subject=step.name, hint=error.hint) from error
