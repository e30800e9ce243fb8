"""A job of a deployment with two instances: run by hand, its log, and what status says of it."""

from __future__ import annotations

import pytest

from hivemind.testing.project import Project
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


def test_it_runs_on_one_instance_and_its_last_run_counts(standing: Project) -> None:
    host = standing.run("ssh", "-i", "1", "hostname").out.strip()
    failed = standing.run("run", "--job", "cleanup", code=1)
    assert host in failed.out
    assert "run ended with exit code 1" in failed.out
    assert standing.run("run", "echo $SECRET_KEY").out.strip() not in failed.out, "its log hides secrets"
    check = standing.run("status", "--check", code=ExitCode.VERIFY)
    assert "The last run of the job cleanup failed: exit code 1." in check.err
    standing.run("run", "touch $HOME/clean")
    standing.run("run", "--job", "cleanup")
    status = standing.status("--check")
    job = status["jobs"]["cleanup"]
    assert (job["service"], job["schedule"], job["running"]) == ("web", "0 3 29 2 *", False)
    assert [(run["exit_code"], run["scheduled"]) for run in job["runs"]] == [(1, False), (0, False)]
    assert job["next"].startswith("2028-02-29T03:00:00")
    assert job["instance"] == status["services"]["web"][0]["instance"]
    shown = standing.run("status").out
    assert "job on web, 0 3 29 2 *; last run" in shown
    assert "exit code 0; next 2028-02-29 03:00 UTC" in " ".join(shown.split())
    log = standing.run("logs", "--job", "cleanup").out
    assert log.count("hivemind: run began, release r1") == 2
    assert "hivemind" not in standing.run("logs", "--service", "web").out


def test_what_is_no_job_is_told_with_the_nearest(standing: Project) -> None:
    assert "Did you mean cleanup?" in standing.run("run", "--job", "cleanpu", code=ExitCode.NOT_FOUND).err
    assert "Did you mean cleanup?" in standing.run("logs", "--job", "cleanpu", code=ExitCode.NOT_FOUND).err
    assert "--job takes neither" in standing.run("run", "--job", "cleanup", "true", code=ExitCode.USAGE).err


def test_show_has_its_values_and_their_origin(standing: Project) -> None:
    shown = " ".join(standing.run("show").out.split())
    assert "cleanup.schedule 0 3 29 2 *" in shown
    assert "cleanup.on web default: the only service that runs code" in shown
