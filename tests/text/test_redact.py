"""Redaction: registered values always, credentials by their look."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivemind.text.redact import MASK, SHORTEST, Redactor


@pytest.mark.fast
@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgres://app:hunter2hunter@db:5432/app", "hunter2hunter"),
        ("PASSWORD=abc123def", "abc123def"),
        ("fatal: unable to access 'https://ghx_abc@host/a.git/'", "ghx_abc"),
        ("clone HTTPS://tok3n:x-oauth-basic@host/a", "tok3n"),
        ('{"db_password": "x y z"}', "x y z"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI"),
        ("key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----", "b3Blbn"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEcut off", "MIIEcut"),
        ("token ghp_abcdefghijklmnopqrstuvwxyz012345", "ghp_abcdef"),
    ],
)
def test_what_looks_like_a_credential_goes(text: str, secret: str) -> None:
    shown = Redactor().text(text)
    assert secret not in shown
    assert MASK in shown


@pytest.mark.fast
@pytest.mark.parametrize(
    "text",
    [
        "Cannot find version 16.9 for postgres",
        "postgres://db:5432/app",
        "ssh://git@host/",
        "postgres://user@host/",
        "the secret of shop-production was created",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf",
        "https://shop.example.com:8443/a@b",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert Redactor().text(text) == text


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(secret=st.text(min_size=SHORTEST, max_size=20), before=st.text(max_size=10), after=st.text(max_size=10))
def test_a_registered_value_is_nowhere_in_what_comes_out(secret: str, before: str, after: str) -> None:
    redactor = Redactor()
    redactor.register(secret)
    shown = redactor.data({"a": [before + secret + after], before + secret: 1})
    if secret not in MASK:
        assert secret not in shown["a"][0].replace(MASK, "\0")


@pytest.mark.fast
def test_redacting_twice_changes_nothing() -> None:
    redactor = Redactor()
    once = redactor.text("password=abcdefg postgres://u:secret@h")
    assert redactor.text(once) == once
