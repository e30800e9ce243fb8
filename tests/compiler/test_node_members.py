"""A start command that names a member of a workspace runs without a package manager, which instances lack."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.agents.compiler.node.members import within
from hivemind.builds.sources import Sources

pytestmark = pytest.mark.fast
TOLD = 'cd src/oven && env PATH="$PWD/node_modules/.bin:$PATH" node --import tsx oven.ts'


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    (tmp_path / "src/oven").mkdir(parents=True)
    member = '{"name": "@shop/oven", "scripts": {"prod": "node --import tsx oven.ts"}}'
    (tmp_path / "src/oven/package.json").write_text(member)
    (tmp_path / "package.json").write_text("{}")
    return Sources(tmp_path, ("package.json", "src/oven/package.json"), ())


@pytest.mark.parametrize(
    "command",
    [
        "pnpm --filter @shop/oven run prod", "pnpm -F @shop/oven prod", "yarn workspace @shop/oven prod",
        "yarn --cwd ./src/oven prod", "npm run prod --workspace=@shop/oven", "npm --prefix src/oven run prod",
        "bun run --filter @shop/oven prod",
    ],
)  # fmt: skip
def test_a_member(sources: Sources, command: str) -> None:
    assert within(sources, command) == TOLD


@pytest.mark.parametrize(
    "command",
    [
        "pnpm --filter @shop/till run prod", "pnpm --filter @shop/oven run gone", "pnpm run prod", "node web.js", "",
        "pnpm --filter", "pnpm '", "pnpm --filter . run prod", "pnpm --filter @shop/oven run prod more",
    ],
)  # fmt: skip
def test_no_member(sources: Sources, command: str) -> None:
    assert within(sources, command) is None
