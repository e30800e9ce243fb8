"""Host keys: the console as it is now, the buffered one, SSM's agent; refusals, and how seldom AWS is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from hivemind.aws.hostkeys import AGENT_PAUSE, CONSOLE_PAUSE, HostKeys
from hivemind.testing import ManualClock
from hivemind.values.calls import CloudCallFailed

pytestmark = pytest.mark.fast
KEY = "ssh-ed25519 " + "A" * 68
CONSOLE = f"-----BEGIN SSH HOST KEY KEYS-----\n{KEY} root@ip-10-0-0-1\n-----END SSH HOST KEY KEYS-----"
INSTANCE = "i-0123456789abcdef0"


@dataclass
class Aws:
    """EC2 and SSM. latest, buffered: the console in both forms. managed: whether an agent runs. wrong: operation ->
    code of its error. told: what each command answers."""

    latest: str = ""
    buffered: str = ""
    managed: bool = False
    wrong: dict[str, str] = field(default_factory=dict)
    told: list[Any] = field(default_factory=lambda: [{"Status": "Success", "StandardOutputContent": f"{KEY} root@x\n"}])
    calls: list[str] = field(default_factory=list)

    def client(self, service: str) -> Aws:
        return self

    def _call(self, operation: str) -> None:
        self.calls.append(operation)
        if operation in self.wrong:
            raise CloudCallFailed(self.wrong[operation], operation, "told so")

    def get_console_output(self, *, InstanceId: str, Latest: bool = False) -> dict[str, Any]:
        self._call("latest" if Latest else "buffered")
        text = self.latest if Latest else self.buffered
        return {"Output": text} if text else {}

    def describe_instance_information(self, *, Filters: Any) -> dict[str, Any]:
        self._call("managed")
        assert Filters == [{"Key": "InstanceIds", "Values": [INSTANCE]}]
        return {"InstanceInformationList": [{"InstanceId": INSTANCE}] if self.managed else []}

    def send_command(self, **_: Any) -> dict[str, Any]:
        self._call("command")
        return {"Command": {"CommandId": "0" * 36}}

    def get_command_invocation(self, **_: Any) -> Any:
        self._call("invocation")
        answer = self.told.pop(0) if len(self.told) > 1 else self.told[0]
        if answer is None:
            raise CloudCallFailed("InvocationDoesNotExist", "GetCommandInvocation", "not yet")
        return answer


def keys(aws: Aws) -> tuple[HostKeys, ManualClock]:
    clock = ManualClock()
    return HostKeys(aws, clock), clock  # type: ignore[arg-type]


def test_the_console_as_it_is_now() -> None:
    aws = Aws(latest=CONSOLE)
    assert keys(aws)[0].of(INSTANCE) == KEY
    assert aws.calls == ["latest"]


@pytest.mark.parametrize("wrong", [{}, {"latest": "UnsupportedOperation"}])
def test_the_buffered_console_where_the_newest_lines_do_not_tell(wrong: dict[str, str]) -> None:
    aws = Aws(buffered=CONSOLE, wrong=wrong)
    assert keys(aws)[0].of(INSTANCE) == KEY
    assert aws.calls == ["latest", "buffered"]


def test_a_type_without_it_is_not_asked_for_the_newest_lines_again() -> None:
    aws = Aws(wrong={"latest": "UnsupportedOperation"})
    found, clock = keys(aws)
    for _ in range(2):
        assert found.of(INSTANCE) is None
        clock.advance(CONSOLE_PAUSE)
    assert aws.calls.count("latest") == 1
    assert aws.calls.count("buffered") == 2


def test_a_late_console_is_found_and_no_command_is_sent_to_what_ssm_does_not_manage() -> None:
    aws = Aws()
    found, clock = keys(aws)
    for _ in range(200):
        assert found.of(INSTANCE) is None
        clock.advance(1.0)
    assert "command" not in aws.calls
    assert aws.calls.count("managed") <= 200 / AGENT_PAUSE + 1
    assert aws.calls.count("latest") <= 200 / CONSOLE_PAUSE + 1
    aws.latest = CONSOLE
    clock.advance(CONSOLE_PAUSE)
    assert found.of(INSTANCE) == KEY
    calls = len(aws.calls)
    assert found.of(INSTANCE) == KEY
    assert len(aws.calls) == calls


def test_an_agent_tells_where_one_runs() -> None:
    answers = [None, {"Status": "InProgress"}, {"Status": "Success", "StandardOutputContent": f"{KEY} root@x\n"}]
    aws = Aws(managed=True, told=answers)
    assert keys(aws)[0].of(INSTANCE) == KEY
    assert aws.calls == ["latest", "buffered", "managed", "command", "invocation", "invocation", "invocation"]


def test_a_command_that_fails_is_not_sent_again_at_once() -> None:
    aws = Aws(managed=True, told=[{"Status": "Failed"}])
    found, clock = keys(aws)
    for _ in range(20):
        assert found.of(INSTANCE) is None
        clock.advance(1.0)
    assert aws.calls.count("command") == 1


@pytest.mark.parametrize("operation", ["managed", "command"])
def test_a_refused_ssm_permission_leaves_the_console(operation: str) -> None:
    aws = Aws(managed=True, wrong={operation: "AccessDeniedException"})
    found, clock = keys(aws)
    assert found.of(INSTANCE) is None
    clock.advance(AGENT_PAUSE)
    aws.latest = CONSOLE
    assert found.of(INSTANCE) == KEY
    assert aws.calls.count(operation) == 1


def test_a_refused_console_leaves_the_agent() -> None:
    aws = Aws(managed=True, wrong={"latest": "UnauthorizedOperation"})
    assert keys(aws)[0].of(INSTANCE) == KEY


def test_where_both_are_refused_the_console_s_permission_is_named() -> None:
    aws = Aws(wrong={"latest": "UnauthorizedOperation", "managed": "AccessDeniedException"})
    with pytest.raises(CloudCallFailed, match="latest") as caught:
        keys(aws)[0].of(INSTANCE)
    assert caught.value.denied


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "InvalidInstanceID.NotFound", "Unavailable"])
def test_what_passes_is_no_reason_to_end(code: str) -> None:
    aws = Aws(wrong={"latest": code})
    found, clock = keys(aws)
    assert found.of(INSTANCE) is None
    aws.wrong, aws.latest = {}, CONSOLE
    clock.advance(CONSOLE_PAUSE)
    assert found.of(INSTANCE) == KEY


def test_what_does_not_pass_is_raised() -> None:
    with pytest.raises(CloudCallFailed):
        keys(Aws(wrong={"latest": "InvalidParameterValue"}))[0].of(INSTANCE)
