"""Queues and topics with names of each stack's own, and subscriptions of those protocols that lead nowhere but to
queues and people."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

from hivemind.local.resource_kind import Kind, Made, Properties, failed, require
from hivemind.local.resources.site import Site

SUBSCRIPTION = "AWS::SNS::Subscription"
DELIVERED = frozenset({"sqs"})
UNSENT = frozenset({"email", "email-json", "sms"})
"""Protocols whose messages the local cloud sends to nobody."""


def messaging_kinds(site: Site, own: dict[str, Kind]) -> dict[str, Kind]:
    """own: the emulator's resource types."""
    del site
    return {
        "AWS::SQS::Queue": _named(own["AWS::SQS::Queue"], "QueueName", 80, _of_queue),
        "AWS::SNS::Topic": _named(own["AWS::SNS::Topic"], "TopicName", 256, lambda arn: arn.rpartition(":")[2]),
        SUBSCRIPTION: replace(own[SUBSCRIPTION], create=_subscribing(own[SUBSCRIPTION])),
    }


def _of_queue(url: str) -> str:
    return url.rpartition("/")[2]


def _named(own: Kind, name: str, longest: int, name_of: Callable[[str], str]) -> Kind:
    """The kind with names as CloudFormation makes them: what a stack retained is in no other stack's way.

    name: the property. longest: characters of it. name_of: of a physical id, which an update leaves as it is.
    """
    change = own.update
    assert change is not None

    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        ending = f"-{secrets.token_hex(6).upper()}" + (".fifo" if _is_fifo(properties) else "")
        made = f"{stack}-{logical_id}"[: longest - len(ending)] + ending
        return own.create(logical_id, {name: made, **properties}, stack)

    def update(physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        if name not in old and name not in new and _is_fifo(old) == _is_fifo(new):
            old, new = ({**given, name: name_of(physical_id)} for given in (old, new))
        elif name not in new and _is_fifo(old) != _is_fifo(new):
            return create(logical_id, new, stack)
        return change(physical_id, old, new, stack, logical_id)

    return replace(own, create=create, update=update)


def _is_fifo(properties: Properties) -> bool:
    return str(properties.get("FifoQueue", properties.get("FifoTopic", ""))).lower() == "true"


def _subscribing(own: Kind) -> Callable[[str, Properties, str], Made]:
    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        require(logical_id, properties, "TopicArn", "Protocol")
        protocol = properties["Protocol"]
        if protocol not in DELIVERED | UNSENT:
            text = f"The local cloud delivers to queues only, not by the protocol {protocol}."
            raise failed(text, "Sns", code="InvalidRequest")
        return own.create(logical_id, properties, stack)

    return create
