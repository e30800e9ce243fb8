"""CloudFormation's calls as the stack driver needs them: typed answers, translated errors, all pages."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hivemind.aws.snapshot import describe
from hivemind.deploy.events import StackEvent, stack_event
from hivemind.values.calls import CloudCallFailed
from hivemind.values.cloud import Cloud
from hivemind.values.stack_statuses import is_moving

BEGINS = "hivemind-"
"""What the tokens of HiveMind's own operations begin with."""
PAGES = 200
"""Most pages of one answer that are read; 20,000 events."""


@dataclass(frozen=True)
class StackView:
    """A stack as DescribeStacks has it. protected: termination protection."""

    id: str
    name: str
    status: str
    reason: str
    protected: bool
    outputs: Mapping[str, str]

    @property
    def moving(self) -> bool:
        return is_moving(self.status)


@dataclass(frozen=True)
class StackResource:
    """A resource of a stack, as ListStackResources has it."""

    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str

    @property
    def exists(self) -> bool:
        """Whether something of it stands, or may stand: a failed creation with an id counts."""
        if self.status == "CREATE_FAILED":
            return bool(self.physical_id)
        return self.status != "DELETE_COMPLETE"

    def __str__(self) -> str:
        return f"{self.logical_id} ({self.type})"


def new_token() -> str:
    """A ClientRequestToken for one attempt; also a valid name of a change set."""
    return f"{BEGINS}{secrets.token_hex(12)}"


