"""Bringing a stack back to where it takes updates: after an update that stopped halfway, or a rollback that failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from hivemind.deploy.calls import StackCalls, StackView, new_token
from hivemind.deploy.failure import SKIP, not_back, stack_failure
from hivemind.deploy.watch import Watcher
from hivemind.template.fragment import Owner
from hivemind.values.errors import Refused
from hivemind.values.stack_statuses import Rest, is_ready, rest_of


def recover(
    calls: StackCalls,
    view: StackView,
    watcher: Watcher,
    *,
    skip: frozenset[str],
    owners: Mapping[str, Owner],
    say: Callable[[str], None],
) -> None:
    """Ends what an earlier update left: takes it back, or continues taking it back.

    skip: logical ids that the rollback leaves as they are; only those that could not go back can be named.
    Raises Refused for others, StageError where the stack does not get to where it was before.
    """
    stuck = not_back(calls, view.id, view.reason) if rest_of(view.status) is Rest.ROLLBACK_FAILED else ()
    if skip - set(stuck):
        raise Refused(_unknown(sorted(skip - set(stuck)), stuck), hint="Nothing was changed.")
    token = new_token()
    newest = calls.newest_event(view.id)
    if rest_of(view.status) is Rest.UPDATE_FAILED:
        say(f"{view.name} is in {view.status}: rolling that update back")
        calls.roll_back(view.id, token)
    else:
        left = f", leaving {', '.join(sorted(skip))} as it is" if skip else ""
        say(f"{view.name} is in {view.status}: continuing the rollback{left}")
        calls.continue_rollback(view.id, token, sorted(skip))
    watched = watcher.follow(view.id, token, {newest.id} if newest else set())
    if not is_ready(watched.status):
        raise stack_failure(calls, view.id, watched.status, watched.events, owners)
    if skip:
        say(f"{', '.join(sorted(skip))} may differ from the template: make hivemind.yaml say what is there")


def _unknown(names: Sequence[str], stuck: Sequence[str]) -> str:
    why = f"only {', '.join(stuck)} could not go back" if stuck else "no rollback of this stack has failed"
    return f"{SKIP} {' '.join(names)}: {why}"
