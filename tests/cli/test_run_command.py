from __future__ import annotations

import pytest

from hivemind.testing.project import Project
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


def test_it_runs_where_the_application_does(standing: Project) -> None:
    done = standing.run("run", "pwd; id -un; echo $GREETING $PORT; ls app.py; exit 7", code=7)
    where, user, words, listed = done.out.splitlines()
    assert where.endswith("/app")
    assert (words, listed) == ("standing 8000", "app.py")
    assert user == standing.run("ssh", "ps -o user= -p $(pgrep -of 'python.* app.py')").out.strip()


def test_several_words_are_a_program_and_its_arguments(standing: Project) -> None:
    assert (
        standing.run("run", "python3", "-c", "import sys; print(sys.argv)", "a b", "$X").out == "['-c', 'a b', '$X']\n"
    )


def test_a_generated_secret_is_the_same_on_all_instances(standing: Project) -> None:
    values = {standing.run("run", "-i", number, "echo $SECRET_KEY").out.strip() for number in ("1", "2")}
    (value,) = values
    assert len(value) == 64
    assert value.isalnum()
    assert value not in standing.run("show").out
    assert "generate" in standing.run("show").out
    assert standing.run("secrets", "list").out.split(maxsplit=3) == [
        "web", "SECRET_KEY", "generate", "made with the stack\n"
    ]  # fmt: skip


def test_input_reaches_it(standing: Project) -> None:
    assert standing.run("run", "cat", stdin="typed\n").out == "typed\n"


def test_no_such_service(standing: Project) -> None:
    assert "Services: web" in standing.run("run", "--service", "wbe", "true", code=ExitCode.NOT_FOUND).err
