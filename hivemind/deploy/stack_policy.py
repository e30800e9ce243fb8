"""The stack policy: no update that nobody agreed to replaces or deletes what holds data, whoever runs it.

An update by change set knows no policy of its own ("Prevent updates to stack resources", AWS CloudFormation User
Guide), so what was agreed to is let through by the stack's policy while the update runs, and barred again after it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hivemind.deploy.calls import StackCalls
from hivemind.values.calls import CloudCallFailed


def policy_body(guarded: frozenset[str]) -> str:
    """The policy that allows everything but replacing and deleting these logical ids."""
    statements: list[dict[str, object]] = [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
    ]
    if guarded:
        resources = [f"LogicalResourceId/{name}" for name in sorted(guarded)]
        statements.append(
            {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*", "Resource": resources}
        )
    return json.dumps({"Statement": statements}, separators=(",", ":"))


@contextmanager
def guarding(
    calls: StackCalls, stack_id: str, guarded: frozenset[str], agreed: frozenset[str], say: Callable[[str], None]
) -> Iterator[None]:
    """Around an update: first guards all but what was agreed to, and all when the update is over. A policy that says so
    already is not set again. Where the permission for it is missing, that is said once, and the update goes on. An
    update that goes on without this run keeps what was agreed to; the next apply guards all again."""
    during = policy_body(guarded - agreed)
    is_set = _set(calls, stack_id, calls.stack_policy(stack_id), during, say)
    yield
    if is_set:
        _set(calls, stack_id, during, policy_body(guarded), say)


def _set(calls: StackCalls, stack_id: str, before: str | None, body: str, say: Callable[[str], None]) -> bool:
    if before == body:
        return True
    try:
        calls.set_stack_policy(stack_id, body)
    except CloudCallFailed as error:
        if not error.denied:
            raise
        say(f"data is not guarded by a stack policy: {error.message}")
        return False
    return True
