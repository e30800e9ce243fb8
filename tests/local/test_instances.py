"""Instances are apart from each other, reachable by SSH, and leave nothing behind."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import io
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncssh
import paramiko
import psutil
import pytest
from stage import GROUPS, KEY, PUBLIC, get, instance, login, running, serve, until

from hivemind.local.instance_records import Numbers
from hivemind.local.instances import Instances, StartFailed
from hivemind.local.model import RegionView
from hivemind.local.security import Caller

pytestmark = pytest.mark.slow
BALANCER = Caller("load-balancer", ("sg-lb",))


def view(*numbers: int) -> RegionView:
    return RegionView(instances=tuple(instance(number) for number in numbers), groups=GROUPS)


@pytest.fixture
def namespaces(tmp_path: Path) -> None:
    async def mode() -> tuple[str, str | None]:
        instances = Instances(tmp_path / "trial", lambda *_: None)
        return instances.mode, instances.reason

    found, reason = asyncio.run(mode())
    if found != "namespaces":
        pytest.skip(f"no namespaces here: {reason}")


def test_numbers_are_unique_however_many_start_at_once(tmp_path: Path) -> None:
    numbers = Numbers(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(numbers.load, [f"i-{number}" for number in range(40)]))
    assert sorted(one.number for one in kept) == list(range(1, 41))
    assert [Numbers(tmp_path).load(f"i-{number}") for number in range(40)] == kept


def test_three_instances_with_paramiko(tmp_path: Path) -> None:
    region = view(5, 6, 7)

    def use(address: tuple[str, int], host_key: str) -> tuple[str, int, str]:
        key = paramiko.Ed25519Key.from_private_key(io.StringIO(KEY.export_private_key().decode()))
        client = paramiko.SSHClient()
        kind, encoded = host_key.split()
        client.get_host_keys().add(
            f"[{address[0]}]:{address[1]}",
            kind,
            paramiko.PKey.from_type_string(kind, base64.b64decode(encoded)),
        )
        client.connect(*address, username="admin", pkey=key, allow_agent=False, look_for_keys=False)
        try:
            with client.open_sftp() as files:
                with files.open("note", "w") as note:
                    note.write("x" * 300_000)
                files.chmod("note", 0o600)
                files.rename("note", "renamed")
                size = files.stat("renamed").st_size
            _, out, err = client.exec_command(f"wc -c < renamed; id -u; echo oops >&2; exit 7; {size}")
            return out.read().decode() + err.read().decode(), out.channel.recv_exit_status(), str(size)
        finally:
            client.close()

    async def main() -> None:
        async with running(tmp_path, region) as instances:
            for one in region.instances:
                host_key = await instances.start(one, lambda: region)
                output, code, size = await asyncio.to_thread(use, instances.address(one.id, 22), host_key)
                assert (output.split(), code, size) == (
                    ["300000", str(os.geteuid() if instances.mode == "shared" else 0), "oops"],
                    7,
                    "300000",
                )

    asyncio.run(main())


def test_only_the_key_pair_opens(tmp_path: Path) -> None:
    region = view(5)
    other = asyncssh.generate_private_key("ssh-ed25519")

    async def main() -> None:
        async with running(tmp_path, region) as instances:
            for user, key in (("admin", other), ("nobody", KEY)):
                with pytest.raises(asyncssh.PermissionDenied):
                    await asyncssh.connect(
                        *instances.address(region.instances[0].id, 22),
                        username=user, client_keys=[key], known_hosts=None, agent_path=None, config=None,
                    )  # fmt: skip

    asyncio.run(main())


def test_same_hard_coded_port_twice_and_own_files(tmp_path: Path, namespaces: None) -> None:
    region = view(5, 6)

    async def main() -> None:
        async with running(tmp_path, region) as instances:
            for one in region.instances:
                await serve(instances, one)
            for one in region.instances:
                status, body, _ = await get(instances.front(one.id, 8000, BALANCER))
                assert (status, body.split("|")[0]) == (200, one.id)
            async with login(instances, region.instances[0]) as ssh:
                await ssh.run("echo mine > /etc/mine; echo mine > /var/lib/mine; echo mine > /tmp/mine", check=True)
            async with login(instances, region.instances[1]) as ssh:
                seen = await ssh.run(
                    "cat /etc/mine /var/lib/mine /tmp/mine; hostname; ls -d /run/systemd; ps ax | grep -c application"
                )
                assert seen.stdout.split() == ["ip-10-0-0-6", "2"] or seen.stdout.split() == ["ip-10-0-0-6", "3"]
        assert not Path("/etc/mine").exists()

    asyncio.run(main())


def test_sudo_and_the_own_user(tmp_path: Path, namespaces: None) -> None:
    region = view(5, 6)

    async def main() -> None:
        async with running(tmp_path, region) as instances:
            uids = []
            for one in region.instances:
                async with login(instances, one) as ssh:
                    root = await ssh.run("sudo -n id -u", check=True)
                    own = await ssh.run(
                        "id -u hivemind; sudo -u hivemind id -u; sudo -u hivemind python3 -c 'import ssl'", check=True
                    )
                    assert root.stdout.strip() == "0"
                    claimed, real = own.stdout.split()
                    assert claimed == real
                    uids.append(int(real))
            if os.geteuid() == 0:
                assert len(set(uids)) == 2
                assert min(uids) >= 200_000

    asyncio.run(main())


def test_terminal_forwarding_signals_and_environment(tmp_path: Path) -> None:
    region = view(5)
    one = region.instances[0]

    async def main() -> None:
        async with running(tmp_path, region) as instances:
            await serve(instances, one, bind="127.0.0.1", port=8123 if instances.mode == "namespaces" else 38123)
            async with login(instances, one) as ssh:
                typed = await ssh.run("tty && stty size", term_type="xterm", term_size=(90, 33))
                assert "/dev/" in typed.stdout
                assert "33 90" in typed.stdout
                killed = await ssh.run("kill -9 $$")
                assert killed.exit_signal[0] == "KILL"
                assert (await ssh.run("echo $GREETING", env={"GREETING": "hello"})).stdout == "hello\n"
                assert (await ssh.run("cat", input="x" * 1_000_000)).stdout == "x" * 1_000_000
                listener = await ssh.forward_local_port(
                    "127.0.0.1", 0, "127.0.0.1", 8123 if instances.mode == "namespaces" else 38123
                )
                status, _, _ = await get(("127.0.0.1", listener.get_port()))
                assert status == 200

    asyncio.run(main())


def test_stop_and_start_keep_files_and_run_boot_scripts(tmp_path: Path) -> None:
    region = dataclasses.replace(
        view(5), instances=(instance(5, user_data="#!/bin/sh\necho once >> /tmp/../var/lib/booted\n"),)
    )
    one = region.instances[0]

    async def main() -> None:
        async with running(tmp_path, region) as instances:
            if instances.mode == "shared":
                pytest.skip("user data writes to the instance's /var/lib")
            first_key = await instances.start(one, lambda: region)
            address = instances.address(one.id, 22)
            async with login(instances, one) as ssh:
                await ssh.run(
                    "printf '#!/bin/sh\necho up >> /var/lib/booted\nexec sleep 1000' > /etc/hivemind/boot.d/app",
                    check=True,
                )
                await ssh.run(
                    "chmod +x /etc/hivemind/boot.d/app; echo kept > /opt/kept; echo lost > /tmp/lost", check=True
                )
            await instances.stop(one.id)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*address)
            assert await instances.start(one, lambda: region) == first_key
            assert instances.address(one.id, 22) == address
            async with login(instances, one) as ssh:
                await ssh.run("until grep -q up /var/lib/booted; do sleep 0.05; done", check=True)
                seen = await ssh.run("cat /opt/kept /var/lib/booted; ls /tmp/lost")
                assert seen.stdout.split() == ["kept", "once", "up"]
                assert "No such file" in seen.stderr
            assert "BEGIN SSH HOST KEY FINGERPRINTS" in instances.console(one.id)

    asyncio.run(main())


def test_stop_asks_programs_to_end_first(tmp_path: Path, namespaces: None) -> None:
    region = view(5)
    one = region.instances[0]

    async def main() -> None:
        async with running(tmp_path, region) as instances:
            async with login(instances, one) as ssh:
                script = 'trap "echo bye > /opt/bye; exit" TERM; touch /opt/up; while :; do sleep 0.1; done'
                await ssh.run(f"nohup sh -c '{script}' >/dev/null 2>&1 </dev/null &")
                await ssh.run("until [ -e /opt/up ]; do sleep 0.05; done")
            await instances.stop(one.id)
            assert (tmp_path / one.id / "fs/opt/bye").read_text() == "bye\n"

    asyncio.run(main())


def test_terminate_leaves_no_file_and_no_process(tmp_path: Path) -> None:
    region = view(5)
    one = region.instances[0]

    async def main() -> None:
        async with running(tmp_path, region) as instances:
            async with login(instances, one) as ssh:
                await ssh.run("mkdir -p locked/in && chmod 0 locked; nohup sleep 4711 >/dev/null 2>&1 </dev/null &")
            address = instances.address(one.id, 22)
            await instances.terminate(one.id)
            assert list(tmp_path.iterdir()) == []
            assert not _sleeping("4711")
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*address)

    asyncio.run(main())


def test_an_instance_that_dies_is_reported(tmp_path: Path) -> None:
    region = view(5)
    one = region.instances[0]
    heard: list[str] = []

    async def main() -> None:
        instances = Instances(tmp_path, lambda id_, _: heard.append(id_))
        try:
            await instances.start(one, lambda: region)
            os.kill(instances.process(one.id) or 0, signal.SIGKILL)
            await until(lambda: heard == [one.id])
            assert instances.running == ()
        finally:
            await instances.close()

    asyncio.run(main())


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    bad = dataclasses.replace(instance(5), authorized_key="not a key")

    async def main() -> None:
        instances = Instances(tmp_path, lambda *_: None)
        with pytest.raises(StartFailed, match="key"):
            await instances.start(bad, RegionView)
        await instances.close()

    asyncio.run(main())


DAEMON = """
import asyncio, json, sys
from pathlib import Path
from hivemind.local.instances import Instances
from hivemind.local.model import Instance, RegionView, Rule
async def main():
    one = Instance("i-1", "0", "r", "10.0.0.5", sys.argv[2], ("g",))
    view = RegionView(instances=(one,), groups={"g": (Rule("tcp", 1, 65535, cidr="0.0.0.0/0"),)})
    instances = Instances(Path(sys.argv[1]), print)
    await instances.start(one, lambda: view)
    print(json.dumps(instances.address("i-1", 22)), flush=True)
    await asyncio.sleep(1000)
