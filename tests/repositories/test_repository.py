from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from recon_trees import lay

from hivemind.plan import file
from hivemind.plan.model import Basis, Plan
from hivemind.repositories.commit import head
from hivemind.repositories.repository import read

pytestmark = pytest.mark.fast


def test_lists_files_sorted_without_what_is_ignored(tmp_path: Path) -> None:
    lay(
        tmp_path,
        {
            "app.py": "",
            "b/keep.txt": "",
            "b/drop.log": "",
            "b/.gitignore": "*.log\n!special.log\n",
            "b/special.log": "",
            "c/drop.log": "",
            ".gitignore": "c/drop.log\n/build/\n",
            "build/out": "",
            "sub/build/out": "",
            ".hivemindignore": "*.md\n",
            "README.md": "",
            "node_modules/x/index.js": "",
            "sub/__pycache__/x.pyc": "",
            "env/pyvenv.cfg": "",
            "env/lib/x.py": "",
            ".git/HEAD": "",
        },
    )
    assert read(tmp_path).files == (
        ".gitignore",
        ".hivemindignore",
        "app.py",
        "b/.gitignore",
        "b/keep.txt",
        "b/special.log",
        "sub/build/out",
    )


def test_a_wrong_pattern_does_not_void_the_others(tmp_path: Path) -> None:
    lay(tmp_path, {".gitignore": "!\nsecret.txt\n", "secret.txt": "", "a": ""})
    assert read(tmp_path).files == (".gitignore", "a")


def test_a_saved_plan_is_no_part_of_what_it_was_made_from(tmp_path: Path) -> None:
    lay(tmp_path, {"a": "", "other.json": '{"format": 1, "plan": {}}'})
    file.save(Plan("shop", "production", "eu-west-1", Basis.NONE, 1, (), (), "", ""), tmp_path / "reviewed")
    assert read(tmp_path).files == ("a", "other.json")


def test_links_out_of_the_tree_are_left_out_and_never_read(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("secret")
    root = lay(tmp_path / "in", {"real": "text"})
    (root / "inner").symlink_to("real")
    (root / "escape").symlink_to(tmp_path / "outside")
    (root / "loop").symlink_to("loop")
    (root / "folder").symlink_to(tmp_path)
    os.mkfifo(root / "pipe")
    repository = read(root)
    assert repository.files == ("inner", "real")
    assert repository.text("inner") == "text"
    for path in ("escape", "../outside", str(tmp_path / "outside"), "folder/outside", "loop", "pipe", "missing"):
        assert repository.text(path) is None


def test_text_is_bounded_and_never_binary(tmp_path: Path) -> None:
    lay(tmp_path, {"long": "x" * 100, "bom": "\ufeffhello\r\nthere"})
    (tmp_path / "binary").write_bytes(b"a\0b")
    (tmp_path / "odd").write_bytes(b"caf\xe9")
    repository = read(tmp_path)
    assert repository.text("long", limit=99) is None
    assert repository.text("long", limit=100) == "x" * 100
    assert repository.text("bom") == "hello\nthere"
    assert repository.text("binary") is None
    assert repository.text("odd") == "caf\ufffd"


def test_is_cut_at_its_bounds(tmp_path: Path) -> None:
    lay(tmp_path, {f"{number:03}": "x" * 10 for number in range(30)})
    few = read(tmp_path, max_files=10)
    assert (len(few.files), few.truncated) == (10, True)
    small = read(tmp_path, max_bytes=55)
    assert (len(small.files), small.truncated) == (5, True)
    assert not read(tmp_path).truncated


def test_under_gives_paths_relative_to_the_folder(tmp_path: Path) -> None:
    repository = read(lay(tmp_path, {"app/a": "", "app/b/c": "", "apple": ""}))
    assert list(repository.under("app")) == ["a", "b/c"]
    assert list(repository.under("./app/")) == ["a", "b/c"]
    assert list(repository.under(".")) == ["app/a", "app/b/c", "apple"]


def _git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def test_head_says_commit_and_whether_the_tree_differs(tmp_path: Path) -> None:
    assert head(tmp_path) is None
    lay(tmp_path, {"a": "1"})
    _git(tmp_path, "init", "-q")
    assert head(tmp_path) is None
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-qm", "First\n\nbody")
    clean = head(tmp_path)
    assert clean is not None
    assert (len(clean.commit), clean.dirty, clean.subject) == (40, False, "First")
    lay(tmp_path, {"new": ""})
    dirty = head(tmp_path)
    assert dirty is not None
    assert dirty.dirty


def test_head_runs_nothing_that_the_repository_says(tmp_path: Path) -> None:
    root = lay(tmp_path / "in", {"a": "1", ".gitattributes": "* filter=evil\n"})
    _git(root, "init", "-q")
    _git(root, "add", ".")
    _git(root, "commit", "-qm", "First")
    mark = tmp_path / "ran"
    for key in ("core.fsmonitor", "core.pager", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process"):
        _git(root, "config", key, f"touch {mark}; cat")
    lay(root, {"a": "2"})
    found = head(root)
    assert found is not None
    assert found.dirty
    assert not mark.exists()


def test_patterns_that_python_would_warn_of_or_refuse_are_no_noise(tmp_path: Path) -> None:
    lay(tmp_path, {".gitignore": "[[a]\n[a--b]\n[a&&b]\n[b-a]\n[a||b]\nsecret.txt\n", "secret.txt": "", "z": ""})
    assert read(tmp_path).files == (".gitignore", "z")
