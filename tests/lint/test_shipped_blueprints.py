"""What HiveMind ships passes cfn-lint without a word, wherever it is deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind import pipeline
from hivemind.lint import lint
from hivemind.plugins.loading import load

ROOT = Path(__file__).parents[2]
REGIONS = ("us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-2", "sa-east-1")
BLUEPRINTS = sorted(path.relative_to(ROOT) for path in ROOT.glob("blueprints/*/hivemind.yaml"))
GOLDEN = sorted(path.relative_to(ROOT) for path in ROOT.glob("tests/golden/*/hivemind.yaml"))


def test_there_are_blueprints() -> None:
    assert {path.parent.name for path in BLUEPRINTS} >= {
        "python-postgres",
        "python-redis",
        "node-web",
        "static-site",
        "two-services",
    }


@pytest.mark.parametrize(
    "path",
    [BLUEPRINTS[0], *(pytest.param(path, marks=pytest.mark.stress) for path in (*BLUEPRINTS[1:], *GOLDEN))],
    ids=str,
)
def test_cfn_lint_is_silent_in_every_region(path: Path) -> None:
    checked = pipeline.check(ROOT / path, load(third_party=False), lint=False)
    assert lint(checked.assembly, regions=REGIONS, worker=False) == ()
