"""A description's rest is read by a language model: a scripted server on loopback that speaks OpenAI's API."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import Any

import pytest

from hivemind.descriptions import Wishes, read
from hivemind.reasoning.descriptions import read_rest
from hivemind.reasoning.model import Model, ModelFailed, configured
from hivemind.text.redact import REDACTOR

# Not by importing it: every worker collects every module, and it takes longer to load than most of these tests.
needs_dspy = pytest.mark.skipif(find_spec("dspy") is None, reason="needs the extra `medic`")
pytestmark = [pytest.mark.slow, pytest.mark.stress, needs_dspy]

Asked = list[dict[str, str]]
KEY = "a-key-of-our-own-proxy"


class Provider:
    """answers: what the model says, in turn, the last one again and again. requests: what it was sent."""

    def __init__(self) -> None:
        self.answers: list[Asked | str | int] = []
        self.requests: list[dict[str, Any]] = []
        self.hold = threading.Event()
        self.hold.set()

    def model(self) -> Model:
        return Model("openai/scripted", f"http://127.0.0.1:{self.port}/v1", KEY)

    port = 0


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            made.requests.append(json.loads(self.rfile.read(length)))
            made.hold.wait(30)
            answer = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
            if isinstance(answer, int):
                key = self.headers["Authorization"].split()[-1]
                self._send(answer, {"error": {"message": f"no such key: {key}", "type": "error"}})
                return
            text = answer if isinstance(answer, str) else _fields(answer)
            message = {"role": "assistant", "content": text}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
            self._send(200, {"id": "1", "object": "chat.completion", "model": "x", "choices": choices, "usage": usage})

        def _send(self, status: int, data: dict[str, Any]) -> None:
            body = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError):  # who asked has given up
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()


def _fields(wishes: Asked) -> str:
    return f"[[ ## wishes ## ]]\n{json.dumps(wishes)}\n\n[[ ## completed ## ]]"


def wish(subject: str, value: str, words: str) -> dict[str, str]:
    return {"subject": subject, "value": value, "words": words}


def said(wishes: Wishes) -> list[tuple[str, str, str, str | None]]:
    return [(one.subject, one.value, one.words, one.by) for one in wishes.understood]


TEXT = "two instances, close to our customers in lisbon, must survive a data center fire"


@pytest.mark.stress
def test_what_the_table_does_not_know(provider: Provider) -> None:
    provider.answers = [
        [
            wish("region", "eu-south-2", "close to our customers in Lisbon"),
            wish("available", "multi-az", "must survive a data center  fire"),
        ]
    ]
    found = read_rest(TEXT, read(TEXT), provider.model())
    assert said(found) == [
        ("instances", "2", "two instances", None),
        ("region", "eu-south-2", "close to our customers in lisbon", "openai/scripted"),
        ("available", "multi-az", "must survive a data center fire", "openai/scripted"),
    ]
    assert found.unread == ()
    (request,) = provider.requests
    assert TEXT in json.dumps(request)


INVENTED: dict[str, dict[str, str]] = {
    "words that are not there": wish("region", "eu-south-2", "in portugal"),
    "no words": wish("region", "eu-south-2", " "),
    "words that are read already": wish("size", "t3.small", "two instances"),
    "a region that is none": wish("region", "eu-lisbon-1", "lisbon"),
    "a value that can't be": wish("instances", "1000000", "lisbon"),
    "a subject that is none": wish("shell", "rm -rf /", "lisbon"),
    "what is decided already": wish("instances", "5", "lisbon"),
    "a path of another kind": wish("health", "http://elsewhere/", "lisbon"),
}


@pytest.mark.parametrize("case", INVENTED)
def test_what_is_invented_does_not_count(provider: Provider, case: str) -> None:
    provider.answers = [[INVENTED[case]]]
    wishes = read(TEXT)
    assert read_rest(TEXT, wishes, provider.model()) == wishes


def test_names_in_quotation_marks_ask_for_nothing(provider: Provider) -> None:
    text = "for the team 'lisbon data center' somewhere"
    provider.answers = [[wish("region", "eu-south-2", "lisbon")]]
    assert read_rest(text, read(text), provider.model()).understood == ()


@pytest.mark.parametrize("text", ["two instances in frankfurt", ""])
def test_it_is_not_asked_without_need(provider: Provider, text: str) -> None:
    provider.answers = [500]
    assert read_rest(text, read(text), provider.model()) == read(text)
    assert provider.requests == []


def test_secrets_are_not_sent(provider: Provider) -> None:
    REDACTOR.register("correct-horse-battery")
    provider.answers = [[]]
    text = "the password is correct-horse-battery"
    read_rest(text, read(text), provider.model())
    assert "correct-horse" not in json.dumps(provider.requests)


FAILURES: dict[str, Callable[[Provider], object]] = {
    "an error": lambda provider: provider.answers.append(500),
    "a refused key": lambda provider: provider.answers.append(401),
    "nonsense": lambda provider: provider.answers.append("I would rather not."),
    "nothing at all": lambda provider: provider.hold.clear(),
}


@pytest.mark.parametrize("case", FAILURES)
def test_without_an_answer_it_says_so(provider: Provider, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    monkeypatch.setattr("hivemind.reasoning.model.SECONDS", 3.0)
    FAILURES[case](provider)
    if not provider.answers:
        provider.answers = [[]]
    with pytest.raises(ModelFailed, match="openai/scripted") as failed:
        read_rest(TEXT, read(TEXT), provider.model())
    assert KEY not in failed.value.message


def test_the_environment_names_it() -> None:
    assert configured({}) is None
    assert configured({"HIVEMIND_MODEL": " "}) is None
    found = configured({"HIVEMIND_MODEL": "openai/x", "HIVEMIND_MODEL_URL": "http://here", "HIVEMIND_MODEL_KEY": "k"})
    assert found == Model("openai/x", "http://here", "k")
    assert "'k'" not in repr(found)
