"""The worker: counts the letters of one word after the other, for ever."""

from __future__ import annotations

import time

import redis

from letters import words

PATIENCE = 5


def main() -> None:
    store = words.connect()
    print("waiting for words", flush=True)  # noqa: T201
    while True:
        try:
            if word := words.count_next(store, PATIENCE):
                print(f"counted {word}", flush=True)  # noqa: T201
        except redis.RedisError as error:
            print(f"redis: {error}", flush=True)  # noqa: T201
            time.sleep(PATIENCE)


if __name__ == "__main__":
    main()
