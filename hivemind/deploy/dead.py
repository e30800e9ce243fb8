"""Stacks that can only be deleted, because their creation or deletion failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hivemind.deploy import removal
from hivemind.deploy.calls import StackCalls, StackView
from hivemind.deploy.failure import stack_failure
from hivemind.deploy.final_snapshots import Say
from hivemind.deploy.watch import Watched, Watcher
from hivemind.template.fragment import Owner
from hivemind.values.calls import CloudCallFailed
from hivemind.values.cloud import Cloud
from hivemind.values.errors import Refused, Stage, StageError


@dataclass(frozen=True)
class Dead:
    """What an apply does with such a stack. owners: of the assembly. may_lose: logical ids of data in it that somebody
    named. watcher: of the apply. say: is told what happens, a line each."""

    cloud: Cloud
    calls: StackCalls
    owners: Mapping[str, Owner]
    may_lose: frozenset[str]
    watcher: Watcher
    say: Say

    def clear(self, view: StackView) -> None:
        """Deletes it, so that it can be created again. Raises Refused where it holds data that nobody named, StageError
        where it cannot be deleted."""
        held = removal.contents(self.calls, view.id)
        unnamed = self._unnamed(held)
        if unnamed:
            raise Refused(
                f"{view.name} is in {view.status} and must be deleted first, but it holds {', '.join(unnamed)}",
                hint="Run `hivemind plan`, save what you need, then name what may be lost.",
            )
        self.say(
            f"{view.name} is in {view.status}: deleting it, because AWS allows nothing else; it holds {_listed(held)}"
        )
        deleted = self._delete(view.id, held)
        if deleted.by_hand:
            self.say(f"{view.name} is deleted, but not all of it. {deleted.by_hand}")

    def taken_back(self, stack_id: str, watched: Watched) -> StageError:
        """The error for a first creation whose rollback stopped halfway, after the stack was deleted. It is left to the
        next apply where it holds data that nobody named."""
        error = stack_failure(self.calls, stack_id, watched.status, watched.events, self.owners)
        held = removal.contents(self.calls, stack_id)
        if self._unnamed(held):
            return error
        self.say(f"the rollback stopped in {watched.status}: deleting what it left: {_listed(held)}")
        try:
            deleted = self._delete(stack_id, held)
        except (StageError, CloudCallFailed) as later:
            error.add_note(f"also failed: {later}")
            error.hint = later.hint or error.hint
            return error
        error.left = ", ".join(map(str, deleted.left)) or "nothing; the stack is deleted"
        if deleted.by_hand:
            error.hint = f"{deleted.by_hand}\n{error.hint or ''}".rstrip()
        return error

    def _unnamed(self, held: tuple[removal.Content, ...]) -> list[str]:
        """What holds data, is not kept, and that nobody said may be lost."""
        data = [item.resource for item in held if item.holds_data and not item.retained]
        return [str(resource) for resource in data if resource.logical_id not in self.may_lose]

    def _delete(self, stack_id: str, held: tuple[removal.Content, ...]) -> removal.Deletion:
        # The protection was set for what the stack was to become; nothing to protect is in it.
        return removal.delete(
            self.cloud,
            self.calls,
            stack_id,
            self.watcher,
            buckets=removal.own_buckets(held),
            unprotect=True,
            say=self.say,
            stage=Stage.PROVISION,
        )


def _listed(held: tuple[removal.Content, ...]) -> str:
    return ", ".join(str(item.resource) for item in held) or "nothing"
