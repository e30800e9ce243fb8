"""Queues: each with a second one for messages that nobody could handle, and the right to use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.agents.provisioner import granting, topic
from hivemind.blueprint.model import Blueprint, Resource
from hivemind.blueprint.provided import resource_variable
from hivemind.template.fragment import Binding, Fragment
from hivemind.template.names import logical_id

TYPE = "queue"
RETRIES = 5
HIDDEN = 30
KEPT_DAYS = 4
LONGEST_DAYS = 14
_DAY = 24 * 60 * 60

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "timeout": {
            "type": "integer",
            "minimum": 0,
            "maximum": 43200,
            "default": HIDDEN,
            "description": "Seconds that a service has to handle a message and delete it. After that SQS delivers it "
            "again.",
            "examples": [300],
        },
        "retries": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1000,
            "default": RETRIES,
            "description": "How often SQS delivers a message before it goes to the dead-letter queue.",
            "examples": [3],
        },
        "retention": {
            "type": "integer",
            "minimum": 1,
            "maximum": LONGEST_DAYS,
            "default": KEPT_DAYS,
            "description": "Days that a message waits before SQS deletes it. The dead-letter queue keeps messages for "
            "14 days.",
            "examples": [14],
        },
        "fifo": {
            "type": "boolean",
            "default": False,
            "description": "Deliver in order, and each message once. Senders then give each message a group. A change "
            "replaces the queue.",
            "examples": [True],
        },
        "keep": {
            "type": "boolean",
            "description": "Keep the queue and its messages when the deployment is destroyed. Default: true, or false "
            "in stage-1.",
            "examples": [False],
        },
    },
}
USING = (
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
)


def fragment(blueprint: Blueprint, resource: Resource) -> Fragment:
    """The queue, its dead-letter queue, their policies, and the right to use it for each service that needs it."""
    name, options = resource.name, resource.options
    queue, dead = logical_id(name, "Queue"), logical_id(name, "DeadLetterQueue")
    stays = granting.kept(blueprint, resource)
    # Content tells duplicates apart, so that senders need no ids of their own.
    order = {"FifoQueue": True, "ContentBasedDeduplication": True} if options.get("fifo") else {}
    return Fragment(
        path=f"resources.{name}",
        resources={
            dead: {
                "Type": "AWS::SQS::Queue",
                **stays,
                "Properties": {
                    **({"FifoQueue": True} if order else {}),
                    "MessageRetentionPeriod": LONGEST_DAYS * _DAY,
                    "SqsManagedSseEnabled": True,
                },
            },
            queue: {
                "Type": "AWS::SQS::Queue",
                **stays,
                "Properties": {
                    **order,
                    "MessageRetentionPeriod": options.get("retention", KEPT_DAYS) * _DAY,
                    "VisibilityTimeout": options.get("timeout", HIDDEN),
                    # Without it an answer may leave out messages that are there.
                    "ReceiveMessageWaitTimeSeconds": 20,
                    "RedrivePolicy": {
                        "deadLetterTargetArn": {"Fn::GetAtt": [dead, "Arn"]},
                        "maxReceiveCount": options.get("retries", RETRIES),
                    },
                    "SqsManagedSseEnabled": True,
                },
            },
            logical_id(name, "QueuePolicy"): _policy(queue, _topics(blueprint, name), stays),
            logical_id(name, "DeadLetterQueuePolicy"): _policy(dead, (), stays),
            **granting.policies(blueprint, resource, "Queue", [(USING, {"Fn::GetAtt": [queue, "Arn"]})]),
        },
        outputs={
            f"{queue}Url": {"Value": {"Ref": queue}},
            f"{dead}Url": {"Value": {"Ref": dead}},
        },
        bindings=(
            Binding(
                name,
                dict.fromkeys(("QUEUE_URL", resource_variable(name, "QUEUE_URL")), "{url}"),
                outputs={"url": f"{queue}Url"},
                api=True,
            ),
        ),
    )


def _topics(blueprint: Blueprint, queue: str) -> Iterator[str]:
    """Logical ids of the topics that deliver to a queue."""
    for name, other in sorted(blueprint.resources.items()):
        if other.type == topic.TYPE and queue in other.options.get("queues", ()):
            yield logical_id(name, "Topic")


def _policy(queue: str, topics: Iterator[str] | tuple[()], stays: Mapping[str, str]) -> Mapping[str, Any]:
    arn = {"Fn::GetAtt": [queue, "Arn"]}
    delivering = [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": {"Ref": one}}},
        }
        for one in topics
    ]
    return {
        "Type": "AWS::SQS::QueuePolicy",
        **stays,
        "Metadata": {"HiveMind": {"HoldsData": False}},
        "Properties": {
            "Queues": [{"Ref": queue}],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [granting.encrypted_only("sqs:*", [arn]), *delivering],
            },
        },
    }
