"""The language model that a user has configured, and a bounded call of a program with it.

DSPy is an extra (`hivemind-deploy[medic]`) and loaded on the first call.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, TypeVar

from hivemind.text.redact import REDACTOR, redact
from hivemind.values.errors import HiveMindError

NAME, ADDRESS, KEY = "HIVEMIND_MODEL", "HIVEMIND_MODEL_URL", "HIVEMIND_MODEL_KEY"
_KEYS = "_API_KEY"
"""How providers' variables end that hold one."""
SECONDS = 45.0

Answer = TypeVar("Answer")


class ModelFailed(HiveMindError):
    """A model could not be asked, or said nothing that can be used."""


@dataclass(frozen=True)
class Model:
    """name: as DSPy takes it, `openai/gpt-4o-mini`, `anthropic/...`, `ollama_chat/...`. address: of its API where it is
    not the provider's own. key: where it is not in the provider's own variable (`OPENAI_API_KEY`)."""

    name: str
    address: str | None = None
    key: str | None = field(default=None, repr=False)


def configured(environment: Mapping[str, str] = os.environ) -> Model | None:
    """The model that the environment names (`HIVEMIND_MODEL`, `HIVEMIND_MODEL_URL`, `HIVEMIND_MODEL_KEY`), if any."""
    name = environment.get(NAME, "").strip()
    return Model(name, environment.get(ADDRESS) or None, environment.get(KEY) or None) if name else None


def ask(model: Model, program: Callable[[], Answer]) -> Answer:
    """Runs a program with a model, at most SECONDS once DSPy is loaded, which a busy machine takes long for. Raises
    ModelFailed for whatever goes wrong with it.

    Nothing is kept: neither answers on disk, nor what was sent in a history. What a provider says of a key of the
    environment's does not get into the message.
    """
    if find_spec("dspy") is None:
        raise ModelFailed(
            f"{NAME} is set, but DSPy is not installed",
            hint=f"Run `pip install 'hivemind-deploy[medic]'`, or unset {NAME}.",
        )
    keys = (value for name, value in os.environ.items() if name.endswith(_KEYS))
    REDACTOR.register(*keys, *([model.key] if model.key else []))
    # Else the first call fetches a list of prices from the internet.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    dspy = _loaded()
    outcome: list[Answer] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            with dspy.context(lm=_language_model(dspy, model), disable_history=True, track_usage=False):
                outcome.append(program())
        except BaseException as error:  # noqa: BLE001 - whatever a provider's client raises
            failure.append(error)

    # A provider's "try again later" is honoured without a bound; ours is here.
    thread = threading.Thread(target=run, name="model", daemon=True)
    thread.start()
    thread.join(SECONDS)
    if outcome:
        return outcome[0]
    if failure:
        raise ModelFailed(f"{model.name}: {_said(failure[0])}") from failure[0]
    raise ModelFailed(f"{model.name} did not respond within {SECONDS:g} s")


def _loaded() -> Any:
    """DSPy and its client of providers, which it would load at the first question."""
    try:
        import dspy
        import litellm  # noqa: F401
    except Exception as error:
        raise ModelFailed(f"DSPy could not be loaded: {_said(error)}") from error
    return dspy


def _language_model(dspy: Any, model: Model) -> Any:
    given = {"api_base": model.address, "api_key": model.key}
    return dspy.LM(
        model.name,
        cache=False,
        timeout=SECONDS,
        num_retries=1,
        **{name: value for name, value in given.items() if value},
    )


def _said(error: BaseException) -> str:
    text = redact(" ".join(str(error).split()))
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__
