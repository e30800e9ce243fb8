"""Taking back what CloudFormation is doing in a stack."""

from __future__ import annotations

from hivemind.deploy.calls import StackCalls, StackView
from hivemind.values.errors import Refused


def cancel(calls: StackCalls, view: StackView, token: str) -> str:
    """Begins taking back a creation or an update; returns what happens now, a sentence. token: of the new operation.

    A creation has nothing to go back to, so that its stack is deleted, with the termination protection that it got
    for what it was to become. Raises Refused for what cannot be taken back, CloudCallFailed.
    Source: API reference, CancelUpdateStack: only in UPDATE_IN_PROGRESS.
    """
    if view.status == "UPDATE_IN_PROGRESS":
        calls.cancel_update(view.id, token)
        return f"Canceling the update of {view.name}: CloudFormation takes it back."
    if view.status == "CREATE_IN_PROGRESS":
        if view.protected:
            calls.protect(view.id, on=False)
        calls.delete(view.id, token)
        return f"Canceling the creation of {view.name}: CloudFormation deletes what it created."
    raise Refused(
        f"{view.name} is in {view.status}, which cannot be canceled", hint="`hivemind attach` follows it to its end."
    )
