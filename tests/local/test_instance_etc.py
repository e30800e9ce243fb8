"""An instance's /etc: this machine's, with what the instance changed over it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from stage import GROUPS, instance, login, machine, running

from hivemind.local import instance_etc, instance_files
from hivemind.local.model import RegionView

pytestmark = pytest.mark.slow
COMPLETED = """
import sys
from pathlib import Path
from hivemind.local import instance_etc
print(instance_etc.show(Path(sys.argv[1])))
"""


def laid_out(tree: Path, etc: Path | None) -> Path:
    instance_files.lay_out(tree, hostname="made", address="10.0.0.9", uid=None, etc=etc)
    return tree / "etc"


def test_the_copy_holds_what_everyone_may_read_and_is_made_once(tmp_path: Path) -> None:
    made = instance_etc.base(tmp_path)
    assert (made / "passwd").read_bytes() == Path("/etc/passwd").read_bytes()
    assert (made / "mtab").is_symlink() or not Path("/etc/mtab").is_symlink()
    assert not (made / "shadow").exists()
    assert instance_etc.base(tmp_path) == made
    assert list(tmp_path.iterdir()) == [made]


def test_what_an_instance_changes_is_its_own_and_stays(tmp_path: Path) -> None:
    region = RegionView(instances=(instance(5), instance(6)), groups=GROUPS)
    one, two = region.instances
    changing = "echo at-home >> /etc/services; rm /etc/passwd-; mkdir /etc/new; echo mine > /etc/new/file; "
    seeing = "tail -1 /etc/services; ls /etc/passwd- /etc/new/file; hostname -f; id -un 0; ls /etc/shadow"

    async def main() -> None:
        async with running(tmp_path, region) as instances:
            if instances.mode == "shared":
                pytest.skip("instances share this machine's /etc here")
            async with login(instances, one) as ssh:
                await ssh.run(f"touch /etc/passwd-; {changing}", check=True)
            await instances.stop(one.id)
            await instances.start(one, lambda: region)
            async with login(instances, one) as ssh:
                changed = str((await ssh.run(seeing)).stdout).split()
            async with login(instances, two) as ssh:
                other = str((await ssh.run(f"touch /etc/passwd-; {seeing}")).stdout).split("\n")
        assert changed == ["at-home", "/etc/new/file", "ip-10-0-0-5", "root"]
        assert "at-home" not in other[0]
        assert other[1:] == ["/etc/passwd-", "ip-10-0-0-6", "root", ""]

    before = Path("/etc/services").read_bytes()
    asyncio.run(main())
    assert Path("/etc/services").read_bytes() == before
    assert "at-home" not in (instance_etc.base(machine()) / "services").read_text()


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare of util-linux")
def test_where_nothing_can_be_mounted_the_rest_is_copied(tmp_path: Path) -> None:
    whole = laid_out(tmp_path / "whole", None)
    layered = laid_out(tmp_path / "layered", instance_etc.base(tmp_path / "base"))
    assert not (layered / "services").exists()
    # A user namespace without a mount namespace of its own: no right to mount anything.
    command = ["unshare", "-Ur", sys.executable, "-c", COMPLETED, str(tmp_path / "layered")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "unshare" in done.stderr:
        pytest.skip(f"no user namespaces here: {done.stderr.strip()}")
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr
    assert names(layered) == names(whole)
    assert (layered / "hostname").read_text() == "made\n"
    assert (layered / "services").read_bytes() == Path("/etc/services").read_bytes()
    assert instance_etc.show(tmp_path / "layered") is False, "it is whole now"


def names(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}
