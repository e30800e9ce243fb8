"""The web service as a WSGI application.

POST /words        put the word that is the body into the queue
GET /counts.json   how often each letter was counted
GET /health        whether the process answers
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import redis

from letters import words

USAGE = "POST a word to /words, look at /counts.json\n"
STORE = words.connect()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    try:
        status, kind, body = answer(environ)
    except redis.RedisError as error:
        print(f"redis: {error}", flush=True)  # noqa: T201
        status, kind, body = HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", "Redis does not answer\n"
    content = body.encode()
    headers = [("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(content)))]
    start_response(f"{status.value} {status.phrase}", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]


def answer(environ: dict[str, Any]) -> tuple[HTTPStatus, str, str]:
    match environ["REQUEST_METHOD"], environ.get("PATH_INFO") or "/":
        case "GET" | "HEAD", "/":
            return HTTPStatus.OK, "text/plain", USAGE
        case "GET" | "HEAD", "/health":
            return HTTPStatus.OK, "text/plain", "ok\n"
        case "GET" | "HEAD", "/counts.json":
            return HTTPStatus.OK, "application/json", json.dumps(words.counts(STORE)) + "\n"
        case "POST", "/words":
            return accepted(environ)
        case _:
            return HTTPStatus.NOT_FOUND, "text/plain", "there is nothing here\n"


def accepted(environ: dict[str, Any]) -> tuple[HTTPStatus, str, str]:
    length = min(int(environ.get("CONTENT_LENGTH") or 0), words.LONGEST)
    try:
        waiting = words.put(STORE, environ["wsgi.input"].read(length).decode(errors="replace"))
    except ValueError as error:
        return HTTPStatus.BAD_REQUEST, "text/plain", f"{error}\n"
    return HTTPStatus.ACCEPTED, "application/json", json.dumps({"waiting": waiting}) + "\n"
