"""What an instance of a group reaches of the local cloud: its metadata, and what its role allows."""

from __future__ import annotations

import asyncio
import json
import urllib.error
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from hivemind.hosts.onhost import role
from hivemind.local.instance_door import Door
from hivemind.local.model import Instance

ACCOUNT, REGION = "000000000000", "us-east-1"
PLACE = f"{REGION}.amazonaws.com"
STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/shop-production/1"
POLICY = {
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::artifacts/running/web/*"]},
        {"Effect": "Allow", "Action": ["cloudformation:SignalResource"], "Resource": [STACK]},
        {"Effect": "Allow", "Action": "ssm:GetParameter",
         "Resource": [f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/shop/key"]},
        {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"],
         "Resource": [f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:mail-??????"]},
    ]
}  # fmt: skip
MAIL = {"ARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:mail-AbCdEf"}


async def application(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Any) -> None:
    """An emulator that says what it was asked."""
    body = (await receive())["body"].decode()
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": f"{scope['method']} {scope['path']} {body}".encode()})


EMULATOR = SimpleNamespace(
    asgi=application,
    scope=lambda *_: nullcontext(),
    stacks={"shop-production": {"StackId": STACK}},
    roles={"web": {"InlinePolicies": {"first-boot": json.dumps(POLICY)}}},
    secret=lambda name: ("mail", MAIL) if name == "mail" else None,
)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
    """Asks through a door what an instance asks; the answer, or the HTTP error."""

    def asked(work: Callable[[], bytes], signals: list[str] | None = None) -> bytes:
        async def opened() -> bytes:
            instance = Instance("i-1", ACCOUNT, REGION, "10.0.0.4", None, ())
            door = Door(EMULATOR, instance, "web", (signals if signals is not None else []).append)  # type: ignore[arg-type]
            url = f"http://127.0.0.1:{await door.open()}"
            monkeypatch.setenv("AWS_ENDPOINT_URL", url)
            monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
            try:
                return await asyncio.to_thread(work)
            finally:
                door.close()
                await asyncio.sleep(0)

        return asyncio.run(opened())

    return asked


def json_call(service: str, target: str, **asked: str) -> bytes:
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    with role.opened(PLACE, service, body=json.dumps(asked).encode(), headers=headers) as answer:
        return answer.read()


def object_of(key: str) -> bytes:
    with role.from_bucket(PLACE, "artifacts", key) as answer:
        return answer.read()


def test_it_gives_the_metadata_of_its_instance(ask: Callable[..., bytes]) -> None:
    assert ask(lambda: role.metadata("meta-data/instance-id").encode()) == b"i-1"


def test_what_the_role_allows_is_passed_on(ask: Callable[..., bytes]) -> None:
    found = ask(lambda: object_of("running/web/manifest.json"))
    assert found == b"GET /artifacts/running/web/manifest.json "
    asked = ask(lambda: json_call("ssm", "AmazonSSM.GetParameter", Name="/shop/key"))
    assert b'"/shop/key"' in asked
    assert b"mail" in ask(lambda: json_call("secretsmanager", "secretsmanager.GetSecretValue", SecretId="mail"))


@pytest.mark.parametrize(
    ("service", "target", "asked"),
    [
        ("ssm", "AmazonSSM.GetParameter", {"Name": "/shop/other"}),
        ("ssm", "AmazonSSM.PutParameter", {"Name": "/shop/key", "Value": "x"}),
        ("secretsmanager", "secretsmanager.GetSecretValue", {"SecretId": "payments"}),
        ("secretsmanager", "AmazonSSM.GetParameter", {"Name": "/shop/key"}),
    ],
)
def test_nothing_else_is(ask: Callable[..., bytes], service: str, target: str, asked: dict[str, str]) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(lambda: json_call(service, target, **asked))
    assert refused.value.code == 403
    refused.value.close()


def test_the_folder_of_another_service_is_not_there(ask: Callable[..., bytes]) -> None:
    with pytest.raises(role.NotThere):
        ask(lambda: object_of("running/api/manifest.json"))


def test_a_signal_is_told(ask: Callable[..., bytes]) -> None:
    signals: list[str] = []
    query = {"Action": "SignalResource", "StackName": "shop-production", "UniqueId": "i-1"}

    def signal() -> bytes:
        with role.opened(PLACE, "cloudformation", query=query) as answer:
            return answer.read()

    ask(signal, signals)
    assert signals == ["i-1"]


def test_another_key_is_no_key(ask: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(role, "credentials", lambda: (ACCOUNT, "guessed", ""))
    with pytest.raises(role.NotThere):
        ask(lambda: object_of("running/web/manifest.json"))
