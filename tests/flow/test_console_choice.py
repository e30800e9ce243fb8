from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.deploy.state import DeploymentState, DeploymentStatus, StateStore
from hivemind.detections.consoles import SHELL
from hivemind.flow.consoles import console_for
from hivemind.flow.deployments import Known
from hivemind.values.asked import Asked

pytestmark = pytest.mark.slow

BLUEPRINT = """\
hivemind: 1
name: shop
services:
  web: {path: site, runtime: python 3.11, start: "gunicorn shop.web:app -b 0.0.0.0:8000", port: 8000}
"""


@pytest.fixture
def known(tmp_path: Path) -> Known:
    (tmp_path / "site/shop").mkdir(parents=True)
    (tmp_path / "hivemind.yaml").write_text(BLUEPRINT)
    (tmp_path / "site/requirements.txt").write_text("flask==3.0.3\ngunicorn==22.0.0\n")
    (tmp_path / "site/shop/web.py").write_text("from flask import Flask\n\napp = Flask(__name__)\n")
    state = DeploymentState("shop", DeploymentStatus.DEPLOYED, checkout=str(tmp_path))
    return Known(StateStore(tmp_path / "states"), state)


def test_recon_knows_the_framework_and_the_blueprint_what_is_served(known: Known, tmp_path: Path) -> None:
    found = console_for(known, Asked(tmp_path), "web")
    assert (found.name, found.command) == ("Flask shell", "exec python -m flask --app shop.web:app shell")


def test_a_project_that_is_broken_or_gone_gets_a_shell(known: Known, tmp_path: Path) -> None:
    assert console_for(known, Asked(tmp_path), "worker") == SHELL
    (tmp_path / "hivemind.yaml").write_text("services: [")
    assert console_for(known, Asked(tmp_path), "web") == SHELL
    (tmp_path / "hivemind.yaml").unlink()
    assert console_for(known, Asked(tmp_path), "web") == SHELL
