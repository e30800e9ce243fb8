"""Which release of an earlier revision is still on the instances. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hivemind.deploy.state import DeploymentState, Revision


def to_return_to(state: DeploymentState, number: int | None) -> Revision | None:
    """The revision to return to: that number, or without one the newest good one before what runs. None for none.

    Revisions that a return left behind are not returned to unless somebody names them: they were left for a reason.
    """
    if number is not None:
        return next((one for one in state.revisions[:-1] if one.number == number), None)
    left: set[int] = set()
    for one in state.revisions:
        if one.back_to is not None:
            left |= set(range(one.back_to + 1, one.number))
    good = (one for one in reversed(state.revisions[:-1]) if one.verdict == "good" and one.number not in left)
    return next((one for one in good if changed_services(state, one)), None)


def changed_services(state: DeploymentState, to: Revision) -> tuple[str, ...]:
    """Services of which another release runs than at that revision, those that there are at both times."""
    both = state.artifacts.keys() & to.releases.keys()
    return tuple(name for name in sorted(both) if state.sources.get(name) != to.releases[name])


def names_of(state: DeploymentState, to: Revision, service: str) -> tuple[str, ...]:
    """The ids that a service's release of a revision can have on an instance, the newest first: it was installed by the
    revision itself or by another one with the same release."""
    release, artifact = to.releases.get(service), to.artifacts.get(service)
    if release is None or artifact is None:
        return ()
    same = (one.number for one in state.revisions if one.releases.get(service) == release)
    return tuple(f"r{number}-{artifact[:12]}" for number in sorted(same, reverse=True))


def kept_on_all(names: Collection[str], kept: Mapping[str, Collection[str]]) -> Mapping[str, str] | None:
    """Instance id -> id of the release on it; None where an instance lacks it. kept: instance id -> its releases."""
    found = {one: next((name for name in names if name in releases), "") for one, releases in kept.items()}
    return found if all(found.values()) else None
