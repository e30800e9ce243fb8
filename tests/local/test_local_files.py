"""Files that several threads of the local cloud write at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="needs the extra `local`")

from hivemind.local.files import read_json, write_json, write_text
from hivemind.local.instance_records import HostKeys

pytestmark = pytest.mark.fast


def test_threads_that_write_one_file_at_once_leave_one_content_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    contents = [{"writer": number, "filling": ["x"] * 200} for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda turn: write_json(path, contents[turn % 8]), range(800)))
    assert json.loads(path.read_text()) in contents
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.json"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_value_that_is_no_json_leaves_the_old_content_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    write_json(path, {"kept": 1})
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert read_json(path, None) == {"kept": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.json"]


def test_host_keys_of_instances_that_start_together_are_all_kept(tmp_path: Path) -> None:
    keys = HostKeys(tmp_path / "host_keys.json")
    names = [f"i-{number:04}" for number in range(400)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: keys.keep(name, f"ssh-ed25519 {name}"), names))
    again = HostKeys(tmp_path / "host_keys.json")
    assert [again.of(name) for name in names] == [f"ssh-ed25519 {name}" for name in names]
    assert again.of("i-never") is None
