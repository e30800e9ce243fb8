"""The guestbook as a WSGI application.

GET /              the page
POST /entries      add an entry (form or JSON)
GET /entries.json  the latest entries
GET /health        whether the process answers; /health/database: whether PostgreSQL does too
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import psycopg

from guestbook import entries
from guestbook.page import page

LARGEST_BODY = 16_384
Answer = tuple[HTTPStatus, str, str]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    try:
        status, kind, body = answer(environ)
    except psycopg.Error as error:
        print(f"database: {error}", flush=True)  # noqa: T201
        status, kind, body = HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", "the database does not answer\n"
    content = body.encode()
    headers = [
        ("Content-Type", f"{kind}; charset=utf-8"),
        ("Content-Length", str(len(content))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    if status is HTTPStatus.SEE_OTHER:
        headers.append(("Location", "/"))
    start_response(f"{status.value} {status.phrase}", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]


def answer(environ: dict[str, Any]) -> Answer:
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO") or "/"
    read = method in {"GET", "HEAD"}
    if read and path == "/health":
        return HTTPStatus.OK, "text/plain", "ok\n"
    if read and path == "/health/database":
        with entries.connect() as connection:
            connection.execute("select 1")
        return HTTPStatus.OK, "text/plain", "ok\n"
    if read and path == "/":
        with entries.connect() as connection:
            return HTTPStatus.OK, "text/html", page(entries.latest(connection))
    if read and path == "/entries.json":
        with entries.connect() as connection:
            found = [entry.as_json() for entry in entries.latest(connection)]
        return HTTPStatus.OK, "application/json", json.dumps({"entries": found}) + "\n"
    if method == "POST" and path == "/entries":
        return write(environ)
    return HTTPStatus.NOT_FOUND, "text/plain", "not found\n"


def write(environ: dict[str, Any]) -> Answer:
    as_json = environ.get("CONTENT_TYPE", "").startswith("application/json")
    with entries.connect() as connection:
        try:
            name, message = text_of(environ, as_json=as_json)
            entry = entries.add(connection, name, message)
        except ValueError as error:
            if as_json:
                return HTTPStatus.BAD_REQUEST, "application/json", json.dumps({"error": str(error)}) + "\n"
            return HTTPStatus.BAD_REQUEST, "text/html", page(entries.latest(connection), str(error))
    if as_json:
        return HTTPStatus.CREATED, "application/json", json.dumps(entry.as_json()) + "\n"
    return HTTPStatus.SEE_OTHER, "text/plain", ""


def text_of(environ: dict[str, Any], *, as_json: bool) -> tuple[str, str]:
    """Name and message out of a request's body. Raises ValueError where there are none."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not 0 < length <= LARGEST_BODY:
        raise ValueError(f"a body of 1 to {LARGEST_BODY} bytes is needed")
    body = environ["wsgi.input"].read(length).decode("utf-8")
    if as_json:
        given = json.loads(body)
        if not isinstance(given, dict):
            raise ValueError("an object with name and message is needed")
        return str(given.get("name", "")), str(given.get("message", ""))
    form = parse_qs(body)
    return form.get("name", [""])[0], form.get("message", [""])[0]
