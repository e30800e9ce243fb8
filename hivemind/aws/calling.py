"""A client whose every call passes through the one translation of errors: there is no way around it.

What `make_client` hands out is this, not botocore's own client, so that no caller has to remember `translated()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from hivemind.aws.errors import is_web_page, translate, unreadable
from hivemind.values.errors import HiveMindError

Meaning = Callable[[HiveMindError], HiveMindError]
"""What an error of a call means in the cloud that was called."""
_NO_API = frozenset({"GetObject"})
"""Operations whose answer is a user's file, in whatever format it is."""


class Client:
    """A client of botocore, as it is used there: operations as methods, `get_paginator`, `meta`, `exceptions`.

    Every call raises HiveMindErrors alone: CloudCallFailed with AWS's code where AWS refuses, CloudUnreachable where
    nobody answers. Waiters are not offered: they wait 30 s at a time, and mistake our errors for defects.
    """

    def __init__(self, client: Any, meaning: Meaning = lambda error: error) -> None:
        self._client, self._meaning = client, meaning
        self._service = str(client.meta.service_model.signing_name)
        client.meta.events.register("before-parse.*.*", _require_aws)

    def __repr__(self) -> str:
        return f"<{self._service} client>"

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        calls = name in self._client.meta.method_to_api_mapping or name.startswith("generate_")
        return self._calling(found) if calls else found

    def get_paginator(self, operation_name: str) -> Paginator:
        """As botocore's: `get_paginator("list_objects_v2").paginate(Bucket=...)`."""
        return Paginator(self._client.get_paginator(operation_name), self._service, self._meaning)

    def get_waiter(self, waiter_name: str) -> Any:
        """Raises HiveMindError: poll with `hivemind.deploy.polling` instead."""
        raise HiveMindError(f"clients have no waiter {waiter_name}: poll, with a deadline")

    def _calling(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **arguments: Any) -> Any:
            with _meant(self._service, self._meaning):
                return method(*args, **arguments)

        return call


class Paginator:
    """A paginator whose pages raise HiveMindErrors alone."""

    def __init__(self, paginator: Any, service: str, meaning: Meaning = lambda error: error) -> None:
        self._paginator = paginator
        self._service, self._meaning = service, meaning

    def paginate(self, **arguments: Any) -> Iterator[Any]:
        with _meant(self._service, self._meaning):
            yield from self._paginator.paginate(**arguments)


@contextmanager
def _meant(service: str, meaning: Meaning) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        ours = error if isinstance(error, HiveMindError) else translate(error, service)
        if ours is None:
            raise
        told = meaning(ours)
        if told is error:
            raise
        raise told from error


def _require_aws(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    """Raises CloudUnreachable for the page of a proxy or a login portal that came in place of an answer, which
    botocore's parsers would take for one without content, or fail at."""
    answered = response_dict.get("status_code", 0) < HTTPStatus.MULTIPLE_CHOICES
    if answered and operation_model.name not in _NO_API and is_web_page(response_dict.get("headers", {})):
        raise unreadable(operation_model.name)
