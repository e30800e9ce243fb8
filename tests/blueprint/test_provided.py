"""Names that applications have of their own for what HiveMind sets."""

from __future__ import annotations

import pytest

from hivemind.blueprint.provided import given_value, given_values, is_given, is_needless, url_variable

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CACHE_URL", "$REDIS_URL"),
        ("CELERY_BROKER_URL", "$REDIS_URL"),
        ("CELERY_RESULT_BACKEND", "$REDIS_URL"),
        ("REDIS_ENDPOINT_URI", "$REDIS_URL"),
        ("REDIS_ENDPOINT_URL", "$REDIS_HOST:$REDIS_PORT"),
        ("AZURE_REDIS_CONNECTIONSTRING", "$REDIS_URL"),
        ("REDISHOST", "$REDIS_HOST"),
        ("QUEUE_REDIS_PORT", "$REDIS_PORT"),
        ("REDIS_DB_HOST", "$REDIS_HOST"),
        ("REDIS_RATE_LIMIT_HOST", "$REDIS_HOST"),
        ("REDIS_QUEUE_PORT", "$REDIS_PORT"),
        ("REDIS_SENTINEL_HOST", None),
        ("REDIS_DB", "0"),
        ("PROD_DB_HOSTNAME", "$PGHOST"),
        ("POSTGRES_DB", "$PGDATABASE"),
        ("CACHE_TTL", None),
        ("REDIS_CACHE_TIMEOUT", None),
        ("UPSTASH_REDIS_REST_URL", None),
        ("QUEUE_URL", None),
        ("REDIS_URL", None),
        ("DATABASE_URL", None),
    ],
)
def test_what_a_name_stands_for(variable: str, value: str | None) -> None:
    assert given_value(variable) == value
    assert not is_needless(variable)


def test_only_what_a_service_needs_counts() -> None:
    assert given_value("CACHE_URL", ["postgres"]) is None
    assert given_value("REDIS_DB_HOST", ["postgres"]) == "$PGHOST"
    assert given_value("DB_HOST", ["redis", "of a plugin"]) is None
    assert (is_given("PGHOST", ["postgres"]), is_given("PGHOST", ["redis"])) == (True, False)
    assert url_variable("my-cache") == "MY_CACHE_URL"


def test_redis_has_no_password() -> None:
    assert is_needless("REDIS_PASSWORD")
    assert given_value("REDIS_PASSWORD") is None
    assert not is_needless("DB_PASSWORD")
    assert not is_needless("REDIS_PASSWORD", ["postgres"])


@pytest.mark.parametrize(
    ("read", "set_"),
    [
        (["DATABASE_URL", "MAPS_DATABASE_URL"], []),
        (["PRIMARY_DATABASE_URL", "MAPS_DATABASE_URL"], ["PRIMARY_DATABASE_URL"]),
        (["PGHOST", "ERP_DB_HOST"], []),
        (["ERP_DB_HOST", "CRM_DB_HOST"], []),
        (["SHOP_DB_HOST", "SHOP_DB_PASSWORD"], ["SHOP_DB_HOST", "SHOP_DB_PASSWORD"]),
        (["SHADOW_DATABASE_URL"], []),
        (["LEGACY_DB_HOST", "SHOP_DB_HOST"], ["SHOP_DB_HOST"]),
        (["DB_HOST", "PROD_DB_HOST", "REPLICA_DB_HOST"], ["DB_HOST", "PROD_DB_HOST"]),
        (["CACHE_URL", "QUEUE_REDIS_URL"], ["CACHE_URL", "QUEUE_REDIS_URL"]),
    ],
)
def test_the_address_with_its_password_goes_to_the_applications_own_database_alone(
    read: list[str], set_: list[str]
) -> None:
    assert sorted(given_values(read)) == sorted(set_)
