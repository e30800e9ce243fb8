"""A build that stops for a setting names it, with the line to write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.builds.unset import absent, unset

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
    absent(lines, "web")


def test_a_folder_that_nothing_made() -> None:
    line = "FileNotFoundError: [Errno 2] No such file or directory: '/tmp/x/work/1-a/tree/app/static/made'"
    said = absent(["Traceback", line, ""], "web") or ""
    assert said.startswith("static/made is not in the repository")
    assert "`services.web.build: COMMAND && ...`" in said
    assert absent(["FileNotFoundError: [Errno 2] No such file or directory: '/etc/x'"], "web") is None


def test_a_driver_that_is_too_old_to_compile() -> None:
    said = absent(["  psycopg/psycopgmodule.c:685:18: error: invalid use of incomplete typedef", ""], "web") or ""
    assert "`psycopg2-binary>=2.9`" in said
    assert absent(["lib/module.c:1:1: error: x"], "web") is None


def test_a_package_whose_version_does_not_compile_with_this_python() -> None:
    failed = ["  src/lamp/state.cpp:21:3: error: 'struct _frame' has no member 'f_code'"]
    wheel = ["  ERROR: Failed building wheel for lamp-core", "ERROR: Could not build wheels for lamp-core"]
    said = absent([*failed, *wheel], "web") or ""
    assert said.startswith("The version of lamp-core that is asked for has no wheel for the Python that is used")
    assert "`services.web.runtime: python VERSION`" in said
    assert absent(wheel, "web") is None
