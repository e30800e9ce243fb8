"""A cloud whose CloudFormation answers from a script: botocore's Stubber, so that every call is checked against
the service's own model, and every call out of order fails."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from hivemind.aws.clients import CallCounter, make_client
from hivemind.deploy.stack import StackDriver
from hivemind.testing import ManualClock

STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-production/5f0a"
NAME = "shop-production"
TOKEN = "hivemind-000000000000000000000001"
START = datetime(2026, 1, 1, tzinfo=UTC)


class Script:
    """The cloud and its script. Each method adds the answer to one expected call."""

    name = "aws"
    region = "eu-west-1"
    account = "123456789012"
    endpoint = None
    pace = 1.0
    id, token = STACK_ID, TOKEN

    def __init__(self, state: Path) -> None:
        self.state = state
        self.counter = CallCounter()
        self._stubs: dict[str, tuple[Any, Stubber]] = {}
        self._ids = itertools.count()
        self.clock = ManualClock()
        self.said: list[str] = []
        self.events: list[str] = []
        self.ready: list[tuple[str, str, str]] = []

    def client(self, service: str) -> Any:
        return self._stub(service)[0]

    def calls(self) -> dict[str, int]:
        return self.counter.counts()

    def driver(self, **options: Any) -> StackDriver:
        return StackDriver(self, clock=self.clock, say=self.said.append, **options)  # type: ignore[arg-type]

    def on_event(self, event: Any) -> None:
        self.events.append(f"{event.logical_id} {event.status}")

    def on_ready(self, logical_id: str, physical_id: str, kind: str) -> None:
        self.ready.append((logical_id, physical_id, kind))

    def _stub(self, service: str) -> tuple[Any, Stubber]:
        if service not in self._stubs:
            client = make_client(service, region=self.region, counter=self.counter, access_key="a", secret_key="b")
            stubber = Stubber(client)
            stubber.activate()
            self._stubs[service] = (client, stubber)
        return self._stubs[service]

    def answer(
        self, operation: str, response: dict[str, Any] | None = None, service: str = "cloudformation", **expected: Any
    ) -> None:
        self._stub(service)[1].add_response(operation, response or {}, expected or None)

    def error(
        self, operation: str, code: str, message: str, service: str = "cloudformation", status: int = 400
    ) -> None:
        self._stub(service)[1].add_client_error(operation, code, message, http_status_code=status)

    def absent(self) -> None:
        self.error("describe_stacks", "ValidationError", f"Stack with id {NAME} does not exist")

    def stack(self, status: str, **more: Any) -> None:
        stack = {"StackId": STACK_ID, "StackName": NAME, "StackStatus": status, "CreationTime": START, **more}
        self.answer("describe_stacks", {"Stacks": [stack]})

    def event(
        self,
        logical_id: str,
        status: str,
        reason: str = "",
        *,
        kind: str = "AWS::EC2::VPC",
        token: str | None = TOKEN,
        physical: str = "",
    ) -> dict[str, Any]:
        number = next(self._ids)
        entry: dict[str, Any] = {
            "EventId": f"e{number}",
            "StackId": STACK_ID,
            "StackName": NAME,
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical or f"{logical_id.lower()}-1",
            "ResourceType": kind,
            "Timestamp": START + timedelta(seconds=number),
            "ResourceStatus": status,
        }
        if reason:
            entry["ResourceStatusReason"] = reason
        if token:
            entry["ClientRequestToken"] = token
        return entry

    def stack_event(self, status: str, reason: str = "", token: str | None = TOKEN) -> dict[str, Any]:
        return self.event(NAME, status, reason, kind="AWS::CloudFormation::Stack", token=token, physical=STACK_ID)

    def page(self, *events: dict[str, Any]) -> None:
        """events: oldest first, as people write them; the service gives the newest first."""
        self.answer("describe_stack_events", {"StackEvents": list(reversed(events))})

    def resources(self, *entries: tuple[str, str, str]) -> None:
        """entries: (logical id, type, status)."""
        summaries = [
            {
                "LogicalResourceId": name,
                "PhysicalResourceId": f"{name.lower()}-1",
                "ResourceType": kind,
                "ResourceStatus": status,
                "LastUpdatedTimestamp": START,
            }
            for name, kind, status in entries
        ]
        self.answer("list_stack_resources", {"StackResourceSummaries": summaries})

    def created(self, body: Any = ANY) -> None:
        self.answer(
            "create_stack",
            {"StackId": STACK_ID},
            StackName=NAME,
            ClientRequestToken=TOKEN,
            OnFailure="ROLLBACK",
            EnableTerminationProtection=ANY,
            TemplateBody=body,
            Parameters=ANY,
            Capabilities=ANY,
            Tags=ANY,
        )

    def change_set(
        self,
        *changes: tuple[str, str, str],
        details: tuple[dict[str, Any], ...] = (),
        expected: dict[str, Any] | None = None,
    ) -> None:
        """A change set that is ready. changes: (logical id, action, replacement). details: of each. expected: what the
        call has of the template."""
        names = ("StackName", "ChangeSetName", "ChangeSetType", "ClientToken", "Parameters", "Capabilities", "Tags")
        self.answer(
            "create_change_set",
            {"Id": "arn:aws:cloudformation:eu-west-1:1:changeSet/c", "StackId": STACK_ID},
            **(dict.fromkeys(names, ANY) | expected if expected else {}),
        )
        entries = []
        for name, action, replacement in changes:
            change: dict[str, Any] = {"LogicalResourceId": name, "ResourceType": "AWS::EC2::VPC", "Action": action}
            if details:
                change["Details"] = list(details)
            if replacement:
                change["Replacement"] = replacement
            entries.append({"Type": "Resource", "ResourceChange": change})
        self.answer("describe_change_set", {"Status": "CREATE_COMPLETE", "Changes": entries})

    def assert_done(self) -> None:
        for _, stubber in self._stubs.values():
            stubber.assert_no_pending_responses()


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    monkeypatch.setattr("hivemind.deploy.stack.new_token", lambda: TOKEN)
    monkeypatch.setattr("hivemind.deploy.removal.new_token", lambda: TOKEN)
    monkeypatch.setattr("hivemind.deploy.recovering.new_token", lambda: TOKEN)
    return Script(tmp_path)
