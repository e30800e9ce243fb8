"""Proverbs as JSON: /api/quote gives one, /api/quotes all."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from typing import Any

QUOTES = (
    {"text": "Well begun is half done.", "by": "a Greek proverb"},
    {"text": "Fall seven times, stand up eight.", "by": "a Japanese proverb"},
    {"text": "Measure seven times, cut once.", "by": "a Russian proverb"},
    {"text": "Many hands make light work.", "by": "an English proverb"},
    {"text": "Little by little, the bird builds its nest.", "by": "a French proverb"},
)


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    # with a host name of its own the API answers without the prefix too
    path = environ.get("PATH_INFO", "/").removeprefix("/api")
    answers: dict[str, Callable[[], object]] = {
        "/health": lambda: {"healthy": True},
        "/quote": lambda: random.choice(QUOTES),  # noqa: S311
        "/quotes": lambda: {"quotes": QUOTES},
    }
    found = answers.get(path)
    body = json.dumps(found() if found else {"error": "not found"}).encode() + b"\n"
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    start_response("200 OK" if found else "404 Not Found", headers)
    return [body]
