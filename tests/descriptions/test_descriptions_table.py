from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.descriptions import read
from hivemind.descriptions.vocabulary import DATABASES, PLACES

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("with a postgres database", [("need", "postgres", "postgres database")]),
        ("needs a database", [("need", "postgres", "database")]),
        ("two instances", [("instances", "2", "two instances")]),
        ("3 small servers", [("instances", "3", "3 small servers")]),
        ("a couple of machines", [("instances", "2", "couple of machines")]),
        ("cheap", [("stage", "stage-1", "cheap")]),
        ("Stage 1", [("stage", "stage-1", "Stage 1")]),
        ("in Frankfurt", [("region", "eu-central-1", "Frankfurt")]),
        ("in eu-west-1", [("region", "eu-west-1", "eu-west-1")]),
        ("us-gov-west-1", [("region", "us-gov-west-1", "us-gov-west-1")]),
        ("on t3.small", [("size", "t3.small", "t3.small")]),
        ("db.t3.small with 50 GB", [("database-size", "db.t3.small", "db.t3.small"), ("storage", "50", "50 GB")]),
        ("redis on cache.t3.small", [("need", "redis", "redis"), ("cache-size", "cache.t3.small", "cache.t3.small")]),
        ("with redis", [("need", "redis", "redis")]),
        ("a redis cache", [("need", "redis", "redis cache")]),
        ("staging", [("environment", "staging", "staging")]),
        ("no database", [("no-need", "postgres", "no database")]),
        ("without a postgres", [("no-need", "postgres", "without a postgres")]),
        ("don't use any database", [("no-need", "postgres", "don't use any database")]),
        ("not cheap", [("stage", "production", "not cheap")]),
        ("not in production", [("stage", "stage-1", "not in production")]),
        ("highly available", [("available", "multi-az", "highly available")]),
        ("port 8080, health check at /up", [("port", "8080", "port 8080"), ("health", "/up", "health check at /up")]),
        ("called my-shop", [("name", "my-shop", "called my-shop")]),
        ("not in frankfurt", []),
        ("port 99999", []),
        ("one thousand and 0 instances", []),
        ('a blog about "two instances"', []),
        ("a blog about 'no database'", []),
        ("it's the users' page with redis", [("need", "redis", "redis")]),
        ("postgresqlite", []),
        ("", []),
    ],
)
def test_what_is_understood(text: str, understood: list[tuple[str, str, str]]) -> None:
    assert [(wish.subject, wish.value, wish.words) for wish in read(text).understood] == understood


def test_words_that_mean_nothing_are_kept() -> None:
    wishes = read('A fluffy shop, "two instances", not in frankfurt')
    assert wishes.unread == ("fluffy", "shop", '"two instances"', "not", "frankfurt")


def test_of_contradictions_the_last_one_holds_and_the_others_are_told() -> None:
    wishes = read("two instances with a database; three instances, no database")
    assert [(wish.subject, wish.value) for wish in wishes.understood] == [("instances", "3"), ("no-need", "postgres")]
    assert [wish.words for wish in wishes.overruled] == ["two instances", "database"]
    assert not read("redis, redis").overruled


def test_several_needs() -> None:
    assert read("postgres and redis but no mongo").values("need") == ("postgres", "redis")
    assert read("postgres and redis but no mongo").values("no-need") == ("mongodb",)


def test_what_is_too_long_is_said() -> None:
    assert read("x " * 2000 + "two instances").unread[-1] == "..."


_TEXT = "no not without a 'x' \"y z\" ; , . 3 two instances in with don't cheap stage 1 port t3.small 50 GB |"
_NAMES = [name for names in (*PLACES.values(), *DATABASES.values()) for name in names]
WORDS = st.sampled_from([*_TEXT.split(" "), *_NAMES])


@given(st.one_of(st.text(), st.lists(WORDS, max_size=30).map(" ".join)))
def test_it_never_raises_and_quotes_the_text(text: str) -> None:
    wishes = read(text)
    for wish in (*wishes.understood, *wishes.overruled):
        assert wish.words
        assert wish.words in text
    for word in wishes.unread:
        assert word in text or word == "..."


@given(st.sampled_from([name for names in DATABASES.values() for name in names]))
def test_a_negation_is_the_opposite(name: str) -> None:
    (kind,) = read(f"with {name}").values("need")
    for said in (f"no {name}", f"without a {name}", f"please do not use {name}"):
        assert read(said).values("no-need") == (kind,)
        assert not read(said).values("need")


@given(st.lists(WORDS, max_size=12).map(" ".join).filter(lambda text: '"' not in text))
def test_a_quotation_is_no_wish(text: str) -> None:
    assert read(f'"{text}"').understood == ()
