"""Nothing that a folder holds is left out in silence."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivemind.repositories.repository import Repository, read

pytestmark = pytest.mark.fast


def lay(root: Path, files: dict[str, str]) -> Path:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    return root


def link(place: Path, to: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(to)


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


def why(repository: Repository) -> dict[str, str]:
    return {one.path: one.why for one in repository.left_out}


def test_a_link_to_a_folder_inside_is_what_it_leads_to(tmp_path: Path) -> None:
    lay(tmp_path, {"common/text.py": "1", "common/deep/more.py": "2", "api/main.py": "3", "common/.gitignore": "*.log"})
    lay(tmp_path, {"common/noise.log": ""})
    link(tmp_path / "api/common", "../common")
    found = read(tmp_path)
    assert list(found.under("api")) == ["common/.gitignore", "common/deep/more.py", "common/text.py", "main.py"]
    assert found.text("api/common/text.py") == "1"
    assert found.left_out == ()


def test_links_that_lead_around_end_and_are_named(tmp_path: Path) -> None:
    lay(tmp_path, {"a/x": "", "b/y": ""})
    link(tmp_path / "self", ".")
    link(tmp_path / "a/up", "..")
    link(tmp_path / "a/other", "../b")
    link(tmp_path / "b/other", "../a")
    found = read(tmp_path)
    assert found.files == ("a/other/y", "a/x", "b/other/x", "b/y")
    assert why(found) == dict.fromkeys(
        ("self", "a/up", "a/other/other", "b/other/other", "b/other/up"), "it is a link to a folder around it"
    )


def test_many_links_that_multiply_end(tmp_path: Path) -> None:
    lay(tmp_path, {"d30/end": ""})
    for level in range(30):
        for name in "ab":
            link(tmp_path / f"d{level}" / name, f"../d{level + 1}")
    found = read(tmp_path)
    assert len(found.files) < 1100
    assert any("too many of them" in reason for reason in why(found).values())


def test_what_cannot_be_packed_is_named_with_its_reason(tmp_path: Path) -> None:
    root = lay(tmp_path / "in", {"real": "", "node_modules/lib/dist/x.js": ""})
    (tmp_path / "outside").mkdir()
    link(root / "escape", str(tmp_path / "outside"))
    link(root / "dangling", "nothing")
    link(root / "vendor", "node_modules/lib/dist")
    os.mkfifo(root / "pipe")
    (root / "two\nlines").write_text("")
    Path(os.fsdecode(bytes(root) + b"/caf\xe9")).write_text("")
    found = read(root)
    assert found.files == ("real",)
    assert why(found) == {
        "escape": "it is a link that leads out of the folder of hivemind.yaml",
        "dangling": "it is a link that leads nowhere",
        "vendor": "it is a link to node_modules/lib/dist, which HiveMind never packs",
        "pipe": "it is neither a file nor a folder",
        "two\nlines": "its name is not UTF-8 or has a line break",
        "caf\udce9": "its name is not UTF-8 or has a line break",
    }


def test_what_git_tracks_is_packed_whatever_gitignore_says(tmp_path: Path) -> None:
    lay(
        tmp_path,
        {
            ".gitignore": "dist/\n*.log\nnode_modules/\n",
            "dist/index.html": "",
            "dist/deep/app.js": "",
            "dist/new.html": "",
            "kept.log": "",
            "new.log": "",
            "node_modules/x/index.js": "",
            "app.js": "",
        },
    )
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-f", "dist/index.html", "dist/deep/app.js", "kept.log", "app.js", "node_modules/x/index.js")
    found = read(tmp_path)
    assert found.files == (".gitignore", "app.js", "dist/deep/app.js", "dist/index.html", "kept.log")
    assert why(found) == {"node_modules/": "it is committed, but HiveMind never packs folders of this name"}
    lay(tmp_path, {".hivemindignore": "dist/deep\n*.log\n"})
    assert read(tmp_path).files == (".gitignore", ".hivemindignore", "app.js", "dist/index.html")


def test_the_blueprint_below_the_root_of_its_repository(tmp_path: Path) -> None:
    lay(tmp_path, {".gitignore": "dist\n", "site/.gitignore": "dist\n", "site/dist/index.html": ""})
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-f", "site/dist/index.html")
    assert read(tmp_path / "site").files == (".gitignore", "dist/index.html")


def test_over_a_bound_the_biggest_folders_are_named(tmp_path: Path) -> None:
    lay(tmp_path, {f"media/raw/{number}": "x" * 100 for number in range(9)})
    lay(tmp_path, {"docs/a": "x" * 50, "src/b": "x", "top": "x" * 500})
    found = read(tmp_path, max_bytes=300)
    assert found.truncated
    assert found.biggest == (("media/raw", 900, 9), ("docs", 50, 1), ("src", 1, 1))
    assert read(tmp_path).biggest == ()


NAMES = st.sampled_from(["a", "b", "c", "d"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@pytest.mark.property
@settings(max_examples=60)
@given(st.lists(PATHS, max_size=6), st.lists(st.tuples(PATHS, PATHS), max_size=6))
def test_every_link_is_packed_or_named(
    tmp_path_factory: pytest.TempPathFactory, files: list[str], links: list[tuple[str, str]]
) -> None:
    root = tmp_path_factory.mktemp("tree")
    made: list[str] = []
    for path in files:
        try:
            lay(root, {path: "x"})
        except OSError:
            continue
    for path, target in links:
        try:
            link(root / path, os.path.relpath(root / target, (root / path).parent))
        except OSError:
            continue
        # Where it really lies: the way there may lead through another link.
        made.append((root / path).parent.resolve().joinpath(Path(path).name).relative_to(root.resolve()).as_posix())
    found = read(root)
    named = set(why(found))
    for path in made:
        below = [*found.files, *named]
        is_there = any(one == path or one.startswith(f"{path}/") for one in below)
        holds_none = (root / path).is_dir() and not any(one.is_file() for one in (root / path).resolve().rglob("*"))
        assert is_there or holds_none, f"{path} is left out in silence"
    assert all((root / file).is_file() for file in found.files)
