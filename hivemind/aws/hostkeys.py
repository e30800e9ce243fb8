"""SSH host keys of instances, from sources that AWS authenticates; never from the first connection.

The console first: cloud-init prints the keys there at first boot, on every system. `Latest` (all Nitro sizes) gives it
as it is now; without it AWS keeps what was there some minutes after boot. Then SSM RunCommand, where an agent runs.
"""

from __future__ import annotations

import re
import threading
from typing import Any

from hivemind.aws.mutations import HOST_KEY_COMMAND, HOST_KEY_DOCUMENT
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import Clock, polls
from hivemind.values.cloud import Cloud

CONSOLE_PAUSE = 3.0
"""Seconds between two looks at an instance's console, however often its key is asked for."""
AGENT_PAUSE = 30.0
"""Seconds between two questions whether SSM manages an instance, and between two commands to it."""
_KEY = re.compile(r"\bssh-ed25519 [A-Za-z0-9+/]{68}={0,2}")
_RUNNING = frozenset({"Pending", "InProgress", "Delayed"})
_NOT_YET = frozenset(
    {"InvalidInstanceId", "InvocationDoesNotExist", "InvalidInstanceID.NotFound", "IncorrectInstanceState"}
)


class HostKeys:
    """Host keys of the instances of one region. Thread-safe. What is asked again and again is asked of AWS seldom."""

    def __init__(self, cloud: Cloud, clock: Clock) -> None:
        self._cloud = cloud
        self._clock = clock
        self._lock = threading.Lock()
        self._not_before: dict[tuple[str, str], float] = {}
        self._buffered: set[str] = set()
        self._known: dict[str, str] = {}
        self._refused: dict[str, CloudCallFailed] = {}

    def of(self, instance_id: str) -> str | None:
        """The instance's ed25519 host key; None while neither source has it.

        A source that AWS refuses is left out. Raises CloudCallFailed where it refuses the console, and no agent of SSM
        can tell instead.
        """
        if instance_id in self._known:
            return self._known[instance_id]
        found = self._asked("console", instance_id, CONSOLE_PAUSE) or self._asked("agent", instance_id, AGENT_PAUSE)
        if found is None and "console" in self._refused and not self._waits("agent", instance_id):
            raise self._refused["console"]
        if found is not None:
            self._known[instance_id] = found
        return found

    def _waits(self, source: str, instance_id: str) -> bool:
        """Whether a source was looked at just now, and may have the key the next time."""
        return source not in self._refused and (source, instance_id) in self._not_before

    def _asked(self, source: str, instance_id: str, pause: float) -> str | None:
        now = self._clock.monotonic()
        with self._lock:
            if source in self._refused or now < self._not_before.get((source, instance_id), now):
                return None
            self._not_before[source, instance_id] = now + pause
        try:
            return self._console(instance_id) if source == "console" else self._agent(instance_id)
        except CloudCallFailed as error:
            if error.denied:
                self._refused[source] = error
            elif error.code not in _NOT_YET and not error.passing:
                raise
            return None

    def _console(self, instance_id: str) -> str | None:
        ec2 = self._cloud.client("ec2")
        if instance_id not in self._buffered:
            try:
                found = find_key(ec2.get_console_output(InstanceId=instance_id, Latest=True).get("Output", ""))
            except CloudCallFailed as error:
                if error.code != "UnsupportedOperation":
                    raise
                self._buffered.add(instance_id)
            else:
                if found is not None:
                    return found
        # Of an instance that booted long ago, the newest 64 KB may no longer have the keys.
        return find_key(ec2.get_console_output(InstanceId=instance_id).get("Output", ""))

    def _agent(self, instance_id: str) -> str | None:
        """By one fixed command that only reads, where SSM says that it manages the instance."""
        ssm = self._cloud.client("ssm")
        asked = [{"Key": "InstanceIds", "Values": [instance_id]}]
        if not ssm.describe_instance_information(Filters=asked).get("InstanceInformationList"):
            return None
        command = ssm.send_command(
            InstanceIds=[instance_id],
            DocumentName=HOST_KEY_DOCUMENT,
            Parameters={"commands": [HOST_KEY_COMMAND]},
            TimeoutSeconds=30,
        )["Command"]["CommandId"]
        for _ in polls(self._clock, deadline=20.0, first=0.5):
            answer = _invocation(ssm, command, instance_id)
            if answer is not None and answer["Status"] not in _RUNNING:
                return find_key(answer.get("StandardOutputContent", ""))
        return None


def _invocation(ssm: Any, command: str, instance_id: str) -> Any:
    try:
        return ssm.get_command_invocation(CommandId=command, InstanceId=instance_id)
    except CloudCallFailed as error:
        if error.code in _NOT_YET:
            return None
        raise


def find_key(text: str) -> str | None:
    """The last ed25519 public key in a text, without its comment: a console holds those of earlier boots above it."""
    keys = _KEY.findall(text)
    return keys[-1] if keys else None
