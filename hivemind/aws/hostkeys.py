"""SSH host keys of instances, from sources that AWS authenticates; never from the first connection."""

from __future__ import annotations

import re
from typing import Any

from hivemind.aws.errors import CloudCallFailed, translated
from hivemind.aws.mutations import HOST_KEY_COMMAND, HOST_KEY_DOCUMENT
from hivemind.values.clock import Clock, polls
from hivemind.values.cloud import Cloud

_KEY = re.compile(r"\bssh-ed25519 [A-Za-z0-9+/]{68}={0,2}")
_RUNNING = frozenset({"Pending", "InProgress", "Delayed"})
_NOT_YET = frozenset({"InvalidInstanceId", "InvocationDoesNotExist"})


def host_key(cloud: Cloud, instance_id: str, clock: Clock) -> str | None:
    """The instance's ed25519 host key; None while neither source has it.

    First SSM RunCommand, then the console's output, where cloud-init prints it at first boot.
    """
    return _by_command(cloud, instance_id, clock) or _by_console(cloud, instance_id)


def _by_command(cloud: Cloud, instance_id: str, clock: Clock) -> str | None:
    try:
        with translated():
            ssm = cloud.client("ssm")
            command = ssm.send_command(
                InstanceIds=[instance_id],
                DocumentName=HOST_KEY_DOCUMENT,
                Parameters={"commands": [HOST_KEY_COMMAND]},
                TimeoutSeconds=30,
            )["Command"]["CommandId"]
            for _ in polls(clock, deadline=20.0, first=0.5):
                answer = _invocation(ssm, command, instance_id)
                if answer is not None and answer["Status"] not in _RUNNING:
                    return find_key(answer.get("StandardOutputContent", ""))
    except CloudCallFailed as error:
        # The agent registers some time after boot; an image may have none at all.
        if error.code not in _NOT_YET and not error.throttled:
            raise
    return None


def _invocation(ssm: Any, command: str, instance_id: str) -> Any:
    try:
        with translated():
            return ssm.get_command_invocation(CommandId=command, InstanceId=instance_id)
    except CloudCallFailed as error:
        if error.code in _NOT_YET:
            return None
        raise


def _by_console(cloud: Cloud, instance_id: str) -> str | None:
    with translated():
        answer = cloud.client("ec2").get_console_output(InstanceId=instance_id)
    return find_key(answer.get("Output", ""))


def find_key(text: str) -> str | None:
    """The last ed25519 public key in a text, without its comment: a console holds those of earlier boots above it."""
    keys = _KEY.findall(text)
    return keys[-1] if keys else None
