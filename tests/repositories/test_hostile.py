"""Repositories and servers that mean harm end soon, say why, and never show a credential."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from hivemind.repositories import refs
from hivemind.repositories.address import address
from hivemind.repositories.clone import clone
from hivemind.testing.gitserver import GitRepository, serving
from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.fast
TOKEN = "glx-0123456789abcdef"


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository.made(tmp_path / "shop", {"app.py": "one"})


def refused(repo: object, folder: Path) -> HiveMindError:
    with pytest.raises(HiveMindError) as caught:
        clone(address(str(repo)), folder)
    return caught.value


@pytest.mark.parametrize("leaf", ["file", "nothing"])
def test_a_tree_of_ten_thousand_million_entries_is_refused_at_once(
    tmp_path: Path, repository: GitRepository, leaf: str
) -> None:
    """Ten levels of a tree that holds the next one ten times; listing it takes days, and more than any disk."""
    entry = f"100644 blob {repository.blob(b'x')}"
    if leaf == "nothing":
        entry = "040000 tree " + repository.git("mktree", "-z")
    for _ in range(10):
        lines = b"".join(f"{entry}\td{number}\0".encode() for number in range(10))
        entry = "040000 tree " + repository.git("mktree", "-z", given=lines)
    repository.commit_tree(f"{entry}\td\0".encode())
    error = refused(repository.folder, tmp_path / "into")
    assert "has more than 100,000 files or folders" in error.message
    assert not (tmp_path / "into").exists()


def test_a_server_that_never_answers_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refs, "_SECONDS", 0.5)  # of ten
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = refused(f"http://127.0.0.1:{silent.getsockname()[1]}/a.git", tmp_path / "into")
    assert "cannot reach" in error.message
    assert error.exit_code == ExitCode.UNREACHABLE


def test_a_server_that_lists_without_end_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refs.git, "_MOST_SAID", 500_000)  # of 32 MB
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n\r\n"
        b"001e# service=git-upload-pack\n0000"
    )
    more = b"".join(b"0060" + b"0" * 40 + b" refs/heads/%040d\n" % number for number in range(1000))

    def flood(server: socket.socket) -> None:
        accepted, _ = server.accept()
        with accepted:
            accepted.recv(65536)
            try:
                accepted.sendall(head)
                while True:
                    accepted.sendall(more)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=flood, args=(server,), daemon=True)
        thread.start()
        error = refused(f"http://127.0.0.1:{server.getsockname()[1]}/a.git", tmp_path / "into")
        thread.join(20)
    assert error.exit_code in {ExitCode.REFUSED, ExitCode.UNREACHABLE}


@pytest.mark.parametrize("place", ["{token}@", "{token}:x-oauth-basic@", "x:{token}@", "{token}:@"])
def test_a_token_in_an_address_is_never_shown(tmp_path: Path, repository: GitRepository, place: str) -> None:
    said: list[str] = []
    with serving(repository.folder.parent, user="somebody", password="else") as url:
        repo = url.replace("://", "://" + place.format(token=TOKEN)) + "/shop/.git"
        with pytest.raises(HiveMindError) as caught:
            clone(address(repo), tmp_path / "into", say=said.append)
    assert TOKEN not in "\n".join([caught.value.message, caught.value.hint or "", *said])
    for broken in (repo + " x", repo.replace("http", "ftp"), f"HTTPS://{TOKEN}@/a", f"git+https://{TOKEN}@host/a"):
        with pytest.raises(HiveMindError) as caught:
            address(broken)
        assert TOKEN not in caught.value.message + (caught.value.hint or "")


def test_a_clone_that_succeeds_does_not_show_it_either(tmp_path: Path, repository: GitRepository) -> None:
    said: list[str] = []
    with serving(repository.folder.parent) as url:
        clone(address(url.replace("://", f"://{TOKEN}@") + "/shop/.git"), tmp_path / "into", say=said.append)
    assert said
    assert TOKEN not in "\n".join(said)
    error = refused(repository.folder, tmp_path / "into")
    assert "a clone of http" in error.message
    assert TOKEN not in error.message
