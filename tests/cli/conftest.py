"""A deployment that stands, for the commands that look at one; tests must leave it as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind.testing.project import Project, hello

STANDING = "instances: 2\nenv: {GREETING: standing}\nsecrets: {SECRET_KEY: generate}"


JOB = 'cleanup: {kind: job, schedule: "0 3 29 2 *", start: "hostname; echo $SECRET_KEY; test -e $HOME/clean"}'


@pytest.fixture(scope="session")
def standing(lasting_project: Callable[..., Project]) -> Project:
    """A web application on two instances, deployed to the local cloud of this test process."""
    files = hello("standing", service=STANDING, more="environments: {production: {stage: stage-1}}\n")
    files["hivemind.yaml"] = files["hivemind.yaml"].replace("services:\n", f"services:\n  {JOB}\n")
    project = lasting_project(files)
    project.apply()
    return project


@pytest.fixture
def nowhere(local_project: Callable[..., Project]) -> Project:
    """A project from which nothing is deployed."""
    return local_project(hello("nowhere"))
