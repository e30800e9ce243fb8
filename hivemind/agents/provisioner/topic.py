"""Topics: messages of services that go to queues and people, and the right to publish them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.agents.provisioner import granting
from hivemind.blueprint.model import Blueprint, Resource
from hivemind.blueprint.provided import resource_variable
from hivemind.template.fragment import Binding, Fragment
from hivemind.template.names import logical_id
from hivemind.text.suggest import did_you_mean, listed
from hivemind.values.findings import Finding, Severity

TYPE = "topic"
QUEUE = "queue"

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "queues": {
            "type": "array",
            "items": {"type": "string"},
            "uniqueItems": True,
            "description": "Resources of type `queue` that get each message, as it was published.",
            "examples": [["jobs"]],
        },
        "emails": {
            "type": "array",
            "items": {"type": "string", "pattern": r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "x-expected": "an e-mail address"},
            "uniqueItems": True,
            "description": "People who get each message by e-mail, once they confirm the message that AWS sends them.",
            "examples": [["ops@example.com"]],
        },
    },
}
USING = ("sns:GetTopicAttributes", "sns:Publish")


def fragment(blueprint: Blueprint, resource: Resource) -> Fragment:
    """The topic, its policy and subscriptions, and the right to publish for each service that needs it."""
    name, topic = resource.name, logical_id(resource.name, "Topic")
    return Fragment(
        path=f"resources.{name}",
        resources={
            topic: {"Type": "AWS::SNS::Topic", "Properties": {}},
            logical_id(name, "TopicPolicy"): {
                "Type": "AWS::SNS::TopicPolicy",
                "Properties": {
                    "Topics": [{"Ref": topic}],
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [granting.encrypted_only("sns:Publish", [{"Ref": topic}])],
                    },
                },
            },
            **dict(_subscriptions(blueprint, resource, topic)),
            **granting.policies(blueprint, resource, "Topic", [(USING, {"Ref": topic})]),
        },
        outputs={f"{topic}Arn": {"Value": {"Ref": topic}}},
        bindings=(
            Binding(
                name,
                dict.fromkeys(("TOPIC_ARN", resource_variable(name, "TOPIC_ARN")), "{arn}"),
                outputs={"arn": f"{topic}Arn"},
                api=True,
            ),
        ),
    )


def _subscriptions(blueprint: Blueprint, resource: Resource, topic: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for queue in resource.options.get("queues", ()):
        other = blueprint.resources.get(queue)
        if other is not None and other.type == QUEUE:
            yield (
                logical_id(resource.name, "Topic") + logical_id(queue, "Queue"),
                {
                    "Type": "AWS::SNS::Subscription",
                    # Before it may deliver, what is published is lost.
                    "DependsOn": logical_id(queue, "QueuePolicy"),
                    "Properties": {
                        "TopicArn": {"Ref": topic},
                        "Protocol": "sqs",
                        "Endpoint": {"Fn::GetAtt": [logical_id(queue, "Queue"), "Arn"]},
                        "RawMessageDelivery": True,
                    },
                },
            )
    for number, address in enumerate(resource.options.get("emails", ()), start=1):
        yield (
            logical_id(resource.name, "TopicEmail", number),
            {
                "Type": "AWS::SNS::Subscription",
                "Properties": {"TopicArn": {"Ref": topic}, "Protocol": "email", "Endpoint": address},
            },
        )


def undelivered(blueprint: Blueprint) -> Iterator[Finding]:
    """Errors on queues of topics that are not there, or that SNS does not deliver to: a standard topic delivers to
    standard queues alone ("Amazon SNS message delivery", Amazon SNS Developer Guide)."""
    queues = {name: one for name, one in blueprint.resources.items() if one.type == QUEUE}
    for name, resource in sorted(blueprint.resources.items()):
        if resource.type != TYPE:
            continue
        for position, queue in enumerate(resource.options.get("queues", ())):
            path = f"resources.{name}.queues[{position}]"
            if queue not in queues:
                known = f"Queues: {listed(queues)}." if queues else f"Add `{queue}: queue` to resources."
                message = f'resources.{name} delivers to "{queue}", which is no resource of type queue'
                hint = did_you_mean(queue, queues) or known
                yield Finding("H460", Severity.ERROR, message, None, hint, "provisioner", path)
            elif queues[queue].options.get("fifo"):
                message = f"resources.{name} delivers to resources.{queue}, which is a FIFO queue: SNS refuses that"
                hint = f"Remove `fifo: true` from resources.{queue}, or let services send to it themselves."
                yield Finding("H460", Severity.ERROR, message, None, hint, "provisioner", path)
