"""A static site behind a route: its files are found with and without the route's path."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from hivemind.agents.compiler import fileserver
from hivemind.blueprint.model import Route, Service

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("path", "stripped"),
    [("/landing/*", "/landing"), ("/a/b", "/a/b"), ("/*", None), (None, None), ("/a*b", None), ("/a{b}/*", None)],
)
def test_the_path_of_a_route_is_taken_off(path: str | None, stripped: str | None) -> None:
    work = SimpleNamespace(service=Service("web", routes=(Route(path=path),)))
    lines = fileserver._below(work).splitlines()  # type: ignore[arg-type]
    assert [line.split()[-1] for line in lines if "strip_prefix" in line] == ([stripped] if stripped else [])
