"""Every status of a CloudFormation stack: what it means, and what HiveMind does about it.

Sources: AWS CloudFormation User Guide, "Stack status codes" and "Continue rolling back an update"; API reference,
ContinueUpdateRollback, RollbackStack and UpdateStack. A test holds the table against botocore's enumeration, and
docs/stack-statuses.md against the table.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Rest(enum.StrEnum):
    """What CloudFormation allows while a stack is in a status."""

    MOVING = "moving"
    """An operation is under way: nothing but watching it."""
    READY = "ready"
    """Updates and deletion."""
    UPDATE_FAILED = "update failed"
    """An update stopped halfway and was told not to roll back: RollbackStack takes it back."""
    ROLLBACK_FAILED = "rollback failed"
    """An update could not be taken back: ContinueUpdateRollback."""
    DEAD = "dead"
    """Deletion alone."""
    CLOSED = "closed"
    """Nothing that HiveMind may do by itself."""
    GONE = "gone"
    """There is no stack any more."""


@dataclass(frozen=True)
class StackStatus:
    """A row of the table. name: as DescribeStacks says it. meaning, apply, destroy: a sentence each, for people: what
    is so, and what those two commands do."""

    name: str
    rest: Rest
    meaning: str
    apply: str
    destroy: str

    @property
    def is_failure(self) -> bool:
        """Whether the operation that led here did not do what it was asked for."""
        return self.name.endswith("_FAILED") or "ROLLBACK" in self.name


_WAITS = "Waits for its end, compares again, then goes on."
_UPDATES = "Updates the stack."
_DELETES = "Deletes the stack."
_WAITS_TO_DELETE = "Waits for its end, then deletes the stack."
_ANEW = (
    "Lists what the stack holds, deletes it and creates it again. Refuses if it holds data, unless `--lose` allows it."
)


def _moving(name: str, meaning: str, *, destroy: str = _WAITS_TO_DELETE) -> StackStatus:
    return StackStatus(name, Rest.MOVING, meaning, _WAITS, destroy)


def _ready(name: str, meaning: str) -> StackStatus:
    return StackStatus(name, Rest.READY, meaning, _UPDATES, _DELETES)


def _dead(name: str, meaning: str, *, destroy: str = _DELETES) -> StackStatus:
    return StackStatus(name, Rest.DEAD, meaning, _ANEW, destroy)


STACK_STATUSES: tuple[StackStatus, ...] = (
    _dead("REVIEW_IN_PROGRESS", "A change set for a new stack exists. The stack has no template and no resources yet."),
    _moving("CREATE_IN_PROGRESS", "The stack is being created."),
    _ready("CREATE_COMPLETE", "The stack was created."),
    _dead("CREATE_FAILED", "The creation failed and was not rolled back. Resources can exist."),
    _moving("ROLLBACK_IN_PROGRESS", "The creation failed, and what it created is being deleted."),
    _dead("ROLLBACK_COMPLETE", "The creation failed, and what it created was deleted."),
    _dead("ROLLBACK_FAILED", "The creation failed, and some of what it created could not be deleted."),
    _moving("UPDATE_IN_PROGRESS", "The stack is being updated."),
    _moving("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "The update is done, and replaced resources are being deleted."),
    _ready("UPDATE_COMPLETE", "The stack was updated."),
    StackStatus(
        "UPDATE_FAILED",
        Rest.UPDATE_FAILED,
        "An update failed and was told not to roll back. HiveMind never asks for that: someone else ran it.",
        "Rolls that update back (RollbackStack), then updates the stack.",
        _DELETES,
    ),
    _moving("UPDATE_ROLLBACK_IN_PROGRESS", "An update failed or was canceled, and is being taken back."),
    _moving("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "An update was taken back; what it made is being deleted."),
    _ready("UPDATE_ROLLBACK_COMPLETE", "An update failed or was canceled, and the stack is as it was before."),
    StackStatus(
        "UPDATE_ROLLBACK_FAILED",
        Rest.ROLLBACK_FAILED,
        "An update failed, and could not be taken back either.",
        "Continues the rollback, then updates the stack. What cannot go back is named; `--skip-rollback` leaves it.",
        _DELETES,
    ),
    _moving("DELETE_IN_PROGRESS", "The stack is being deleted.", destroy="Follows the deletion to its end."),
    _dead(
        "DELETE_FAILED",
        "Some resources could not be deleted.",
        destroy="Deletes again: first everything, twice more what failed, then all but what fails, then by force. "
        "Lists what is left, with the commands that remove it.",
    ),
    StackStatus("DELETE_COMPLETE", Rest.GONE, "The stack does not exist any more.", "Creates the stack.", "Nothing."),
    _moving("IMPORT_IN_PROGRESS", "Someone is importing resources into the stack."),
    _ready("IMPORT_COMPLETE", "Resources were imported into the stack."),
    _moving("IMPORT_ROLLBACK_IN_PROGRESS", "An import failed and is being taken back."),
    _ready("IMPORT_ROLLBACK_COMPLETE", "An import failed, and the stack is as it was before."),
    StackStatus(
        "IMPORT_ROLLBACK_FAILED",
        Rest.CLOSED,
        "An import failed, and could not be taken back either.",
        "Refuses. Whoever ran the import must finish it first.",
        _DELETES,
    ),
)
_BY_NAME = {status.name: status for status in STACK_STATUSES}


def stack_status(name: str) -> StackStatus:
    """The row of a status. One that AWS adds after this version was made is only looked at: waited for while it is in
    progress, and never updated."""
    found = _BY_NAME.get(name)
    if found is not None:
        return found
    meaning = "This version of HiveMind does not know this status."
    if name.endswith("_IN_PROGRESS"):
        return _moving(name, meaning)
    return StackStatus(name, Rest.CLOSED, meaning, "Refuses. Update HiveMind.", _DELETES)


def rest_of(name: str | None) -> Rest:
    """What a stack allows; of a stack that does not exist (None): GONE."""
    return Rest.GONE if name is None else stack_status(name).rest


def is_moving(name: str) -> bool:
    """Whether a stack in this status is being changed right now."""
    return rest_of(name) is Rest.MOVING


def is_ready(name: str | None) -> bool:
    """Whether a stack in this status takes an update."""
    return rest_of(name) is Rest.READY


def page(statuses: Iterable[StackStatus] = STACK_STATUSES) -> str:
    """The table in Markdown, for docs/stack-statuses.md."""
    rows = ["| status | meaning | `hivemind apply` | `hivemind destroy` |", "|---|---|---|---|"]
    rows += [f"| `{one.name}` | {one.meaning} | {one.apply} | {one.destroy} |" for one in statuses]
    return "\n".join(rows) + "\n"
