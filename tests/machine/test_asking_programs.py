"""What programs of this machine are asked: nothing of the folder that HiveMind is called in decides."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hivemind.machine.programs import answer

pytestmark = pytest.mark.fast


def python(code: str, **more: object) -> str | None:
    return answer([sys.executable, "-I", "-c", code], **more)  # type: ignore[arg-type]


def test_it_runs_away_from_the_folder_that_hivemind_is_called_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert python("import os; print(os.getcwd())") == "/\n"


def test_what_only_standard_error_says_is_an_answer_too() -> None:
    assert python("import sys; print('javac 1.8', file=sys.stderr)") == "javac 1.8\n"
    assert python("import sys; print('a warning', file=sys.stderr); print('21')") == "21\n"


def test_its_environment() -> None:
    code = "import os; print(os.environ.get('A'), 'HOME' in os.environ)"
    assert python(code, env={"A": "b"}) == "b False\n"


@pytest.mark.parametrize("command", [["/bin/sh", "-c", "echo 1; exit 3"], ["hivemind-has-no-such-program"]])
def test_no_answer(command: list[str]) -> None:
    assert answer(command) is None


def test_a_program_that_waits_gets_its_seconds_and_no_input() -> None:
    assert answer(["/bin/cat"]) == ""
    assert answer(["tail", "-f", "/dev/null"], seconds=0.05) is None
