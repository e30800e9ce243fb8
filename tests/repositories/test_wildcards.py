"""Ignore patterns with many wildcards: they mean what git means, and take no longer than their text."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec import PathSpec, RegexPattern

from hivemind.repositories.wildcards import linear

NAMES = st.text("ab.", min_size=1, max_size=5)
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)
PIECES = st.lists(st.sampled_from(["a", "b", "*", "?", "[ab]", ".", "**"]), min_size=1, max_size=5).map("".join)
SEGMENTS = st.one_of(PIECES, st.just("**"), st.just("a"), st.just("*a*b"), st.just("*"))
PATTERNS = st.builds(
    lambda start, segments, end: start + "/".join(segments) + end,
    st.sampled_from(["", "/"]),
    st.lists(SEGMENTS, min_size=1, max_size=5),
    st.sampled_from(["", "/", "/**"]),
)


@pytest.mark.property
@given(PATTERNS, PATHS, st.booleans())
def test_they_mean_what_pathspec_means(pattern: str, path: str, folder: bool) -> None:
    expression = linear(pattern)
    if expression is None:
        return
    place = f"{path}/" if folder else path
    wanted = PathSpec.from_lines("gitignore", [pattern]).check_file(place).include
    assert PathSpec([RegexPattern(re.compile(expression), True)]).check_file(place).include == wanted, expression


@pytest.mark.fast
def test_a_class_matches_no_slash_as_in_git() -> None:
    expression = re.compile(linear("a*[!x]*b") or "")
    assert expression.search("acb")
    assert not expression.search("a/b")
    assert not expression.search("axb")


@pytest.mark.fast
@pytest.mark.parametrize("pattern", ["*.pyc", "/build/", "docs/**/x", "!keep*", "a?c", "**/x", "foo/*"])
def test_ordinary_ones_are_left_to_pathspec(pattern: str) -> None:
    assert linear(pattern) is None


@pytest.mark.fast
@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*a" * 60 + "b", "a" * 250),
        ("[ab]*" * 60 + "c", "a" * 250),
        ("a/**/" * 30 + "b", "a/" * 1000 + "c"),
        ("/**/" + "*a*/**/" * 20 + "b", "aaa/" * 500 + "c"),
        ("**a" * 40 + "/x", "a" * 250 + "/y"),
    ],
)
def test_hostile_ones_end(pattern: str, name: str) -> None:
    """With pathspec's own expressions each of them runs for years."""
    program = (
        "import sys; from pathlib import Path; from hivemind.repositories.ignores import Ignores\n"
        "folder = Path(sys.argv[1]); spec = Ignores().entering(folder, '')\n"
        "print(sum(spec.ignores(sys.argv[2] + str(number), is_folder=False) for number in range(50)))\n"
    )
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, ".gitignore").write_text(pattern + "\n")
        done = subprocess.run(
            [sys.executable, "-c", program, folder, name], capture_output=True, text=True, timeout=30, check=True
        )
    assert done.stdout.strip() == "0"
