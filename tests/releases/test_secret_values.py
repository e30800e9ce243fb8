from __future__ import annotations

import pickle
from typing import Any

import pytest

from hivemind.blueprint.model import Blueprint, SecretReference, Service
from hivemind.releases.secret_values import SecretValues, secret_values
from hivemind.template.fragment import Binding
from hivemind.text.redact import redact
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import StageError

pytestmark = pytest.mark.fast


class Store:
    """Both secret stores; counts what is asked."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.asked: list[str] = []
        self.region = "eu-west-1"

    def client(self, service: str) -> Store:
        return self

    def _get(self, name: str) -> str:
        self.asked.append(name)
        if name not in self.texts:
            raise CloudCallFailed("ResourceNotFoundException", "GetParameter", "no such entry")
        return self.texts[name]

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> dict[str, Any]:
        assert WithDecryption
        return {"Parameter": {"Value": self._get(Name)}}

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:
        return {"SecretString": self._get(SecretId)}


def read(store: Store, *references: SecretReference) -> SecretValues:
    secrets = {f"V{number}": reference for number, reference in enumerate(references)}
    blueprint = Blueprint("shop", services={"web": Service("web", secrets=secrets)})
    return secret_values(store, blueprint, {}, {})  # type: ignore[arg-type]


def test_each_store_entry_is_read_once() -> None:
    store = Store({"/shop/key": "ssm-value-9", "shop": '{"a": "value-of-a", "n": 5}'})
    references = [
        SecretReference("ssm", "/shop/key"),
        SecretReference("secretsmanager", "shop", "a"),
        SecretReference("secretsmanager", "shop", "n"),
        SecretReference("secretsmanager", "shop"),
    ]
    values = read(store, *references)
    assert [values.of(reference) for reference in references] == [
        "ssm-value-9",
        "value-of-a",
        "5",
        '{"a": "value-of-a", "n": 5}',
    ]
    assert sorted(store.asked) == ["/shop/key", "shop"]


def test_bindings_of_needs_only() -> None:
    store = Store({"arn:db": '{"username": "app", "password": "the-password-1"}'})
    binding = Binding("db", env={}, secrets={"user": ("Arn", "username"), "password": ("Arn", "password")})
    service = Service("web", needs=("db",))
    bindings = {"db": binding, "other": Binding("other", {}, secrets={"x": ("Missing", "x")})}
    values = secret_values(store, Blueprint("s", services={"web": service}), bindings, {"Arn": "arn:db"})  # type: ignore[arg-type]
    assert values.field("arn:db", "password") == "the-password-1"
    assert store.asked == ["arn:db"]


def test_a_generated_value_is_that_of_the_stacks_own_secret() -> None:
    store = Store({"arn:secret": "generated-9"})
    reference = SecretReference("generated", "SECRET_KEY")
    services = {name: Service(name, secrets={"SECRET_KEY": reference}) for name in ("web", "worker")}
    outputs = {"SecretDashKeyGeneratedSecretArn": "arn:secret"}
    values = secret_values(store, Blueprint("s", services=services), {}, outputs)  # type: ignore[arg-type]
    assert values.of(reference) == "generated-9"
    assert store.asked == ["arn:secret"]


def test_values_are_shown_nowhere() -> None:
    values = read(Store({"/k": "never-to-be-seen"}), SecretReference("ssm", "/k"))
    assert repr(values) == "<1 secrets>"
    assert "never" not in f"{values} {values!r} {vars(Blueprint('x'))}"
    with pytest.raises(TypeError):
        pickle.dumps(values)
    assert redact("it was never-to-be-seen") == "it was [redacted]"


@pytest.mark.parametrize(
    ("texts", "reference", "message"),
    [
        ({}, SecretReference("ssm", "/none"), "cannot read the secret ssm:/none: ResourceNotFoundException"),
        ({"s": "plain-text"}, SecretReference("secretsmanager", "s", "k"), "secretsmanager:s has no field k"),
        ({"s": '{"a": "hidden-a"}'}, SecretReference("secretsmanager", "s", "k"), "secretsmanager:s has no field k"),
    ],
)
def test_a_secret_that_can_not_be_read(texts: dict[str, str], reference: SecretReference, message: str) -> None:
    with pytest.raises(StageError) as caught:
        read(Store(texts), reference)
    assert message in caught.value.message
    assert caught.value.__cause__ is None
    assert all(value not in caught.value.message for value in texts.values())
