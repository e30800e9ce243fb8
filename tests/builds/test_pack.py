from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from compiler_builds import lay, opened

from hivemind.builds import pack
from hivemind.builds.commands import executable
from hivemind.hosts.onhost import zstd

pytestmark = pytest.mark.fast
FIRST = ("manifest.json", b"{}")


def test_same_content_same_bytes(tmp_path: Path) -> None:
    made = []
    for number, order in enumerate((["b", "a/c"], ["a/c", "b"])):
        tree = lay(tmp_path / str(number) / ("x" * (number + 1)), {name: name for name in order})
        (tree / "link").symlink_to("b")
        for path in (tree / "b", tree / "a"):
            os.utime(path, (number * 1000, number * 1000))
        lay(tree, {f"a/__pycache__/{number}.pyc": "x"})
        target = tmp_path / f"{number}.tar.zst"
        found = list(pack.entries(tree))
        digest = pack.write(found, FIRST, target)
        made.append((digest, target.read_bytes(), pack.identity(found, pack.digests(found))))
    assert made[0] == made[1]
    with (tmp_path / "0.tar.zst").open("rb") as packed, zstd.Reader(packed) as plain:
        assert hashlib.sha256(plain.read()).hexdigest() == made[0][0]


def test_what_is_in_the_archive(tmp_path: Path) -> None:
    tree = lay(tmp_path / "t", {"app/run": "x", "app/text": "y"})
    (tree / "app/run").chmod(0o700)
    (tree / "app/text").chmod(0o600)
    pack.write(pack.entries(tree), FIRST, tmp_path / "a")
    with opened(tmp_path / "a") as archive:
        found = {member.name: (member.mode, member.uid, member.uname, member.mtime) for member in archive}
    assert found == {
        "manifest.json": (0o644, 0, "", 0),
        "app": (0o755, 0, "", 0),
        "app/run": (0o755, 0, "", 0),
        "app/text": (0o644, 0, "", 0),
    }


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside", "a/../../../x"])
def test_links_out_of_the_archive_are_refused(tmp_path: Path, target: str) -> None:
    tree = lay(tmp_path / "t", {"app/a/x": ""})
    (tree / "app/link").symlink_to(target)
    with pytest.raises(ValueError, match=r"the link app/link leads to .*, outside"):
        pack.write(pack.entries(tree), FIRST, tmp_path / "a")


@pytest.mark.parametrize(
    ("command", "run"),
    [
        ("gunicorn app:app --bind 0.0.0.0:$PORT", "gunicorn app:app --bind 0.0.0.0:$PORT"),
        ("NODE_ENV=production node a.js", "env NODE_ENV=production node a.js"),
        ("cross-env A=b node a.js", "env A=b node a.js"),
        ("exec node a.js", "node a.js"),
        ("python migrate.py && gunicorn 'a:b()'", "sh -c 'python migrate.py && gunicorn '\"'\"'a:b()'\"'\"''"),
        ("a; b", "sh -c 'a; b'"),
        ("gunicorn 'app:create(\"a;b\")'", "gunicorn 'app:create(\"a;b\")'"),
    ],
)
def test_commands_as_the_unit_runs_them(command: str, run: str) -> None:
    assert executable(command) == run
