from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


def test_a_task_starts_it(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "deno.json": '{\n// tasks\n"tasks": {\n"start": "deno run -A main.ts"\n},\n'
            '"imports": {\n"@oak/oak": "jsr:@oak/oak@17",\n"postgres": "npm:pg@8",\n}\n}\n',
            "main.ts": 'app.listen({ port: 8007 });\nrouter.get("/health", ok);\n',
            ".deno-version": "2.1.4\n",
        },
    )
    expected = {
        "language": "deno",
        "runtime_version": "2.1.4",
        "package_manager": "deno",
        "framework": "oak",
        "start": "deno task start",
        "port": 8007,
        "health_path": "/health",
        "kind": "web",
    }
    assert {field: found.value(field) for field in expected} == expected
    assert [each.value for each in found.several["needs"]] == ["postgres"]


def test_without_tasks_the_usual_file(tmp_path: Path) -> None:
    found = seen(tmp_path, {"deno.jsonc": "{}", "main.ts": "Deno.serve(() => new Response());\n"})
    assert (found.value("start"), found.value("port")) == ("deno run --allow-all main.ts", 8000)


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"deno.json": '{"exports": "./mod.ts"}', "mod.ts": "export const a = 1;"}, "library"),
        ({"deno.json": "{}", "main.ts": "const a = Deno.args;"}, "cli"),
    ],
)
def test_kinds(tmp_path: Path, files: dict[str, str], kind: str) -> None:
    found = seen(tmp_path, files)
    assert (found.value("kind"), found.value("start")) == (kind, None)


def test_deno_beside_a_node_application(tmp_path: Path) -> None:
    package = '{"scripts": {"start": "node a.js"}, "dependencies": {"express": "4"}}'
    files = {"deno.json": '{"lint": {}}', "package.json": package, "a.js": "app.listen(80)"}
    assert seen(tmp_path, files).value("language") == "node"
