from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from compiler_builds import lay

from hivemind.builds import keeping
from hivemind.builds.store import Store
from hivemind.cli.artifacts import command

pytestmark = pytest.mark.fast


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    """Two applications over one layer, installed dependencies, downloads; the older application first."""
    monkeypatch.setenv("HIVEMIND_HOME", str(tmp_path))
    store = Store(tmp_path / "artifacts")
    store.root.mkdir()
    for number, (digest, size) in enumerate((("a", 300), ("b", 200), ("f", 1000))):
        archive(store, digest, size, age=50_000 - 1000 * number)
    for digest in ("a", "b"):
        layers = [{"name": "dependencies", "digest": "f" * 64, "size": 1000}] if digest == "b" else []
        store.remember(
            digest * 64,
            {"digest": digest * 64, "size": 1, "service": "web", "runtime": "python 3.12", "layers": layers},
        )
    made = lay(tmp_path / "made", {"lib/a.py": "x" * 500}) / "lib"
    store.keep_layer("key", made)
    lay(store.cache("pnpm"), {"x": "y" * 100})
    return store


def archive(store: Store, letter: str, size: int, age: int) -> None:
    path = store.artifact(letter * 64)
    path.write_bytes(b"x" * size)
    os.utime(path, (path.stat().st_mtime - age,) * 2)


def test_the_oldest_unused_goes_first_and_the_recent_stays(store: Store) -> None:
    removed = store.bound(1900)
    assert [one.name[0] for one in removed] == ["a"]
    assert store.bound(1900) == []
    gone = [one.name[0] for one in store.bound(0)]
    assert gone == ["b", "f"]
    assert {one.kind for one in keeping.contents(store.root)} == {"installed", "cache"}
    assert list((store.root / "index").iterdir()) == []


def test_a_use_counts(store: Store) -> None:
    entry = json.loads((store.root / f"index/{'a' * 64}.json").read_text())
    store.remember("a" * 64, {**entry, "size": 300})
    assert store.known("a" * 64) is not None
    assert [one.name[0] for one in store.bound(1800)] == ["b", "f"]


def test_an_artifact_without_its_layer_is_built_again(store: Store) -> None:
    entry = json.loads((store.root / f"index/{'b' * 64}.json").read_text())
    store.remember("b" * 64, {**entry, "size": 200})
    assert store.known("b" * 64) is not None
    store.artifact("f" * 64).unlink()
    assert store.known("b" * 64) is None


def test_the_limit_is_said_by_the_environment(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keeping.VARIABLE, "1900")
    assert [one.name[0] for one in store.bound()] == ["a"]


def test_list(store: Store) -> None:
    said = json.loads(CliRunner().invoke(command, ["list", "--json"]).output)
    assert said["size"] == 2100
    assert {one["kind"]: one["size"] for one in said["artifacts"] if one["kind"] != "application"} == {
        "layer": 1000, "installed": 500, "cache": 100,
    }  # fmt: skip
    assert next(one for one in said["artifacts"] if one["name"][0] == "b")["layers"] == ["f" * 64]
    text = CliRunner().invoke(command, ["list"]).output
    assert "web  python 3.12, 1 layer" in text
    assert "2.1 kB of 5.0 GB used" in text


def test_prune(store: Store) -> None:
    said = json.loads(CliRunner().invoke(command, ["prune", "--to", "1.9K", "--json"]).output)
    assert [one["name"][0] for one in said["removed"]] == ["a"]
    assert (
        "Deleted 2 entries (1.2 kB). The store now has 600 B."
        in CliRunner().invoke(command, ["prune", "--all", "--yes"]).output
    )
    assert CliRunner().invoke(command, ["prune", "--to", "much"]).exit_code == 2


def test_nothing_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVEMIND_HOME", str(tmp_path))
    assert "has built nothing yet" in CliRunner().invoke(command, ["list"]).output
    assert json.loads(CliRunner().invoke(command, ["prune", "--json"]).output) == {"removed": [], "size": 0}
