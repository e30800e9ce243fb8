"""Every hook is documented, used, implemented and tested, and the documentation's examples run."""

from __future__ import annotations

import ast
import inspect
import os
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from hivemind import Artifact, ExitCode, Finding, hookspecs
from hivemind.plugins.loading import load
from hivemind.testing import plugins_of
from hivemind.values.annotations import answer_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/plugins.md").read_text()
HOOKS = {name: spec for name, spec in vars(hookspecs).items() if name.startswith("hivemind_")}
ASKING = {"collect", "gather", "first"}
WRITE = bool(os.environ.get("HIVEMIND_WRITE_GOLDEN"))
pytestmark = pytest.mark.fast


def trees(*folders: str) -> list[ast.Module]:
    """Those modules that name a hook, or notify of an event."""
    texts = (path.read_text() for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return [ast.parse(text) for text in texts if "hivemind_" in text or "notify" in text]


def asked() -> set[str]:
    """Hooks that the product calls."""
    found = set()
    for tree in trees("hivemind"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
                if node.func.attr in ASKING and str(first).startswith("hivemind_"):
                    found.add(str(first))
                if node.func.attr == "notify":
                    found.add("hivemind_event")
    return found


def implemented() -> set[str]:
    """Hooks that a built-in agent or a first-party plugin implements."""
    found = {hook for plugin in load(third_party=False).list() for hook in plugin.hooks}
    for tree in trees("plugins"):
        found |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.decorator_list}
    return found


def exercised() -> set[str]:
    """Hooks whose name the tests use."""
    texts = [path.read_text() for path in ROOT.glob("tests/**/*.py") if path != Path(__file__)]
    return {name for name in HOOKS if any(name in text for text in texts)}


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_says_when_it_is_called_and_what_raising_does(name: str) -> None:
    text = inspect.getdoc(HOOKS[name]) or ""
    assert len(text) > 60
    page_row = next((line for line in PAGE.splitlines() if line.startswith(f"| `{name}(")), None)
    assert page_row is not None, f"{name} is not in docs/plugins.md"
    written = re.findall(r"\w+", page_row.partition("(")[2].partition(")")[0])
    assert written == list(inspect.signature(HOOKS[name]).parameters)


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_typed(name: str) -> None:
    signature = inspect.signature(HOOKS[name])
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(p.annotation is not inspect.Parameter.empty for p in signature.parameters.values())


def test_every_hook_is_used() -> None:
    assert asked() == set(HOOKS)


def test_every_hook_has_an_implementation() -> None:
    assert set(HOOKS) - implemented() == set()


def test_every_hook_is_tested() -> None:
    assert exercised() == set(HOOKS)


def test_what_every_hook_answers_with_can_be_read_off_its_specification() -> None:
    answers = {name: answer_of(spec) for name, spec in HOOKS.items()}
    assert answers["hivemind_lint"] == tuple[Finding, ...]
    assert answers["hivemind_build"] == Artifact | None
    assert [name for name, answer in answers.items() if answer is type(None)] == ["hivemind_event"]


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_has_a_deadline_that_its_text_and_the_page_name(name: str) -> None:
    seconds = int(hookspecs.DEADLINES.get(name, hookspecs.USUAL))
    said = {60: "1 minute", 120: "2 minutes", 10800: "3 hours"}.get(seconds, f"{seconds} seconds")
    assert said in " ".join((inspect.getdoc(HOOKS[name]) or "").split())
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}("))
    assert said in row


def examples() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


def test_the_documentations_examples_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block with hooks is registered as a plugin; the others see the names of those before them."""
    names: dict[str, object] = {}
    for number, code in enumerate(examples()):
        module = ModuleType(f"example{number}")
        module.__dict__.update({} if "@hook" in code else names)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(code, f"docs/plugins.md example {number}", "exec"), module.__dict__)
        if "@hook" in code:
            plugins_of(**{module.__name__: module})
        names |= vars(module)
    assert len(examples()) >= 4


def test_golden_exit_codes_are_documented() -> None:
    page = ROOT / "docs/exit-codes.md"
    if WRITE:
        page.write_text(exit_codes())
    assert page.read_text() == exit_codes(), "make golden writes it again"


def exit_codes() -> str:
    """docs/exit-codes.md as the enum and its remarks say."""
    body = next(
        node
        for node in ast.parse((ROOT / "hivemind/values/exits.py").read_text()).body
        if isinstance(node, ast.ClassDef)
    ).body
    rows, remarks = [], {}
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            said = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else None
            remarks[node.targets[0].id] = " ".join(str(said).split()) if said else None
    for code in ExitCode:
        remark = remarks[code.name] or ("Success." if code is ExitCode.OK else f"Stage {code.name.lower()} failed.")
        rows.append(f"| {int(code)} | `{code.name.lower()}` | {remark} |")
    words = "The exit codes of `hivemind` commands. With `--json`, a failure also prints the name of its code."
    head = f"# Exit codes\n\n{words}\n\n"
    return head + "| code | name | meaning |\n|---|---|---|\n" + "\n".join(rows) + "\n"
