"""The queue of words, and the counts of those that were taken out of it."""

from __future__ import annotations

import os
from collections import Counter

import redis

QUEUE, COUNTS = "words", "counts"
LONGEST = 200


def connect() -> redis.Redis:
    return redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True, socket_connect_timeout=5)


def put(store: redis.Redis, word: str) -> int:
    """Adds a word; how many wait now. Raises ValueError for one without letters."""
    letters = "".join(letter for letter in word.lower()[:LONGEST] if letter.isalpha())
    if not letters:
        raise ValueError("a word has letters")
    return int(store.lpush(QUEUE, letters))


def count_next(store: redis.Redis, seconds: int) -> str | None:
    """Takes the oldest word and adds its letters to the counts; the word, None where none came in that time."""
    taken = store.brpop([QUEUE], timeout=seconds)
    if taken is None:
        return None
    with store.pipeline() as together:
        for letter, times in Counter(taken[1]).items():
            together.hincrby(COUNTS, letter, times)
        together.execute()
    return str(taken[1])


def counts(store: redis.Redis) -> dict[str, int]:
    """Letter -> how often it was counted."""
    return {letter: int(times) for letter, times in sorted(store.hgetall(COUNTS).items())}
