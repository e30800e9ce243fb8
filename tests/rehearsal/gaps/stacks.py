"""Stacks: events and lists of their resources, termination protection, deletions that fail."""

from __future__ import annotations

import secrets
from typing import Any

from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult
from moto.rds.models import DBInstance

from gaps import Room


def fill(room: Room) -> None:
    create = parsing.parse_and_create_resource
    delete_resource = parsing.ResourceMap._delete_resource

    def parse_and_create_resource(logical_id: str, resource: Any, resources: Any, *more: Any, **others: Any) -> Any:
        # [CFN] DescribeStackEvents: an event for each change of a resource's status.
        made = create(logical_id, resource, resources, *more, **others)
        if made is not None:
            event(
                resources,
                logical_id,
                resource["Type"],
                getattr(made, "physical_resource_id", logical_id),
                "CREATE_COMPLETE",
            )
        return made

    def _delete_resource(self: Any, resource: Any, definition: Any) -> None:
        # moto takes a TypeError or AttributeError within `delete` for a kind that cannot be deleted.
        if isinstance(resource, DBInstance) and definition.get("DeletionPolicy") == "Snapshot":
            # [CFN] DeletionPolicy Snapshot: a final snapshot, then the deletion.
            name = f"{self['AWS::StackName']}-snapshot-{resource.logical_resource_id}-{secrets.token_hex(6)}".lower()
            resource.backend.delete_db_instance(resource.db_instance_identifier, name)
        elif hasattr(type(resource), "delete"):
            resource.delete(self._account_id, self._region_name)
        else:
            delete_resource(self, resource, definition)

    def delete(self: Any) -> None:
        # [CFN] DependsOn, Ref and Fn::GetAtt: what needs another resource is deleted before it.
        for name, resource in reversed(list(self._parsed_resources.items())):
            definition = self._resource_json_map.get(name)
            if definition is not None and definition.get("DeletionPolicy") != "Retain":
                self._delete_resource(resource, definition)
                del self._parsed_resources[name]
                event(
                    self, name, definition["Type"], getattr(resource, "physical_resource_id", name), "DELETE_COMPLETE"
                )

    parsing.ResourceMap.delete = delete
    parsing.parse_and_create_resource = parse_and_create_resource
    parsing.ResourceMap._delete_resource = _delete_resource
    models.CloudFormationBackend.delete_stack = delete_stack
    CloudFormationResponse.list_stack_resources = list_stack_resources
    CloudFormationResponse.update_termination_protection = update_termination_protection


def update_termination_protection(self: Any) -> ActionResult:
    """[CFN] UpdateTerminationProtection."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    stack.enable_termination_protection = self._get_bool_param("EnableTerminationProtection", False)
    return ActionResult({"StackId": stack.stack_id})


def delete_stack(self: Any, name_or_stack_id: str) -> None:
    """[CFN] DeleteStack: refused while termination protection is on; DELETE_FAILED where a resource stays."""
    stack = self.get_stack(name_or_stack_id)
    if stack.status == "DELETE_COMPLETE":
        return
    if stack.enable_termination_protection:
        words = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        raise ValidationError(stack.name, message=words)
    stack.deleted = dict(stack.resource_map._parsed_resources)
    try:
        stack.delete()
    except Exception as error:  # noqa: BLE001  whatever its service says is the reason
        stack.status = "DELETE_FAILED"
        stack._add_stack_event("DELETE_FAILED", resource_status_reason=str(error))
        return
    del self.stacks[stack.stack_id]
    self.deleted_stacks[stack.stack_id] = stack


def list_stack_resources(self: Any) -> ActionResult:
    """[CFN] ListStackResources: of a deleted stack, too, with what became of each. moto's would make them again."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    there = stack.resource_map._parsed_resources
    found = []
    for name, resource in {**getattr(stack, "deleted", {}), **there}.items():
        if not hasattr(resource, "logical_resource_id"):
            continue
        found.append(
            {
                "LogicalResourceId": name,
                "PhysicalResourceId": str(getattr(resource, "physical_resource_id", name)),
                "ResourceType": resource.cf_resource_type,
                "ResourceStatus": "CREATE_COMPLETE" if name in there else "DELETE_COMPLETE",
                "LastUpdatedTimestamp": stack.creation_time,
            }
        )
    return ActionResult({"StackResourceSummaries": found})


def event(resources: Any, logical_id: str, kind: str, physical_id: Any, status: str) -> None:
    """Adds an event of a resource to its stack."""
    stack = models.cloudformation_backends[resources._account_id][resources._region_name].stacks.get(resources.stack_id)
    if stack is not None:
        stack.events.append(
            models.Event(resources.stack_id, stack.name, logical_id, str(physical_id), kind, status, None, None)
        )
