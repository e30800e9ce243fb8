"""The last state of a deployment where every machine of the team finds it.

What this machine has is its copy; the newer of the two counts. A state is left in place of the one that was read, so
that a revision of another run is never lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hivemind.deploy.object_bucket import NO_BUCKET
from hivemind.deploy.objects import Overtaken
from hivemind.deploy.shared_place import SharedPlace, of_bucket, reaching
from hivemind.deploy.state import FILE, DeploymentState, Revision, StateStore, as_text, from_text
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import DeploymentLocked, HiveMindError

if TYPE_CHECKING:
    from hivemind.deploy.objects import Stored
    from hivemind.values.cloud import Cloud

Say = Callable[[str], None]
BUCKET = "ArtifactBucketName"
"""Output of the stack."""
_TRIES = 10


def bucket_of(cloud: Cloud, described: Mapping[str, Any] | None) -> str | None:
    """The deployment's own bucket; None in the local cloud, and where there is none yet.

    described: DescribeStacks' entry of its stack.
    """
    if cloud.name != "aws" or described is None:
        return None
    outputs = {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", ())}
    return outputs.get(BUCKET)


def own_place(cloud: Cloud, described: Mapping[str, Any] | None) -> SharedPlace | None:
    """The place in the deployment's own bucket; None where it has none. described: as for `bucket_of`."""
    bucket = bucket_of(cloud, described)
    return None if bucket is None else of_bucket(cloud, bucket)


def bring(
    store: StateStore, deployment_id: str, place: SharedPlace | None, checkout: str, *, say: Say = lambda _: None
) -> None:
    """Brings the state that another machine left to this one, where it is newer. checkout: folder here. say: told where
    the permission is missing for the deployment's own bucket, and this machine's state has to do.

    Raises CloudCallFailed, CloudUnreachable, StateUnreadable; HiveMindError where a chosen place can't be used.
    """
    try:
        there = None if place is None else pull(place)
    except CloudCallFailed as error:
        if not error.denied:
            raise
        say(f"warning: cannot read what other machines did last: {error.message}")
        return
    if there is None or there.deployment_id != deployment_id:
        return
    here = store.find(deployment_id)
    if here is None or (place is not None and place.own and _stack(here) not in (None, _stack(there))):
        store.save(replace(there, checkout=here.checkout if here else checkout))  # made anew since, by others
    elif _is_newer(there, here):
        store.save(replace(there, checkout=here.checkout, revisions=_of_both(there, here)))


def pull(place: SharedPlace) -> DeploymentState | None:
    """The state in a place; None where there is none. Raises StateUnreadable, and as `bring`."""
    found = _read(place)
    return None if found is None else from_text(found.body, f"{place}/{FILE}")


def push(place: SharedPlace | None, store: StateStore, deployment_id: str, say: Say) -> None:
    """Leaves this machine's state for others, with every revision that is there already. What is in the way is said:
    the deployment is done all the same."""
    state = store.find(deployment_id)
    if place is None or state is None:
        return
    try:
        left = _left(place, state)
    except (HiveMindError, OSError) as error:
        if not (place.own and isinstance(error, CloudCallFailed) and error.code == NO_BUCKET):  # it goes with the stack
            say(f"warning: cannot leave the state for other machines in {place}: {error}")
        return
    store.change(deployment_id, lambda now: replace(now, serial=left.serial, revisions=left.revisions))


def _left(place: SharedPlace, ours: DeploymentState) -> DeploymentState:
    for _ in range(_TRIES):
        there = _read(place)
        theirs = None if there is None else from_text(there.body, f"{place}/{FILE}")
        whole = merged(ours, theirs)
        try:
            with reaching(place):
                place.objects.write(FILE, as_text(whole).encode(), replacing=there.tag if there else None)
        except Overtaken:
            continue
        return whole
    raise DeploymentLocked(f"other machines change {place}/{FILE} all the time")


def merged(ours: DeploymentState, theirs: DeploymentState | None) -> DeploymentState:
    """Our state, which is what was done last, with the revisions of both and the next serial number."""
    if theirs is None or theirs.deployment_id != ours.deployment_id:
        return replace(ours, serial=ours.serial + 1)
    return replace(ours, serial=max(ours.serial, theirs.serial) + 1, revisions=_of_both(ours, theirs))


def _of_both(first: DeploymentState, second: DeploymentState) -> tuple[Revision, ...]:
    """The revisions of both, each once: where both have one, that of the first."""
    known = {(one.number, one.time): one for state in (second, first) for one in state.revisions}
    return tuple(known[key] for key in sorted(known))


def _read(place: SharedPlace) -> Stored | None:
    try:
        with reaching(place):
            return place.objects.read(FILE)
    except CloudCallFailed as error:
        if place.own and error.code == NO_BUCKET:
            return None
        raise


def _is_newer(there: DeploymentState, here: DeploymentState) -> bool:
    """By the serial number, which grows each time that a state is left; one from before there were such numbers, by its
    newest revision."""
    if there.serial and here.serial:
        return there.serial > here.serial
    return _time(there) > _time(here) or (there.serial > here.serial and _time(there) >= _time(here))


def _stack(state: DeploymentState) -> str | None:
    return state.stack_info.stack_id if state.stack_info else None


def _time(state: DeploymentState) -> tuple[int, str]:
    """Of its newest revision, as text that sorts (RFC 3339, UTC)."""
    return (state.revision, state.revisions[-1].time) if state.revisions else (0, "")
