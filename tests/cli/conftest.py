"""A deployment that stands, for the commands that look at one; tests must leave it as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind.testing.project import Project, hello

STANDING = "instances: 2\nenv: {GREETING: standing}\nsecrets: {SECRET_KEY: generate}"


@pytest.fixture(scope="session")
def standing(lasting_project: Callable[..., Project]) -> Project:
    """A web application on two instances, deployed to the local cloud of this test process."""
    project = lasting_project(
        hello("standing", service=STANDING, more="environments: {production: {stage: stage-1}}\n")
    )
    project.apply()
    return project


@pytest.fixture
def nowhere(local_project: Callable[..., Project]) -> Project:
    """A project from which nothing is deployed."""
    return local_project(hello("nowhere"))
