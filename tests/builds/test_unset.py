"""A build that stops for a setting names it, with the line to write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.builds.unset import unset

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("django.core.exceptions.ImproperlyConfigured: settings.SHOP_LOGIN must be defined", "SHOP_LOGIN"),
        ("django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.", "SECRET_KEY"),
        ("ImproperlyConfigured: Set the SHOP_KEY environment variable", "SHOP_KEY"),
        ("decouple.UndefinedValueError: SHOP_KEY not found. Declare it as envvar or define a default.", "SHOP_KEY"),
        ("KeyError: 'SHOP_KEY'", "SHOP_KEY"),
    ],
)
def test_a_setting(line: str, name: str) -> None:
    said = unset(["Traceback (most recent call last):", line, ""], "web") or ""
    assert f"`services.web.env: {{{name}: VALUE}}`" in said


@pytest.mark.parametrize("line", ["KeyError: 'a'", "ImproperlyConfigured: no", "npm error code ETARGET", ""])
def test_nothing(line: str) -> None:
    assert unset([line], "web") is None


@given(st.lists(st.text()))
def test_any_text(lines: list[str]) -> None:
    unset(lines, "web")
