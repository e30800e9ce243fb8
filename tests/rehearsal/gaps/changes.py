"""Change sets: addressed by the stack's ARN, with changes that follow from parameters alone, and carried out in place.

Which properties are updated in place say the pages of the resource types in [CFN] ("Update requires"). Anything else is
refused here by name, rather than guessed.
"""

from __future__ import annotations

import copy
from typing import Any

from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult
from moto.ec2.models.core import TaggedEC2Resource

from gaps import Room
from gaps.stacks import event

# [CFN] AWS::ElasticLoadBalancingV2::TargetGroup, "Update requires: No interruption".
HEALTH = {"HealthCheckPath": "health_check_path", "HealthCheckIntervalSeconds": "health_check_interval_seconds"}
TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
NO_TAGS_CHANGE = frozenset({"AWS::EC2::KeyPair"})


def fill(room: Room) -> None:
    create = models.CloudFormationBackend.create_change_set

    def create_change_set(self: Any, stack_name: str, *more: Any, **others: Any) -> Any:
        # [CFN] CreateChangeSet: StackName is "the name or the unique ID of the stack".
        return create(self, self.get_stack(stack_name).name, *more, **others)

    def describe_change_set(self: Any) -> ActionResult:
        made = self.cloudformation_backend.describe_change_set(self._get_param("ChangeSetName"))
        before = made.stack.resource_map
        kinds = {key: value["Type"] for key, value in made.template_dict["Resources"].items()}
        old = {key: value["Type"] for key, value in before._resource_json_map.items()}
        changes = []
        for action, names in before.build_resource_diff(made.template_dict, made.parameters).items():
            for name in sorted(names):
                change = {"Action": action, "LogicalResourceId": name, "ResourceType": kinds.get(name) or old[name]}
                if action == "Modify":
                    change["Replacement"] = "False"
                changes.append({"Type": "Resource", "ResourceChange": change})
        said = {
            "ChangeSetId": made.change_set_id, "ChangeSetName": made.change_set_name, "StackId": made.stack_id,
            "Status": made.status, "StatusReason": made.status_reason, "ExecutionStatus": made.execution_status,
        }  # fmt: skip
        answer = ActionResult(said | {"Changes": changes})
        self.RESPONSE_KEY_PATH_TO_TRANSFORMER = {
            key: value
            for key, value in type(self).RESPONSE_KEY_PATH_TO_TRANSFORMER.items()
            if not key.startswith("DescribeChangeSetOutput")
        }
        return answer

    def apply(self: Any) -> None:
        update(self.stack, self.template_dict, self.parameters)
        self.stack.parameters = self.parameters
        self.stack.template = self.template
        self.stack.template_dict = self.template_dict
        self.stack.output_map = self.stack._create_output_map()

    models.CloudFormationBackend.create_change_set = create_change_set
    CloudFormationResponse.describe_change_set = describe_change_set
    models.ChangeSet.apply = apply


def update(stack: Any, template: dict[str, Any], parameters: dict[str, Any]) -> None:
    """Brings a stack's resources to a template: makes new ones, changes others in place, then deletes."""
    resources = stack.resource_map
    former = {key: parsing.clean_json(copy.deepcopy(value), resources) for key, value in _known(resources).items()}
    diff = resources.build_resource_diff(template, parameters)
    removed = {name: resources._resource_json_map[name] for name in diff["Remove"]}
    resources._template = template
    resources.input_parameters = parameters
    resources._parsed_resources.update(parameters)
    resources.load_parameters()
    resources.load_conditions()
    resources._resource_json_map = template["Resources"]
    for name in diff["Add"]:
        _ = resources[name]
    for name in diff["Modify"]:
        definition = template["Resources"][name]
        wanted = parsing.clean_json(copy.deepcopy(definition), resources)
        _change(resources[name], definition["Type"], former[name]["Properties"], wanted["Properties"], name)
        physical = getattr(resources[name], "physical_resource_id", name)
        event(resources, name, definition["Type"], physical, "UPDATE_IN_PROGRESS")
        event(resources, name, definition["Type"], physical, "UPDATE_COMPLETE")
    for name, definition in removed.items():
        resources._delete_resource(resources._parsed_resources.pop(name), definition)


def _known(resources: Any) -> dict[str, Any]:
    return {key: value for key, value in resources._resource_json_map.items() if key in resources._parsed_resources}


def _change(resource: Any, kind: str, before: dict[str, Any], after: dict[str, Any], name: str) -> None:
    changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    if "Tags" in changed and kind not in NO_TAGS_CHANGE:
        changed.discard("Tags")
        _tag(resource, {tag["Key"]: tag["Value"] for tag in after.get("Tags", ())})
    if kind == TARGET_GROUP:
        for key in changed & set(HEALTH):
            setattr(resource, HEALTH[key], after[key])
        changed -= set(HEALTH)
    if changed:
        raise ValidationError(name, message=f"the rehearsal has no update of {kind}: {', '.join(sorted(changed))}")


def _tag(resource: Any, tags: dict[str, str]) -> None:
    if isinstance(resource, TaggedEC2Resource):
        for key in [tag["key"] for tag in resource.get_tags() if not tag["key"].startswith("aws:")]:
            resource.ec2_backend.delete_tags([resource.id], {key: None}) if key not in tags else None
        for key, value in tags.items():
            resource.add_tag(key, value)
