"""What a release would not have is said before anything is built."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from hivemind.cli.main import main
from hivemind.flow import checking
from hivemind.flow.leaving_out import left_out
from hivemind.repositories.repository import read
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.fast
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "site/media").mkdir(parents=True)
    (tmp_path / "site/index.html").write_text("<p>shop")
    (tmp_path / "site/media/big").write_text("x" * 5000)
    (tmp_path / "hivemind.yaml").write_text("hivemind: 1\nname: shop\nservices: {web: {static: ., path: site}}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_over_the_bound_is_an_error_that_names_what_is_large(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checking, "read", partial(read, max_bytes=1000))
    assert main(["validate", "--no-lint"]) == ExitCode.INVALID
    said = capsys.readouterr().out
    assert "H507" in said
    assert "Largest: site/media (0 MB in 1 file)" in said
    assert ".hivemindignore" in said
    (project / ".hivemindignore").write_text("media\n")
    assert main(["validate", "--no-lint"]) == ExitCode.OK


def test_what_is_not_packed_is_a_warning(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "site/shared").symlink_to("../../elsewhere")
    (project / "beside").symlink_to("nothing")
    assert main(["validate", "--no-lint"]) == ExitCode.OK
    said = capsys.readouterr().out
    assert "site/shared" in said
    assert "not packed: it is a link that leads nowhere" in said
    assert "beside" not in said, "it belongs to no service"


def test_pointers_of_lfs_are_named_where_git_uses_lfs(project: Path) -> None:
    (project / "site/photo.jpg").write_text(POINTER)
    assert list(left_out(read(project), ["site"], Path("hivemind.yaml"))) == []
    (project / ".gitattributes").write_text("*.jpg filter=lfs diff=lfs merge=lfs -text\n")
    (found,) = left_out(read(project), ["site"], Path("hivemind.yaml"))
    assert (found.id, str(found.place)) == ("H509", "site/photo.jpg")
    assert list(left_out(read(project), ["other"], Path("hivemind.yaml"))) == []


def test_of_many_some_are_named_and_all_are_counted(project: Path) -> None:
    for number in range(9):
        (project / f"site/{number}").symlink_to("nothing")
    found = list(left_out(read(project), ["."], Path("hivemind.yaml")))
    assert [str(one.place) for one in found] == [f"site/{number}" for number in range(6)]
    assert found[-1].message.endswith("There are 3 more")
