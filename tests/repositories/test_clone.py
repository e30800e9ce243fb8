from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from hivemind.repositories.address import address
from hivemind.repositories.checkout import Bounds
from hivemind.repositories.clone import Clone, clone
from hivemind.testing.gitserver import GitRepository, serving
from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

pytestmark = [pytest.mark.fast, pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")]


def take(repo: object, into: Path, **options: object) -> Clone:
    return clone(address(str(repo)), into, **options)  # type: ignore[arg-type]


def refused(repo: object, into: Path, **options: object) -> HiveMindError:
    with pytest.raises(HiveMindError) as caught:
        take(repo, into, **options)
    assert caught.value.hint
    return caught.value


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository.made(tmp_path / "shop", {"app.py": "one", "sub/deep.txt": "x"})


def test_a_folder_is_cloned_shallow_and_later_brought_up_to_date(tmp_path: Path, repository: GitRepository) -> None:
    repository.commit({"app.py": "two"})
    first = take(repository.folder, tmp_path / "into")
    assert (first.folder / "app.py").read_text() == "two"
    assert (first.ref, first.updated, first.remarks) == ("main", False, ())
    assert GitRepository(first.folder).git("rev-list", "--count", "HEAD") == "1"
    (first.folder / "hivemind.yaml").write_text("mine")
    commit = repository.commit({"app.py": "three"})
    second = take(repository.folder, tmp_path / "into")
    assert (second.commit, second.updated) == (commit, True)
    assert (first.folder / "app.py").read_text() == "three"
    assert (first.folder / "hivemind.yaml").read_text() == "mine"


@pytest.mark.parametrize("ref", ["other", "v1", "refs/tags/v1", "COMMIT"])
def test_any_ref(tmp_path: Path, repository: GitRepository, ref: str) -> None:
    commit = repository.git("rev-parse", "HEAD")
    repository.git("branch", "other")
    repository.git("tag", "-a", "v1", "-m", "x")
    repository.commit({"app.py": "later"})
    cloned = take(repository.folder, tmp_path / "into", ref=commit if ref == "COMMIT" else ref)
    assert cloned.commit == commit
    assert (cloned.folder / "app.py").read_text() == "one"


def test_over_http(tmp_path: Path, repository: GitRepository) -> None:
    with serving(tmp_path) as url:
        cloned = take(f"{url}/shop/.git", tmp_path / "into")
        assert (cloned.folder / "app.py").read_text() == "one"
        old = repository.git("rev-parse", "HEAD")
        repository.commit({"app.py": "two"})
        assert take(f"{url}/shop/.git", tmp_path / "into").commit != old
        assert take(f"{url}/shop/.git", tmp_path / "old", ref=old).commit == old
        missing = refused(f"{url}/nothing", tmp_path / "no")
    assert missing.exit_code == ExitCode.NOT_FOUND
    assert "does not exist or is private" in missing.message
    assert not (tmp_path / "no").exists()


def test_a_private_one_asks_gits_own_helpers_and_says_so(
    tmp_path: Path, repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, user="me", password="secret") as url:
        error = refused(f"{url}/shop/.git", tmp_path / "into")
        assert error.exit_code == ExitCode.UNREACHABLE
        assert "is private or does not exist" in error.message
        assert "credential helper" in str(error.hint)
        assert not (tmp_path / "into").exists()
        helper = tmp_path / "helper"
        helper.write_text("#!/bin/sh\ntest $1 = get && printf 'username=me\\npassword=secret\\n'\n")
        helper.chmod(0o755)
        Path(os.environ["HOME"], ".gitconfig").write_text(f"[credential]\n\thelper = {helper}\n")
        cloned = take(f"{url}/shop/.git", tmp_path / "into")
    assert "secret" not in (cloned.folder / ".git/config").read_text()


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = refused(f"http://127.0.0.1:{free.getsockname()[1]}/a.git", tmp_path / "into")
    assert (error.exit_code, "cannot reach" in error.message) == (ExitCode.UNREACHABLE, True)


@pytest.mark.parametrize(
    ("repo", "said"),
    [
        ("--upload-pack=touch x", "not the address"),
        ("ext::sh -c touch% x", "starts a program"),
        ("fd::17", "starts a program"),
        ("ftp://host/a", "is not a supported scheme"),
        ("https://me:secret@host/a.git", "password"),
        ("https://-oProxyCommand=x/a", "has no host"),
        ("ssh://-oProxyCommand=x/a", "has no host"),
        ("https://host/a\nb", "control characters"),
        ("", "not the address"),
    ],
)
def test_addresses_that_are_refused(tmp_path: Path, repo: str, said: str) -> None:
    error = refused(repo, tmp_path / "into")
    assert (error.exit_code, said in error.message) == (ExitCode.USAGE, True)
    assert "secret" not in error.message
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("repo", ["nobody/nothing", "-", "./nowhere", "file:///nowhere"])
def test_nothing_there(tmp_path: Path, repo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HiveMindError) as caught:
        address(repo)
    assert caught.value.exit_code in {ExitCode.NOT_FOUND, ExitCode.USAGE}


@pytest.mark.parametrize(
    ("repo", "url", "name"),
    [
        ("git@host.example:team/shop.git", "git@host.example:team/shop.git", "shop"),
        ("https://host/team/shop/", "https://host/team/shop/", "shop"),
        ("ssh://git@host:22/~me/shop.git", "ssh://git@host:22/~me/shop.git", "shop"),
        ("https://host/team/..%2F..%2Fetc", "https://host/team/..%2F..%2Fetc", "etc"),
        ("https://host/..", "https://host/..", "repository"),
    ],
)
def test_names(repo: str, url: str, name: str) -> None:
    assert (address(repo).url, address(repo).name) == (url, name)


def test_a_folder_without_a_repository(tmp_path: Path) -> None:
    error = refused(tmp_path, tmp_path / "into")
    assert "not a git repository" in error.message
    assert "hivemind init" in str(error.hint)


def test_an_empty_repository(tmp_path: Path) -> None:
    GitRepository.made(tmp_path / "empty")
    assert "is empty" in refused(tmp_path / "empty", tmp_path / "into").message


def test_no_default_branch(tmp_path: Path, repository: GitRepository) -> None:
    repository.git("symbolic-ref", "HEAD", "refs/heads/gone")
    error = refused(repository.folder, tmp_path / "into")
    assert "no default branch" in error.message
    assert "--ref NAME" in str(error.hint)
    assert "main" in str(error.hint)
    assert take(repository.folder, tmp_path / "into", ref="main").ref == "main"


def test_a_ref_that_is_not_there(tmp_path: Path, repository: GitRepository) -> None:
    assert "Did you mean main?" in str(refused(repository.folder, tmp_path / "into", ref="mian").hint)
    assert "Branches and tags: main" in str(refused(repository.folder, tmp_path / "into", ref="zzzzz").hint)
    assert "full commit id" in str(refused(repository.folder, tmp_path / "into", ref="abcdef1").hint)
    with pytest.raises(HiveMindError) as caught:
        take(repository.folder, tmp_path / "into", ref="--upload-pack=x")
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_folder_that_holds_something_else(tmp_path: Path, repository: GitRepository) -> None:
    into = tmp_path / "into"
    into.mkdir()
    (into / "mine").write_text("")
    assert "is not empty" in refused(repository.folder, into).message
    assert (into / "mine").exists()
    GitRepository.made(tmp_path / "other", {"a": ""})
    take(tmp_path / "other", tmp_path / "taken")
    assert "a clone of" in refused(repository.folder, tmp_path / "taken").message


def test_changes_of_ones_own_are_not_overwritten(tmp_path: Path, repository: GitRepository) -> None:
    cloned = take(repository.folder, tmp_path / "into")
    (cloned.folder / "app.py").write_text("mine")
    repository.commit({"app.py": "theirs", "hivemind.yaml": "theirs"})
    assert "local changes" in refused(repository.folder, tmp_path / "into").message
    assert (cloned.folder / "app.py").read_text() == "mine"
    (cloned.folder / "app.py").write_text("one")
    (cloned.folder / "hivemind.yaml").write_text("mine")
    assert "hivemind.yaml" in refused(repository.folder, tmp_path / "into").message
    assert (cloned.folder / "hivemind.yaml").read_text() == "mine"


def test_nothing_of_the_repository_runs(
    tmp_path: Path, repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {witness}\ncat\n")
    script.chmod(0o755)
    # A user's own configuration has a filter; a repository that names it must not start it.
    home = Path(os.environ["HOME"])
    (home / "template/hooks").mkdir(parents=True)
    shutil.copy(script, home / "template/hooks/post-checkout")
    (home / ".gitconfig").write_text(
        f'[filter "x"]\n\tsmudge = {script}\n\tclean = {script}\n\tprocess = {script}\n'
        f"[init]\n\ttemplateDir = {home / 'template'}\n[core]\n\thooksPath = {home / 'template/hooks'}\n"
        f"\tfsmonitor = {script}\n"
    )
    for hook in ("post-checkout", "post-merge", "post-upload-pack", "pre-receive", "reference-transaction"):
        shutil.copy(script, repository.folder / ".git/hooks" / hook)
    repository.git("config", "core.fsmonitor", str(script))
    repository.git("config", "uploadpack.packObjectsHook", str(script))
    witness.unlink(missing_ok=True)
    (repository.folder / ".gitattributes").write_text("* filter=x diff=x merge=x\n")
    quiet = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
    repository.git(*quiet, "add", "--all")
    repository.git(*quiet, "commit", "-qm", "attributes")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(script))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    take(repository.folder, tmp_path / "into")
    monkeypatch.delenv("GIT_DIR")
    repository.git(*quiet, "commit", "--allow-empty", "-qm", "later")
    assert take(repository.folder, tmp_path / "into").updated
    assert not witness.exists()


def test_links_out_of_the_tree_and_large_files_elsewhere_are_told(tmp_path: Path, repository: GitRepository) -> None:
    (repository.folder / "out").symlink_to("/etc/passwd")
    (repository.folder / "sub/up").symlink_to("../../../x")
    (repository.folder / "sub/in").symlink_to("../app.py")
    repository.commit({".gitattributes": "*.bin filter=lfs diff=lfs\n"})
    cloned = take(repository.folder, tmp_path / "into")
    assert len(cloned.remarks) == 2
    assert "2 links lead out" in cloned.remarks[0]
    assert "Git LFS" in cloned.remarks[1]


@pytest.mark.parametrize("name", [b"new\nline", b"esc\x1b[2J", b"bell\x07"])
def test_names_with_control_characters(tmp_path: Path, repository: GitRepository, name: bytes) -> None:
    blob = repository.blob(b"x")
    repository.commit_tree(b"100644 blob " + blob.encode() + b"\t" + name + b"\0")
    error = refused(repository.folder, tmp_path / "into")
    assert error.exit_code == ExitCode.REFUSED
    assert error.message.isprintable()
    assert not (tmp_path / "into").exists()


@pytest.mark.parametrize("name", [b"..", b".git", b".GIT"])
def test_paths_that_lead_out_are_not_written(tmp_path: Path, repository: GitRepository, name: bytes) -> None:
    blob = repository.blob(b"x")
    inner = repository.git("mktree", "-z", given=b"100644 blob " + blob.encode() + b"\tevil\0")
    repository.commit_tree(b"040000 tree " + inner.encode() + b"\t" + name + b"\0")
    with pytest.raises(HiveMindError):
        take(repository.folder, tmp_path / "into")
    assert not (tmp_path / "evil").exists()
    assert not (tmp_path / "into").exists()


def test_deep_nesting(tmp_path: Path, repository: GitRepository) -> None:
    entry, kind, name = repository.blob(b"x"), b"100644 blob ", b"f"
    for _ in range(80):
        entry = repository.git("mktree", "-z", given=kind + entry.encode() + b"\t" + name + b"\0")
        kind, name = b"040000 tree ", b"d"
    repository.commit_tree(kind + entry.encode() + b"\td\0")
    assert "64 folders deep" in str(refused(repository.folder, tmp_path / "into").hint)


def test_bounds(tmp_path: Path, repository: GitRepository) -> None:
    repository.commit({f"many/{number}": "" for number in range(20)} | {"zeros": "0" * 3_000_000})
    assert "more than 10" in refused(repository.folder, tmp_path / "into", bounds=Bounds(files=10)).message
    assert "too large" in refused(repository.folder, tmp_path / "into", bounds=Bounds(bytes=2_000_000)).message
    assert "objects" in refused(repository.folder, tmp_path / "into", bounds=Bounds(bytes=100)).message
    assert not (tmp_path / "into").exists()


def test_submodules(tmp_path: Path, repository: GitRepository) -> None:
    inner = GitRepository.made(tmp_path / "inner", {"lib.py": "lib"})
    commit = inner.git("rev-parse", "HEAD")
    (repository.folder / ".gitmodules").write_text(
        '[submodule "a"]\n\tpath = vendor/a\n\turl = ../inner\n\tupdate = !touch ran\n'
        '[submodule "b"]\n\tpath = vendor/b\n\turl = ext::sh -c "touch ran"\n'
        '[submodule "c"]\n\tpath = vendor/c\n\turl = --upload-pack=x\n'
    )
    for name in "abc":
        repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},vendor/{name}")
    repository.git("add", ".gitmodules")
    repository.git("commit", "-qm", "submodules")
    cloned = take(repository.folder, tmp_path / "into")
    assert (cloned.folder / "vendor/a/lib.py").read_text() == "lib"
    assert [remark.split()[2].rstrip(":") for remark in cloned.remarks] == ["vendor/b", "vendor/c"]
    assert "starts a program" in cloned.remarks[0]
    assert not list(tmp_path.rglob("ran"))
    with serving(tmp_path) as url:
        (repository.folder / ".gitmodules").write_text(
            f'[submodule "a"]\n\tpath = vendor/a\n\turl = file://{tmp_path}/inner\n'
        )
        repository.git("add", ".gitmodules")
        repository.git("commit", "-qm", "elsewhere")
        remarks = take(f"{url}/shop/.git", tmp_path / "http").remarks
    assert "is a folder on this machine" in remarks[0]
    assert not (tmp_path / "http/vendor/a/lib.py").exists()
