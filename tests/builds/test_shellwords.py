from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.builds.shellwords import named


@pytest.mark.fast
@pytest.mark.parametrize(
    ("command", "sure", "perhaps"),
    [
        ("make", "make", ""),
        ("cd x && cmake -B o; make 2>&1 | tee log", "cd cmake make tee", ""),
        ("A=b exec time make", "make", ""),
        ("(cd x && make) && hugo", "cd make hugo", ""),
        ("make\nhugo", "make hugo", ""),
        ("./gradlew build && env A=1 npm test", "npm", ""),
        ("a || b", "", "a b"),
        ("a || b && c", "c", "a b"),
        ("a && b || c", "", "a b c"),
        ("a ||\nb\nmake", "make", "a b"),
        ("a || exit 1; b", "a b", ""),
        ("a || exit 0", "", "a exit"),
        ("if [ -f x ]; then make; else cmake; fi; go build", "go", "make cmake"),
        ("if a; then if b; then c; fi; d; fi; e", "e", "a b c d"),
        ("[ -f Makefile ] && make; hugo", "hugo", "make"),
        ("command -v pnpm && pnpm build", "", "pnpm"),
        ("for f in a b; do zola $f; done; make", "zola make", ""),
        ("while read x; do git $x; done\nmake", "make", "read git"),
        ("sh -c 'if a; then b; fi' && make", "sh make", ""),
        ("echo 'no end", "", ""),
        ("", "", ""),
    ],
)
def test_programs_of_a_command_line(command: str, sure: str, perhaps: str) -> None:
    assert list(named(command)) == sure.split()
    assert set(named(command, perhaps=True)) == {*sure.split(), *perhaps.split()}


@pytest.mark.property
@given(st.text(st.sampled_from("ab |&;()\n'\"{}\\<>=$ifdo")))
def test_any_text_is_read(text: str) -> None:
    assert set(named(text)) <= set(named(text, perhaps=True))
