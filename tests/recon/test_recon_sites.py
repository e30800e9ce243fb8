"""Sites that one program builds, and what only looks like one."""

from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("files", "framework", "output"),
    [
        ({"hugo.toml": "", "go.mod": "module site\n", "content/a.md": ""}, "hugo", "public"),
        ({"config/_default/hugo.yaml": ""}, "hugo", "public"),
        ({"config.toml": "", "archetypes/default.md": ""}, "hugo", "public"),
        ({"config.toml": "", "content/_index.md": ""}, "zola", "public"),
        ({"book.toml": "", "src/SUMMARY.md": ""}, "mdbook", "book"),
        ({"_config.yml": "", "_posts/2020-01-01-a.md": ""}, "jekyll", "_site"),
    ],
)
def test_sites(tmp_path: Path, files: dict[str, str], framework: str, output: str) -> None:
    found = seen(tmp_path, files)
    assert (found.value("language"), found.value("kind")) == ("static", "static")
    assert (found.value("framework"), found.value("static_dir")) == (framework, output)


def test_settings_of_something_else_are_no_site(tmp_path: Path) -> None:
    assert seen(tmp_path / "plain", {"config.toml": "port = 1\n"}).value("kind") is None
    go = {
        "hugo.toml": "",
        "go.mod": "module a\n",
        "main.go": "package main\nfunc main() {\n\thttp.ListenAndServe(a, b)\n}\n",
    }
    assert seen(tmp_path / "go", go).value("language") == "go"


def test_pages_beside_a_package_are_its_documentation(tmp_path: Path) -> None:
    package = '[project]\nname = "a"\n[project.scripts]\na = "a:main"\n[build-system]\n'
    files = {"mkdocs.yml": "site_name: a\n", "requirements.txt": "mkdocs\n"}
    assert seen(tmp_path / "site", files).value("kind") == "static"
    assert seen(tmp_path / "package", {**files, "pyproject.toml": package}).value("kind") == "cli"


def test_vuepress_by_its_bundlers(tmp_path: Path) -> None:
    package = '{"scripts": {"build": "vuepress build guide"}, "devDependencies": {"vuepress-vite": "2"}}'
    found = seen(tmp_path, {"package.json": package})
    assert (found.value("framework"), found.value("kind")) == ("vuepress", "static")


@pytest.mark.parametrize(
    ("scripts", "build", "output"),
    [
        ('"docs:build": "vitepress build"', "npm run docs:build", ".vitepress/dist"),
        ('"docs:build": "vitepress build docs"', "npm run docs:build", "docs/.vitepress/dist"),
        ('"build": "vitepress build ./guide/"', "npm run build", "guide/.vitepress/dist"),
        ('"build": "node words.js && vitepress build docs"', "npm run build", "docs/.vitepress/dist"),
        ('"docs:dev": "vitepress dev docs"', None, ".vitepress/dist"),
    ],
)
def test_vitepress_by_what_its_scripts_run(tmp_path: Path, scripts: str, build: str | None, output: str) -> None:
    package = f'{{"scripts": {{{scripts}}}, "devDependencies": {{"vitepress": "1"}}}}'
    found = seen(tmp_path, {"package.json": package})
    assert (found.value("build"), found.value("static_dir")) == (build, output)