class StackCalls:
    """Calls of one cloud's CloudFormation. Everything raises HiveMindErrors."""

    def __init__(self, cloud: Cloud) -> None:
        self._client = cloud.client("cloudformation")
        self.is_local, self.region = cloud.name == "local", cloud.region

    def describe(self, stack: str) -> StackView | None:
        """None where there is no stack, or it was deleted."""
        found = describe(self._client, stack)
        if found is None:
            return None
        return StackView(
            id=found["StackId"],
            name=found["StackName"],
            status=found["StackStatus"],
            reason=found.get("StackStatusReason", ""),
            protected=bool(found.get("EnableTerminationProtection")),
            outputs=MappingProxyType({item["OutputKey"]: item["OutputValue"] for item in found.get("Outputs", ())}),
        )

    def status(self, stack_id: str) -> str:
        """The stack's status by its id, `DELETE_COMPLETE` for one that is gone."""
        view = self.describe(stack_id)
        return view.status if view else "DELETE_COMPLETE"

    def events(self, stack: str, seen: set[str]) -> list[StackEvent]:
        """Events that are not in `seen`, oldest first. The service gives the newest first, so that reading
        stops at the first known one. None from a stack that is not known (any more)."""
        fresh: list[StackEvent] = []
        page: dict[str, str] = {}
        for _ in range(PAGES):
            try:
                answer = self._client.describe_stack_events(StackName=stack, **page)
            except CloudCallFailed as error:
                if error.code == "ValidationError" and "does not exist" in error.detail:
                    break
                raise
            for item in answer["StackEvents"]:
                if item["EventId"] in seen:
                    return fresh[::-1]
                fresh.append(stack_event(item))
            if not answer.get("NextToken"):
                break
            page = {"NextToken": answer["NextToken"]}
        return fresh[::-1]

    def newest_event(self, stack: str) -> StackEvent | None:
        found = self._client.describe_stack_events(StackName=stack)["StackEvents"]
        return stack_event(found[0]) if found else None

    def resources(self, stack: str) -> tuple[StackResource, ...]:
        """Every resource of the stack, by logical id."""
        found: list[StackResource] = []
        page: dict[str, str] = {}
        for _ in range(PAGES):
            answer = self._client.list_stack_resources(StackName=stack, **page)
            found += [
                StackResource(
                    item["LogicalResourceId"],
                    item.get("PhysicalResourceId", ""),
                    item["ResourceType"],
                    item["ResourceStatus"],
                    item.get("ResourceStatusReason", ""),
                )
                for item in answer["StackResourceSummaries"]
            ]
            if not answer.get("NextToken"):
                break
            page = {"NextToken": answer["NextToken"]}
        return tuple(sorted(found, key=lambda resource: resource.logical_id))

    def template(self, stack: str) -> Mapping[str, Any]:
        """The template as it was sent; empty where there is none or it is not JSON."""
        try:
            body = self._client.get_template(StackName=stack, TemplateStage="Original").get("TemplateBody")
        except CloudCallFailed:
            return {}
        return body if isinstance(body, Mapping) else {}

    def create(self, token: str, **arguments: Any) -> str:
        """Begins a creation and returns the stack's id."""
        stack_id: str = self._client.create_stack(ClientRequestToken=token, **arguments)["StackId"]
        return stack_id

    def delete(self, stack_id: str, token: str, **arguments: Any) -> None:
        self._client.delete_stack(StackName=stack_id, ClientRequestToken=token, **arguments)

    def cancel_update(self, stack_id: str, token: str) -> None:
        self._client.cancel_update_stack(StackName=stack_id, ClientRequestToken=token)

    def roll_back(self, stack_id: str, token: str) -> None:
        """Begins taking back an update that failed and was told to stay as it is."""
        self._client.rollback_stack(StackName=stack_id, ClientRequestToken=token)

    def continue_rollback(self, stack_id: str, token: str, skip: Sequence[str]) -> None:
        """Begins continuing a rollback that failed. skip: logical ids that it leaves as they are."""
        more = {"ResourcesToSkip": list(skip)} if skip else {}
        self._client.continue_update_rollback(StackName=stack_id, ClientRequestToken=token, **more)

    def can_force(self) -> bool:
        """Whether the installed botocore knows DeletionMode of DeleteStack."""
        shape = self._client.meta.service_model.operation_model("DeleteStack").input_shape
        return "DeletionMode" in shape.members

    def can_describe_events(self) -> bool:
        """Whether the installed botocore knows DescribeEvents, and the cloud has it."""
        return not self.is_local and "DescribeEvents" in self._client.meta.service_model.operation_names

    def failed_events(self, **of: str) -> list[Mapping[str, Any]]:
        """The failed events of a change set's or a stack's operations. of: `ChangeSetName` or `StackName`."""
        found: list[Mapping[str, Any]] = []
        page: dict[str, str] = {}
        for _ in range(PAGES):
            answer = self._client.describe_events(Filters={"FailedEvents": True}, **of, **page)
            found += answer.get("OperationEvents", ())
            if not answer.get("NextToken"):
                break
            page = {"NextToken": answer["NextToken"]}
        return found

    def protect(self, stack_id: str, *, on: bool) -> None:
        self._client.update_termination_protection(StackName=stack_id, EnableTerminationProtection=on)

    def stack_policy(self, stack_id: str) -> str | None:
        """The stack's policy as text; None where there is none, or it may not be read."""
        try:
            found = self._client.get_stack_policy(StackName=stack_id).get("StackPolicyBody")
        except CloudCallFailed as error:
            if not error.denied:
                raise
            return None
        return str(found) if found else None

    def set_stack_policy(self, stack_id: str, body: str) -> None:
        self._client.set_stack_policy(StackName=stack_id, StackPolicyBody=body)

    def create_change_set(self, stack_id: str, name: str, **arguments: Any) -> str:
        """Begins a change set and returns its id."""
        answer = self._client.create_change_set(
            StackName=stack_id, ChangeSetName=name, ChangeSetType="UPDATE", ClientToken=name, **arguments
        )
        change_set: str = answer["Id"]
        return change_set

    def change_sets(self, stack_id: str) -> list[Mapping[str, Any]]:
        """The stack's change sets that were not executed, in short."""
        found: list[Mapping[str, Any]] = []
        page: dict[str, str] = {}
        for _ in range(PAGES):
            answer = self._client.list_change_sets(StackName=stack_id, **page)
            found += answer.get("Summaries", ())
            if not answer.get("NextToken"):
                break
            page = {"NextToken": answer["NextToken"]}
        return found

    def change_set(self, change_set: str, page: str | None = None, *, values: bool = False) -> Mapping[str, Any]:
        """values: whether with the values before and after, which the installed botocore has to know."""
        more: dict[str, Any] = {"NextToken": page} if page else {}
        shape = self._client.meta.service_model.operation_model("DescribeChangeSet").input_shape
        if values and "IncludePropertyValues" in shape.members:
            more["IncludePropertyValues"] = True
        answer: Mapping[str, Any] = self._client.describe_change_set(ChangeSetName=change_set, **more)
        return answer

    def execute(self, change_set: str, token: str) -> None:
        self._client.execute_change_set(ChangeSetName=change_set, ClientRequestToken=token)

    def delete_change_set(self, change_set: str) -> None:
        self._client.delete_change_set(ChangeSetName=change_set)
