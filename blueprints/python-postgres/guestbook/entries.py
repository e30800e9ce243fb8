"""Entries of the guestbook in PostgreSQL."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from datetime import datetime

import psycopg

LONGEST_NAME = 60
LONGEST_MESSAGE = 500
SHOWN = 50


@dataclass(frozen=True)
class Entry:
    id: int
    name: str
    message: str
    written: datetime

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "written": self.written.isoformat()}


def connect() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5)


def latest(connection: psycopg.Connection) -> list[Entry]:
    rows = connection.execute("select id, name, message, written from entries order by id desc limit %s", (SHOWN,))
    return [Entry(*row) for row in rows]


def add(connection: psycopg.Connection, name: str, message: str) -> Entry:
    """Adds an entry. Raises ValueError for empty or too long text."""
    name, message = name.strip(), message.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise ValueError(f"name: 1 to {LONGEST_NAME} characters")
    if not 0 < len(message) <= LONGEST_MESSAGE:
        raise ValueError(f"message: 1 to {LONGEST_MESSAGE} characters")
    row = connection.execute(
        "insert into entries (name, message) values (%s, %s) returning id, name, message, written", (name, message)
    ).fetchone()
    assert row is not None
    return Entry(*row)
