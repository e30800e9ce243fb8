"""`strategy` of a service: its two forms, and what does not go with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.blueprint.source import load
from hivemind.blueprint.strategy import Strategy, Way
from hivemind.blueprint.validate import validate
from hivemind.values.errors import FindingsError

pytestmark = pytest.mark.fast
HEAD = "hivemind: 1\nname: shop\nservices:\n  web:\n    kind: web\n    start: serve\n"


def written(folder: Path, text: str, environment: str | None = None) -> Strategy:
    file = folder / "hivemind.yaml"
    file.write_text(HEAD + text)
    blueprint, _ = validate(load(file), {}, environment=environment)
    return blueprint.services["web"].strategy


@pytest.mark.parametrize(
    ("text", "strategy"),
    [
        ("", Strategy(Way.ROLLING, batch=1, drain=30)),
        ("    strategy: blue-green\n", Strategy(Way.BLUE_GREEN, bake=10)),
        (
            "    strategy: {type: blue-green, bake: 30, keep: true, drain: 300}\n",
            Strategy(Way.BLUE_GREEN, bake=30, keep=True, drain=300),
        ),
        ("    strategy: {type: rolling, batch: 3}\n", Strategy(Way.ROLLING, batch=3)),
    ],
)
def test_forms(tmp_path: Path, text: str, strategy: Strategy) -> None:
    assert written(tmp_path, text) == strategy


def test_an_environment_says_another_one(tmp_path: Path) -> None:
    more = "    strategy: blue-green\nenvironments:\n  staging: {services: {web: {strategy: recreate}}}\n"
    assert written(tmp_path, more).way is Way.BLUE_GREEN
    assert written(tmp_path, more, "staging").way is Way.RECREATE


@pytest.mark.parametrize(
    ("text", "code", "line", "said"),
    [
        ("    strategy: blue-gren\n", "H105", 7, "blue-green"),
        ("    strategy: {type: roling}\n", "H105", 7, "rolling"),
        ("    strategy: {type: blue-green, bke: 3}\n", "H101", 7, "bake"),
        ("    strategy: {type: rolling, bake: 3}\n", "H174", 7, "bake is for the strategy blue-green"),
        ("    data: [uploads]\n    strategy: blue-green\n", "H171", 8, "do not have uploads"),
        ("    instances: {min: 1, max: 3}\n    strategy: blue-green\n", "H173", 8, "Auto Scaling group"),
        ("    instances: {min: 1, max: 3}\n    strategy: recreate\n", "H173", 8, "Auto Scaling group"),
        ("  jobs:\n    kind: worker\n    start: work\n    strategy: blue-green\n", "H170", 10, "gets none"),
    ],
)
def test_mistakes_have_their_place(tmp_path: Path, text: str, code: str, line: int, said: str) -> None:
    with pytest.raises(FindingsError) as failed:
        written(tmp_path, text)
    (found,) = failed.value.findings
    assert found.place is not None
    assert (found.id, found.place.line) == (code, line)
    assert said in f"{found.message} {found.hint}"
