from __future__ import annotations

import pytest

from hivemind.text.command_words import kept_line

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("python", "manage.py", "check"), "python manage.py check"),
        (("ls | wc -l",), "ls | wc -l"),
        (("echo", "a b", "$X"), "echo 'a b' '$X'"),
        (("one\n\ttwo",), "one two"),
        (("mysql", "--password", "hunter2", "-e", "select 1"), "mysql --password [redacted] -e 'select 1'"),
        (("login --token abc123 --user me",), "login --token [redacted] --user me"),
        (("env", "API_KEY=abc", "curl", "x"), "env API_KEY=[redacted] curl x"),
        (("psql", "postgres://u:hunter2@db/shop"), "psql postgres://u:[redacted]@db/shop"),
        (("curl -H 'Authorization: Bearer abc.def' http://x",), "curl -H 'Authorization: Bearer [redacted]' http://x"),
        (("deploy", "--password"), "deploy --password"),
    ],
)
def test_a_line_without_secrets(words: tuple[str, ...], line: str) -> None:
    assert kept_line(words) == line
