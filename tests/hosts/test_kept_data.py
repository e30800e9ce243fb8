"""What lasts of an application's own folder (`data:`): one copy for all releases."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest

from hivemind.hosts.onhost.accounts import Account
from hivemind.hosts.onhost.kept import Kept
from hivemind.hosts.onhost.layout import Layout, Release
from hivemind.hosts.onhost.report import InstallError


def release(layout: Layout, name: str, files: dict[str, str]) -> Release:
    made = layout.release(name)
    made.app.mkdir(parents=True)
    for path, text in files.items():
        (made.app / path).parent.mkdir(parents=True, exist_ok=True)
        (made.app / path).write_text(text)
    return made


def installed(layout: Layout, name: str, files: dict[str, str], *paths: str) -> tuple[Release, list[str]]:
    """A release that is current, and what it took over."""
    made = release(layout, name, files)
    taken = Kept(layout, made, paths, None).link() if paths else []
    layout.point_current(made)
    return made, taken


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    found = Layout(tmp_path, "web")
    found.releases.mkdir(parents=True)
    return found


pytestmark = pytest.mark.fast


def test_every_release_finds_the_same_files(layout: Layout) -> None:
    first, _ = installed(layout, "r1", {"uploads/seed.txt": "seed"}, "uploads", "notes.db", "cache/")
    assert (first.app / "uploads/seed.txt").read_text() == "seed"
    assert (first.app / "cache").is_dir()
    (first.app / "notes.db").write_text("written")  # through a link to nothing yet, as SQLite does
    (first.app / "uploads/own.txt").write_text("own")
    second, taken = installed(layout, "r2", {"uploads/seed.txt": "newer seed"}, "uploads", "notes.db", "cache/")
    assert taken == []
    assert (second.app / "uploads/seed.txt").read_text() == "seed", "what a release brings counts the first time only"
    assert (second.app / "uploads/own.txt").read_text() == "own"
    assert (second.app / "notes.db").read_text() == "written"
    (second.app / "notes.db").write_text("again")
    assert (first.app / "notes.db").read_text() == "again", "the release before sees it, too"


def test_what_the_running_release_has_itself_is_taken_over(layout: Layout) -> None:
    first, _ = installed(layout, "r1", {"uploads/a": "1"})
    (first.app / "uploads/b").write_text("2")
    (first.app / "state.json").write_text("{}")
    second, taken = installed(layout, "r2", {"uploads/a": "shipped"}, "uploads", "state.json")
    assert taken == ["uploads", "state.json"]
    assert {path.name: path.read_text() for path in (second.app / "uploads").iterdir()} == {"a": "1", "b": "2"}
    assert (second.app / "state.json").read_text() == "{}"
    assert (first.app / "uploads/b").read_text() == "2", "the release before keeps its own"


def test_a_release_that_did_not_come_to_life_takes_nothing_away(layout: Layout) -> None:
    first, _ = installed(layout, "r1", {"state.json": "1"})
    Kept(layout, release(layout, "r2", {}), ["state.json"], None).link()  # and then it fails: r1 goes on
    (first.app / "state.json").write_text("2")
    third, taken = installed(layout, "r3", {}, "state.json")
    assert taken == ["state.json"]
    assert (third.app / "state.json").read_text() == "2"


def test_a_file_that_the_application_puts_in_the_place_of_the_link_is_not_lost(layout: Layout) -> None:
    first, _ = installed(layout, "r1", {"state.json": "1"}, "state.json")
    fresh = first.app / "new"
    fresh.write_text("2")
    fresh.replace(first.app / "state.json")
    second, taken = installed(layout, "r2", {}, "state.json")
    assert taken == ["state.json"]
    assert (second.app / "state.json").read_text() == "2"
    assert (layout.kept / "state.json.previous").read_text() == "1"


def test_linking_the_same_release_again_changes_nothing(layout: Layout) -> None:
    first, _ = installed(layout, "r1", {"uploads/a": "1"}, "uploads")
    (first.app / "uploads/b").write_text("2")
    assert Kept(layout, first, ["uploads"], None).link() == []
    assert sorted(path.name for path in (first.app / "uploads").iterdir()) == ["a", "b"]


def test_a_database_is_taken_over_as_it_is_at_one_moment(layout: Layout) -> None:
    first, _ = installed(layout, "r1", {})
    writer = sqlite3.connect(first.app / "notes.db")
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("CREATE TABLE notes (text)")
    writer.execute("INSERT INTO notes VALUES ('kept')")
    writer.commit()  # what is in the write-ahead log alone counts, too
    second, _ = installed(layout, "r2", {}, "notes.db")
    with contextlib.closing(sqlite3.connect(second.app / "notes.db")) as reader:
        assert reader.execute("SELECT text FROM notes").fetchall() == [("kept",)]
    writer.close()


@pytest.mark.parametrize("where", ["kept", "app"])
def test_nothing_is_followed_out_of_the_folders(layout: Layout, tmp_path: Path, where: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    made = release(layout, "r1", {})
    inside = layout.kept if where == "kept" else made.app
    inside.mkdir(parents=True, exist_ok=True)
    (inside / "sub").symlink_to(outside)
    with pytest.raises(InstallError, match="sub in sub/files is a link or a file, expected a folder"):
        Kept(layout, made, ["sub/files"], None).link()
    assert list(outside.iterdir()) == []


def test_copies_are_made_with_the_rights_of_the_application() -> None:
    """As root, with another user's account; otherwise as whoever runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="hmk-"))
    folder.chmod(0o755)
    account = Account("nobody", 65534, 65534) if os.geteuid() == 0 else None
    layout = Layout(folder, "web")
    try:
        first = release(layout, "r1", {"uploads/own": "1", "secret": "of root"})
        layout.point_current(first)
        if account:
            for path in (first.app, first.app / "uploads", first.app / "uploads/own"):
                account.own(path)
            (first.app / "secret").chmod(0o600)
        second = release(layout, "r2", {})
        assert Kept(layout, second, ["uploads"], account).link() == ["uploads"]
        kept = layout.kept / "uploads/own"
        assert kept.read_text() == "1"
        assert kept.stat().st_uid == (65534 if account else os.geteuid())
        if account:
            with pytest.raises(InstallError, match="Permission denied"):
                Kept(layout, second, ["secret"], account).link()
            assert not (layout.kept / "secret").exists()
    finally:
        shutil.rmtree(folder)
