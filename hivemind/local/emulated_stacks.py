"""The emulator's CloudFormation: its resource types, its templates' gate and its stacks.

Knows private names of ministack; `emulator.py` says who does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.local.emulated_stores import Stores
from hivemind.local.handlers import as_handler, as_kind
from hivemind.local.resource_kind import Kind


class Stacks(Stores):
    """CloudFormation as the emulator does it, and the places where ours goes in."""

    def kinds(self) -> dict[str, Kind]:
        """The emulator's own resource types."""
        return {
            name: as_kind(handler)
            for name, handler in self._provisioners._RESOURCE_HANDLERS.items()
            if "create" in handler and "delete" in handler and not handler.get("delete_with_logical_id")
        }

    def install(self, kinds: Mapping[str, Kind], tagged: tuple[str, ...]) -> None:
        """Makes `kinds` the resource types of CloudFormation, run in worker threads.

        tagged: types of ours whose `Tags` get the stack's tags, as the emulator does with its own.
        """
        handlers, replacing = self._provisioners._RESOURCE_HANDLERS, self._provisioners._REPLACING_PROPERTIES
        conditional = self._provisioners._CONDITIONALLY_REPLACING_PROPERTIES
        for name, kind in kinds.items():
            handlers[name] = as_handler(kind, handlers.get(name, {}))
            if kind.replacing is not None:
                replacing[name] = tuple(sorted(kind.replacing))
            if kind.conditional:
                conditional[name] = tuple(sorted(kind.conditional))
        for name in tagged:
            self._provisioners._STACK_TAG_PROPERTY[name] = ("Tags", "list")
        self._installed = frozenset(kinds)
        self._stacks_module._runs_on_worker_thread = lambda _type: True
        self._handlers._capabilities_enforced = lambda: True

    def keep_what_a_rollback_left(self) -> None:
        """What the rollback of a creation could not delete stays in the stack, in DELETE_FAILED, as on AWS: the
        emulator forgets it, and nobody would ever delete it."""
        from ministack.core.responses import now_iso

        add = self._stacks_module._add_event

        def added(*of: Any, **more: Any) -> None:
            """of: stack id and name, logical id, type, status and more, as the emulator gives them."""
            add(*of, **more)
            stack_name, logical_id, status = of[1], of[2], of[4]
            stack = self.stacks.get(stack_name)
            if (logical_id, status) != (stack_name, "ROLLBACK_FAILED") or stack is None:
                return
            for name, record in stack.get("_rollback_failed", {}).items():
                left = {"LogicalResourceId": name, "ResourceStatus": "DELETE_FAILED", "Timestamp": now_iso()}
                stack["_resources"].setdefault(name, {**record, **left})

        self._stacks_module._add_event = added

    def end_interrupted(self, reason: str) -> dict[str, frozenset[str]]:
        """Settles stacks whose operation ended with an earlier daemon: CREATE_IN_PROGRESS becomes
        CREATE_FAILED, UPDATE_* UPDATE_ROLLBACK_FAILED, DELETE_IN_PROGRESS DELETE_FAILED.

        Returns the physical ids that each of these stacks knows of, by stack id.
        """
        settled_stacks = {}
        for account, region, stack in list(self.everywhere(self.stacks)):
            status = str(stack.get("StackStatus", ""))
            if not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
                continue
            settled = {"CREATE": "CREATE_FAILED", "DELETE": "DELETE_FAILED", "ROLLBACK": "ROLLBACK_FAILED"}.get(
                status.split("_", maxsplit=1)[0], "UPDATE_ROLLBACK_FAILED"
            )
            stack["StackStatus"], stack["StackStatusReason"] = settled, reason
            known = (str(resource.get("PhysicalResourceId")) for resource in stack.get("_resources", {}).values())
            settled_stacks[str(stack["StackId"])] = frozenset(known)
            with self.scope(account, region):
                self._stacks_module._add_event(
                    stack["StackId"],
                    stack["StackName"],
                    stack["StackName"],
                    "AWS::CloudFormation::Stack",
                    settled,
                    reason,
                    stack["StackId"],
                )
        return settled_stacks

    def live_stacks(self) -> list[tuple[str, str, str]]:
        """(account, region, name) of every stack that is not deleted."""
        return [
            (account, region, str(stack["StackName"]))
            for account, region, stack in self.everywhere(self.stacks)
            if stack.get("StackStatus") != "DELETE_COMPLETE"
        ]

    def made_by_stacks(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """Properties, all references resolved, of every resource of a type in any stack: for types that the
        emulator's own services keep nothing of."""
        for _, _, stack in self.everywhere(self.stacks):
            if stack.get("StackStatus") == "DELETE_COMPLETE":
                continue
            for resource in list(stack.get("_resources", {}).values()):
                if resource.get("ResourceType") == kind and resource.get("PhysicalResourceId"):
                    yield resource.get("Properties", {})
