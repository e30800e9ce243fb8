"""The map from botocore's exceptions to ours is complete."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from botocore import exceptions as foreign

from hivemind.aws.errors import translate, translated
from hivemind.values.calls import BAD_CREDENTIALS, DENIED, THROTTLED, UNAVAILABLE, CloudCallFailed
from hivemind.values.errors import CloudUnreachable, HiveMindError
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.fast

KINDS = [
    kind
    for _, kind in sorted(vars(foreign).items())
    if inspect.isclass(kind)
    and issubclass(kind, foreign.BotoCoreError)
    and not issubclass(kind, foreign.StubResponseError)
]


def instance(kind: Any) -> Any:
    try:
        return kind(**dict.fromkeys(_names(kind.fmt), "x"))
    except TypeError:
        return kind(name="x", reason="x", last_response={})


def _names(text: str) -> list[str]:
    import string

    return [name for _, name, _, _ in string.Formatter().parse(text) if name]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_exception_of_botocore_becomes_one_of_ours(kind: Any) -> None:
    error = instance(kind)
    ours = translate(error)
    assert isinstance(ours, HiveMindError)
    assert ours.exit_code is not ExitCode.INTERNAL


def answered(code: str) -> foreign.ClientError:
    return foreign.ClientError({"Error": {"Code": code, "Message": "told so"}}, "DescribeStacks")


@pytest.mark.parametrize("code", sorted(BAD_CREDENTIALS))
def test_refused_credentials_are_an_unreachable_cloud(code: str) -> None:
    ours = translate(answered(code))
    assert isinstance(ours, CloudUnreachable)
    assert "Log in again" in str(ours.hint)


@pytest.mark.parametrize(
    ("code", "exit_code", "hint"),
    [
        *((code, ExitCode.UNREACHABLE, "apply continues where it stopped") for code in sorted(THROTTLED | UNAVAILABLE)),
        *((code, ExitCode.REFUSED, "cloudformation:DescribeStacks") for code in sorted(DENIED - {"OptInRequired"})),
        ("OptInRequired", ExitCode.REFUSED, "Enable the region"),
        *((code, ExitCode.CLOUD, "Service Quotas") for code in ("VpcLimitExceeded", "TooManyBuckets", "LimitExceeded")),
        ("ValidationError", ExitCode.CLOUD, None),
    ],
)
def test_each_kind_has_its_exit_code_and_says_what_to_do(code: str, exit_code: ExitCode, hint: str | None) -> None:
    ours = translate(answered(code), "cloudformation")
    assert ours is not None
    assert ours.exit_code is exit_code
    assert (ours.hint is None) if hint is None else (hint in str(ours.hint))


@pytest.mark.parametrize(
    ("code", "denied", "throttled"),
    [(c, True, False) for c in sorted(DENIED)]
    + [(c, False, True) for c in sorted(THROTTLED)]
    + [("ValidationError", False, False)],
)
def test_answers_keep_code_and_words(code: str, denied: bool, throttled: bool) -> None:
    ours = translate(answered(code))
    assert isinstance(ours, CloudCallFailed)
    assert (ours.code, ours.operation, ours.detail) == (code, "DescribeStacks", "told so")
    assert (ours.exit_code is ExitCode.REFUSED, ours.throttled) == (denied, throttled)


def test_what_is_not_botocores_passes_unchanged() -> None:
    assert translate(ValueError("x")) is None
    with pytest.raises(ZeroDivisionError), translated():
        _ = 1 / 0
    ours = CloudUnreachable("x")
    with pytest.raises(CloudUnreachable) as caught, translated():
        raise ours
    assert caught.value is ours


def test_the_cause_is_kept() -> None:
    with pytest.raises(CloudUnreachable) as caught, translated():
        raise foreign.NoCredentialsError
    assert isinstance(caught.value.__cause__, foreign.NoCredentialsError)
