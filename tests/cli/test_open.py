from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.testing.project import Project
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


def test_it_prints_the_address(standing: Project) -> None:
    assert standing.run("open", "--print").out.strip() == standing.status()["url"]
    assert standing.run("open", "--print", "--service", "web").out.strip() == standing.status()["url"]


def test_it_opens_the_browser(standing: Project, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    project = Project(standing.folder, standing.home, {"BROWSER": str(browser)})
    project.run("open")
    assert (tmp_path / "opened").read_text().strip() == standing.status()["url"]


def test_without_a_browser_it_says_so(standing: Project) -> None:
    project = Project(
        standing.folder, standing.home, {"DISPLAY": None, "WAYLAND_DISPLAY": None, "BROWSER": None}
    )  # fmt: skip
    assert project.run("open", "--json").last["opened"] is False
    said = project.run("open")
    assert said.out.strip() == standing.status()["url"]
    assert "no browser on this machine" in said.err


def test_as_data(standing: Project) -> None:
    url = standing.status()["url"]
    assert standing.run("open", "--print", "--json").last == {"url": url, "urls": {"web": url}, "opened": False}


def test_what_has_no_address(standing: Project, nowhere: Project) -> None:
    assert standing.run("open", "--service", "worker", code=ExitCode.NOT_FOUND).err
    assert nowhere.run("open", code=ExitCode.NOT_FOUND).err