asyncio.run(main())
"""


@pytest.mark.parametrize("mode", ["", "shared"])
def test_killing_the_daemon_leaves_no_process(tmp_path: Path, mode: str) -> None:
    environment = {**os.environ, "HIVEMIND_LOCAL_MODE": mode}
    with subprocess.Popen(
        [sys.executable, "-c", DAEMON, tmp_path, PUBLIC], stdout=subprocess.PIPE, env=environment, text=True
    ) as daemon:
        assert daemon.stdout is not None
        address = tuple(json.loads(daemon.stdout.readline()))

        async def leave_something() -> None:
            async with asyncssh.connect(
                *address, username="admin", client_keys=[KEY], known_hosts=None, config=None
            ) as ssh:
                await ssh.run("setsid nohup sleep 4712 >/dev/null 2>&1 </dev/null &")

        try:
            asyncio.run(leave_something())
            # The shell answers before its background job has become `sleep`.
            asyncio.run(until(lambda: _sleeping("4712")))
            children = psutil.Process(daemon.pid).children(recursive=True)
        finally:
            daemon.kill()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
    asyncio.run(until(lambda: not _sleeping("4712")))


def _sleeping(seconds: str) -> bool:
    for process in psutil.process_iter(["cmdline", "status"]):
        if process.info["cmdline"] == ["sleep", seconds] and process.info["status"] != psutil.STATUS_ZOMBIE:
            return True
    return False


def test_shared_mode_hands_out_prefix_and_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVEMIND_LOCAL_MODE", "shared")
    region = view(5, 6)

    async def main() -> None:
        async with running(tmp_path, region) as instances:
            assert instances.mode == "shared"
            seen = []
            for one in region.instances:
                async with login(instances, one) as ssh:
                    said = await ssh.run(
                        'echo $HIVEMIND_ROOT; echo $PORT; sudo -n pwd; python3 -c "print(1)"', check=True
                    )
                    root, port, home, one_ = said.stdout.split()
                    assert (root, home, one_) == (str(tmp_path / one.id / "fs"), f"{root}/home/admin", "1")
                    assert instances.port_variable(one.id) == int(port)
                    seen.append(port)
            assert len(set(seen)) == 2

    asyncio.run(main())
