from __future__ import annotations

import os

import pytest

from hivemind.testing.project import Project
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


def test_a_command_with_its_output_and_code(standing: Project) -> None:
    done = standing.run("ssh", "echo out; echo err >&2; exit 7", code=7)
    assert (done.out, done.err) == ("out\n", "err\n")


def test_a_script_on_standard_input(standing: Project) -> None:
    assert standing.run("ssh", stdin="echo $((6 * 7))\n").out == "42\n"


def test_a_command_ends_though_its_input_stays_open(standing: Project) -> None:
    reading, writing = os.pipe()
    try:
        running = standing.start("ssh", "echo out; exit 7", stdin=reading)
        out, _ = running.communicate(timeout=60)
    finally:
        os.close(reading)
        os.close(writing)
    assert (out, running.returncode) == ("out\n", 7)


def test_the_instance_is_chosen_by_number_or_id(standing: Project) -> None:
    ids = [one["instance"] for one in standing.status()["services"]["web"]]
    second = standing.run("ssh", "-i", "2", "hostname").out
    assert standing.run("ssh", "-i", ids[1], "hostname").out == second
    assert standing.run("ssh", "-i", ids[0], "hostname").out != second
    none = standing.run("ssh", "-i", "3", "true", code=ExitCode.NOT_FOUND)
    assert ids[0] in none.err


def test_options_after_the_command_are_its_own(standing: Project) -> None:
    assert standing.run("ssh", "--service", "web", "echo", "--help", "-i", "x").out == "--help -i x\n"


def test_the_environment_file_is_its_users_alone(standing: Project) -> None:
    assert standing.run("ssh", "stat -Lc %a /etc/hivemind/web.env").out == "600\n"


def test_the_key_of_a_local_deployment_needs_no_new_one(standing: Project) -> None:
    assert "never leaves this machine" in standing.run("ssh", "--new-key", code=ExitCode.REFUSED).err
    assert "for all instances" in standing.run("ssh", "--new-key", "-i", "2", code=ExitCode.USAGE).err
