"""The order of steps: which one waits for which, and graphs that cannot end."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Mapping

from hivemind.steps.step import Step


def by_name(steps: Iterable[Step]) -> dict[str, Step]:
    named: dict[str, Step] = {}
    for step in steps:
        if step.name in named:
            raise ValueError(f"two steps are named {step.name!r}")
        named[step.name] = step
    return named


def providers_of(steps: Mapping[str, Step]) -> dict[str, str]:
    providers: dict[str, str] = {}
    for step in steps.values():
        for event in step.provides:
            if event in providers or event in steps:
                raise ValueError(f"{event!r} is provided twice or is also a step")
            providers[event] = step.name
    return providers


def sorted_graph(steps: Mapping[str, Step], providers: Mapping[str, str]) -> graphlib.TopologicalSorter[str]:
    for step in steps.values():
        for need in step.needs:
            if need not in steps and need not in providers:
                raise ValueError(f"step {step.name!r} needs {need!r}, which nothing provides")
            if providers.get(need) == step.name:
                raise ValueError(f"step {step.name!r} needs {need!r}, which it provides itself")
    _refuse_cycles(steps, providers)
    sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
    for event in providers:
        sorter.add(event)
    for step in steps.values():
        sorter.add(step.name, *step.needs)
    sorter.prepare()
    return sorter


def _refuse_cycles(steps: Mapping[str, Step], providers: Mapping[str, str]) -> None:
    # An event has no edge to its provider in the graph that runs, since it comes before the provider's
    # end; a step that waits for an event of a step that waits for it would still never start.
    whole = {step.name: {providers.get(need, need) for need in step.needs} for step in steps.values()}
    try:
        graphlib.TopologicalSorter(whole).prepare()
    except graphlib.CycleError as error:
        raise ValueError(f"steps wait for each other: {' -> '.join(error.args[1])}") from None
