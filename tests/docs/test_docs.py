"""README.md and docs/: generated pages are current, links lead somewhere, what is shown is what happens."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from hivemind.cli.main import COMMANDS, main

sys.path.insert(0, str(Path(__file__).parent))
import reference_page

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").rglob("*.md"))]
WRITE_GOLDEN = os.environ.get("HIVEMIND_WRITE_GOLDEN") == "1"
pytestmark = pytest.mark.fast


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def test_golden_reference_of_the_blueprint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--no-plugins", "schema"]) == 0
    made = reference_page.page(json.loads(capsys.readouterr().out))
    path = ROOT / "docs/blueprint.md"
    if WRITE_GOLDEN:
        path.write_text(made)
    assert path.read_text() == made


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        found = (page.parent / name) if name else page
        assert found.exists(), f"{target} in {page.name}"
        if anchor:
            assert anchor in anchors(found.read_text()), f"{target} in {page.name}"


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_are_named_exist(page: Path) -> None:
    named = re.findall(
        r"(?:^|\$ |`|&& |\()hivemind (?:-C \S+ |--no-plugins |-p \S+ )*([a-z][a-z-]*)", page.read_text(), re.MULTILINE
    )
    assert set(named) - {"or"} <= set(COMMANDS)


def test_the_table_of_commands_is_that_of_the_command_line() -> None:
    rows = re.findall(r"^\| `hivemind ([a-z-]+)` \| (.+) \|$", README, flags=re.MULTILINE)
    assert rows == [(name, words) for name, (_, words) in COMMANDS.items()]


def test_the_mistake_is_shown_as_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (broken,) = (block for block in blocks(README, "yaml") if "t3.micr\n" in block)
    (tmp_path / "hivemind.yaml").write_text(broken)
    monkeypatch.chdir(tmp_path)
    assert main(["validate"]) == 3
    assert capsys.readouterr().out.strip() in README


def test_blueprints_that_are_shown_are_yaml_of_format_1() -> None:
    shown = [
        yaml.safe_load(block) for page in PAGES for block in blocks(page.read_text(), "yaml") if "hivemind: 1" in block
    ]
    assert shown
    assert all(each["hivemind"] == 1 and each["services"] for each in shown)


def test_the_plugin_of_the_readme_works(monkeypatch: pytest.MonkeyPatch) -> None:
    from hivemind.testing import FakeProbe, page

    (code,) = blocks(README, "python")
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 12
    module = ModuleType("readme_plugin")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # a dataclass asks for its module
    exec(compile(code, "README.md", "exec"), module.__dict__)
    check = module.Entries("web")
    assert check.run(FakeProbe(pages={("web", "/entries.json"): page(200, '{"entries": []}')})) == "15 bytes"
