"""Values of secrets: read when a release is installed, kept nowhere, shown nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from hivemind.blueprint.generated import STORE
from hivemind.template.names import generated_secret_output
from hivemind.text.redact import REDACTOR
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint, SecretReference
    from hivemind.template.fragment import Binding
    from hivemind.values.cloud import Cloud


class SecretValues:
    """Secrets by where they come from. Its repr shows none of them, and it can't be pickled or printed by accident."""

    def __init__(self, values: Mapping[tuple[str, str | None], str]) -> None:
        self._values = dict(values)

    def __repr__(self) -> str:
        return f"<{len(self._values)} secrets>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("secrets cannot be stored")

    def of(self, reference: SecretReference) -> str:
        """The value that a blueprint's reference stands for. Raises KeyError for one that was not read."""
        return self._values[_source(reference)]

    def field(self, arn: str, key: str) -> str:
        """A field of a Secrets Manager secret. Raises KeyError for one that was not read."""
        return self._values[arn, key]


def secret_values(
    cloud: Cloud,
    blueprint: Blueprint,
    bindings: Mapping[str, Binding],
    outputs: Mapping[str, str],
    *,
    services: Iterable[str] | None = None,
) -> SecretValues:
    """Reads every secret that these services use (default: all), each store entry once.

    outputs: of the stack. All values are registered with the program's redactor. Raises StageError(deploy) that
    names the secret, never its value.
    """
    wanted = _wanted(blueprint, bindings, outputs, services)
    reader = _Reader(cloud)
    values: dict[tuple[str, str | None], str] = {}
    for store, source, key in sorted(wanted, key=lambda item: (item[0], item[1], item[2] or "")):
        name = source if store == "arn" else f"{store}:{source}"
        if store == STORE:
            arn = _output(outputs, generated_secret_output(source), source)
            values[name, key] = reader.read("arn", arn, None)
        else:
            values[name, key] = reader.read(store, source, key)
    REDACTOR.register(*(value for (_, key), value in values.items() if key != "username"))
    return SecretValues(values)


def marks(
    blueprint: Blueprint, bindings: Mapping[str, Binding], outputs: Mapping[str, str], service: str
) -> tuple[SecretValues, Mapping[str, Mapping[str, str | None]]]:
    """Marks in place of the secrets of a service, for an environment that someone else fills in; and what each stands
    for: `store` (`ssm` or `secretsmanager`), `name`, `key`.

    A mark is followed by `/`, which is `%2F` wherever a value would be percent-encoded.
    """
    values: dict[tuple[str, str | None], str] = {}
    sources: dict[str, Mapping[str, str | None]] = {}
    for store, source, key in sorted(
        _wanted(blueprint, bindings, outputs, [service]), key=lambda item: (item[0], item[1], item[2] or "")
    ):
        mark = f"hm{sha256(json.dumps((store, source, key)).encode()).hexdigest()}"
        values[source if store == "arn" else f"{store}:{source}", key] = f"{mark}/"
        name = _output(outputs, generated_secret_output(source), source) if store == STORE else source
        kept = "ssm" if store == "ssm" else "secretsmanager"
        sources[mark] = {"store": kept, "name": name, "key": None if store == STORE else key}
    return SecretValues(values), sources


def stored_secrets(cloud: Cloud, sources: Mapping[str, Mapping[str, str | None]]) -> Mapping[str, str]:
    """Mark -> the value that its secret has now, for what `marks` returned. All are registered with the redactor.
    Raises StageError(deploy)."""
    reader = _Reader(cloud)
    values = {}
    for mark, source in sources.items():
        store, name = str(source["store"]), str(source["name"])
        values[mark] = reader.read("arn" if name.startswith("arn:") else store, name, source.get("key"))
        if source.get("key") != "username":
            REDACTOR.register(values[mark])
    return values


def _source(reference: SecretReference) -> tuple[str, str | None]:
    return f"{reference.store}:{reference.name}", reference.key


def _wanted(
    blueprint: Blueprint,
    bindings: Mapping[str, Binding],
    outputs: Mapping[str, str],
    services: Iterable[str] | None,
) -> set[tuple[str, str, str | None]]:
    names = sorted(blueprint.services) if services is None else sorted(services)
    wanted: set[tuple[str, str, str | None]] = set()
    for name in names:
        service = blueprint.services[name]
        for reference in service.secrets.values():
            wanted.add((reference.store, reference.name, reference.key))
        for need in service.needs:
            if need in bindings:
                for output, key in bindings[need].secrets.values():
                    wanted.add(("arn", _output(outputs, output, need), key))
    return wanted


def _output(outputs: Mapping[str, str], name: str, resource: str) -> str:
    try:
        return outputs[name]
    except KeyError:
        raise StageError(
            Stage.DEPLOY,
            f"the stack has no output {name}, which {resource} needs",
            subject=resource,
            path=f"resources.{resource}",
        ) from None


class _Reader:
    """Reads store entries, each once."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._texts: dict[tuple[str, str], str] = {}

    def read(self, store: str, source: str, key: str | None) -> str:
        if (store, source) not in self._texts:
            self._texts[store, source] = self._fetch(store, source)
        text = self._texts[store, source]
        return text if key is None else _field(text, key, _shown(store, source))

    def _fetch(self, store: str, source: str) -> str:
        client = self._cloud.client("ssm" if store == "ssm" else "secretsmanager")
        try:
            if store == "ssm":
                return str(client.get_parameter(Name=source, WithDecryption=True)["Parameter"]["Value"])
            return str(client.get_secret_value(SecretId=source)["SecretString"])
        except CloudCallFailed as error:
            raise StageError(
                Stage.DEPLOY,
                f"cannot read the secret {_shown(store, source)}: {error.code}",
                subject=source,
                hint=f"Create it in {self._cloud.region}, and allow your credentials to read it.",
            ) from None
        except KeyError:
            raise StageError(Stage.DEPLOY, f"the secret {_shown(store, source)} has no text", subject=source) from None


def _shown(store: str, source: str) -> str:
    return source if store == "arn" else f"{store}:{source}"


def _field(text: str, key: str, shown: str) -> str:
    try:
        content = json.loads(text)
        value = content[key]
    except (ValueError, KeyError, TypeError):
        raise StageError(Stage.DEPLOY, f"the secret {shown} has no field {key}", subject=shown) from None
    return value if isinstance(value, str) else json.dumps(value)
