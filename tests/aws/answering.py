"""A region of AWS that answers from a table, each answer checked against botocore's own model of the operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from botocore.session import get_session
from botocore.stub import Stubber

from hivemind.aws.models import quick_loader
from hivemind.values.calls import CloudCallFailed

Answer = Mapping[str, Any] | CloudCallFailed | Callable[[Mapping[str, Any]], Any]


@cache
def model(service: str) -> Any:
    session = get_session()
    session.register_component("data_loader", quick_loader(None))
    return session.create_client(service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")


@dataclass
class Region:
    """answers: `ec2.describe_vpcs` -> what it answers with, an error, or a function of what is asked. What is not in it
    is denied, as to credentials without rights."""

    answers: dict[str, Answer] = field(default_factory=dict)
    identity: str = "arn:aws:iam::123456789012:user/ada"
    credentials_end: datetime | None = None
    name: str = "aws"
    region: str = "eu-west-1"
    account: str = "123456789012"
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def client(self, service: str) -> _Client:
        return _Client(self, service)


@dataclass
class _Client:
    region: Region
    service: str
    operation: str = ""

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return lambda **asked: self.call(operation, asked)

    def get_paginator(self, operation: str) -> _Client:
        return _Client(self.region, self.service, operation)

    def paginate(self, **asked: Any) -> Iterator[Any]:
        yield self.call(self.operation, asked)

    def call(self, operation: str, asked: dict[str, Any]) -> Any:
        client = model(self.service)
        name = client.meta.method_to_api_mapping[operation]
        client._convert_to_request_dict(asked, client.meta.service_model.operation_model(name), "https://x", {})
        self.region.asked.append((f"{self.service}.{operation}", asked))
        denied = CloudCallFailed("AccessDenied", name, "not authorized")
        answer: Any = self.region.answers.get(f"{self.service}.{operation}", denied)
        answer = answer(asked) if callable(answer) else answer
        if isinstance(answer, CloudCallFailed):
            raise answer
        Stubber(client).add_response(operation, answer)  # refuses what the model does not have
        return answer
