from __future__ import annotations

import pytest

from hivemind.blueprint.generated import is_own_secret
from hivemind.blueprint.masking import masked

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    "name",
    [
        "SECRET", "SECRET_KEY", "SECRET_KEY_BASE", "DJANGO_SECRET_KEY", "JWT_SECRET", "JWT_SECRET_KEY",
        "SESSION_SECRET", "COOKIE_SECRET", "NEXTAUTH_SECRET", "BETTER_AUTH_SECRET", "REFRESH_TOKEN_SECRET",
        "APP_SECRET", "JWT_KEY", "MY_SHOP_SECRET_KEY", "MY_SHOP_JWT_SECRET",
    ],
)  # fmt: skip
def test_any_long_random_text_will_do(name: str) -> None:
    assert is_own_secret(name, "my-shop")


@pytest.mark.parametrize(
    "name",
    [
        "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "STRIPE_SECRET_KEY", "GITHUB_CLIENT_SECRET", "CLIENT_SECRET",
        "API_KEY", "APP_KEY", "RAILS_MASTER_KEY", "ENCRYPTION_KEY", "FERNET_KEY", "RECAPTCHA_SECRET", "S3_SECRET",
        "PASSWORD", "OTHER_SHOP_SECRET_KEY", "WEBHOOK_SECRET",
    ],
)  # fmt: skip
def test_what_others_give_out_or_has_a_form_is_not_made_up(name: str) -> None:
    assert not is_own_secret(name, "my-shop")


def test_the_word_is_no_secret_that_must_be_hidden() -> None:
    assert masked("    secrets: {SECRET_KEY: generate, API_KEY: sk_12345678}") == (
        "    secrets: {SECRET_KEY: generate, API_KEY: ***********}"
    )
