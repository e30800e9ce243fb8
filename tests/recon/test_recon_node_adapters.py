"""Builds of Node frameworks for files, and for other platforms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


def package(**content: object) -> dict[str, str]:
    return {"package.json": json.dumps({"scripts": {"build": "build"}, **content}, indent=1)}


@pytest.mark.parametrize("told", ["", 'distDir: "site",'])
def test_pages_that_next_exports_lie_where_it_is_told(tmp_path: Path, told: str) -> None:
    config = f'module.exports = {{\n  output: "export",\n  {told}\n}}\n'
    files = package(dependencies={"next": "14"}) | {"next.config.js": config}
    found = seen(tmp_path, files)
    assert (found.value("kind"), found.value("static_dir")) == ("static", "site" if told else "out")


def test_a_service_of_a_platform_that_finds_out_what_runs_may_be_pages(tmp_path: Path) -> None:
    export = package(dependencies={"next": "14"}) | {"next.config.js": 'module.exports = {\n  output: "export"\n}\n'}
    found = seen(tmp_path, export | {".do/app.yaml": "name: a\nservices:\n- environment_slug: node-js\n  name: a\n"})
    assert found.value("kind") == "static"
    said = ".do/app.yaml", "services:\n- environment_slug: node-js\n  run_command: node serve.js\n"
    assert seen(tmp_path, export | dict([said])).value("kind") == "web"


@pytest.mark.parametrize(
    ("dependencies", "doubted"),
    [
        (
            {"@sveltejs/kit": "2", "@sveltejs/adapter-vercel": "5"},
            "@sveltejs/adapter-vercel builds for its own platform",
        ),
        ({"@sveltejs/kit": "2", "@sveltejs/adapter-auto": "3"}, "@sveltejs/adapter-auto builds for its own platform"),
        ({"@sveltejs/kit": "2", "@sveltejs/adapter-auto": "3", "@sveltejs/adapter-node": "5"}, None),
        ({"@sveltejs/kit": "2", "@sveltejs/adapter-node": "5"}, None),
        ({"astro": "4", "@astrojs/netlify": "5"}, "@astrojs/netlify builds for its own platform"),
        ({"astro": "4"}, None),
    ],
)
def test_a_build_for_another_platform_is_doubted(
    tmp_path: Path, dependencies: dict[str, str], doubted: str | None
) -> None:
    doubts = seen(tmp_path, package(devDependencies=dependencies)).several["doubts"]
    assert [str(doubt.value).partition(",")[0] for doubt in doubts] == [doubted] * (doubted is not None)
    assert all(doubt.note and doubt.note.startswith("Run `npm install --save-dev @") for doubt in doubts)
