"""Creates the table; run once for each release, any number of times."""

from __future__ import annotations

from guestbook.entries import connect

TABLE = """
create table if not exists entries (
    id bigint generated always as identity primary key,
    name text not null,
    message text not null,
    written timestamptz not null default now()
)
"""


def main() -> None:
    with connect() as connection:
        # two instances may start at once; `if not exists` alone can still collide
        connection.execute("select pg_advisory_xact_lock(7461)")
        connection.execute(TABLE)
    print("table entries is there")  # noqa: T201


if __name__ == "__main__":
    main()
