"""A health check path that was found by asking stays; one that the code or the blueprint had does not outlive them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hivemind.flow.checking import check
from hivemind.flow.planning import with_known_health_paths
from hivemind.plan.model import NOTHING
from hivemind.plugins.loading import load
from hivemind.template.names import target_group

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("said", "stands", "path"),
    [
        ("", "/health", "/health"),
        ("", "/", "/"),
        ("", "/livez", None),
        ("health: /up, ", "/health", "/up"),
    ],
)
def test_which_path_counts(tmp_path: Path, said: str, stands: str, path: str | None) -> None:
    file = tmp_path / "hivemind.yaml"
    service = f"{{{said}runtime: python 3.11, start: run, port: 8000}}"
    file.write_text(f"hivemind: 1\nname: shop\nservices: {{web: {service}}}\n")
    checked = check(file, load(third_party=False), lint=False)
    group = {"Properties": {"HealthCheckPath": stands}}
    found = with_known_health_paths(checked, replace(NOTHING, template={"Resources": {target_group("web"): group}}))
    assert found.blueprint.services["web"].health.path == path
