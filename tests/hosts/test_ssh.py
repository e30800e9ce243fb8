"""SSH against real servers on loopback."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import psutil
import pytest
import ssh_servers

from hivemind.hosts.bridge import bridge, listening
from hivemind.hosts.connecting import HostKeyMismatch, connect, login_name
from hivemind.hosts.keys import KeyPair, deployment_key
from hivemind.hosts.ssh import CommandTimeout, Host, HostUnreachable
from hivemind.testing import ManualClock
from hivemind.values.errors import Stage, StepCancelled
from hivemind.values.exits import ExitCode

INSTANCE = "i-0123456789abcdef0"
pytestmark = pytest.mark.slow


def test_a_command_gets_its_input_and_gives_both_outputs_and_its_code(host: Host) -> None:
    lines: list[str] = []
    done = host.run("cat; echo oops >&2; printf unfinished; exit 7", stdin=b"one\ntwo\n", on_line=lines.append)
    assert (done.code, done.stdout, done.stderr) == (7, "one\ntwo\nunfinished", "oops\n")
    assert lines == ["one", "two", "unfinished"]


def test_neither_side_blocks_on_large_input_and_output(host: Host) -> None:
    content = bytes(range(256)) * 8192
    done = host.run("head -c 3000000 /dev/zero >&2; sha256sum", stdin=content, timeout=60)
    assert done.stdout.split()[0] == hashlib.sha256(content).hexdigest()
    assert len(done.stderr) == 3_000_000


def test_a_command_that_does_not_read_its_input(host: Host) -> None:
    assert host.run("exit 4", stdin=b"x" * 1_000_000).code == 4


def test_a_command_over_its_deadline_is_ended_with_all_that_it_started(host: Host, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with pytest.raises(CommandTimeout) as caught:
        host.run(f"sleep 600 & echo $$ $! > {pids}; wait", timeout=0.5, what="the test")
    assert caught.value.message == f"the test on {INSTANCE} did not end within 0.5 s"
    assert host.run("echo still there").stdout == "still there\n"
    of_it = {int(pid) for pid in pids.read_text().split()}
    _, left = psutil.wait_procs([one for one in psutil.process_iter() if one.pid in of_it], timeout=30)
    assert not left


def test_files_are_copied_whole_and_once(host: Host, server: ssh_servers.Server, tmp_path: Path) -> None:
    file = tmp_path / "content"
    file.write_bytes(b"\0\1\2" * 300_000)
    assert host.put(file, ".hivemind/deep/abc.bin") is True
    assert host.put(file, ".hivemind/deep/abc.bin") is False
    there = Path(host.home()) / ".hivemind/deep/abc.bin"
    assert there.read_bytes() == file.read_bytes()
    assert stat.S_IMODE(there.stat().st_mode) == 0o600
    assert stat.S_IMODE(there.parent.stat().st_mode) == 0o700
    assert host.list(".hivemind/deep") == ("abc.bin",)


def test_a_part_of_a_file_is_replaced(host: Host) -> None:
    host.put(b"whole content", "abc")
    (Path(host.home()) / "abc").write_bytes(b"whole")
    assert host.put(b"whole content", "abc") is True
    assert (Path(host.home()) / "abc").read_bytes() == b"whole content"
    host.remove("abc")
    host.remove("abc")
    assert "abc" not in host.list(".")


def test_a_bridge_to_what_only_the_instance_reaches(host: Host) -> None:
    import socket
    import threading

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(connection.recv(100).upper())

        thread = threading.Thread(target=answer)
        thread.start()
        with bridge(host, "127.0.0.1", listener.getsockname()[1]) as sock:
            sock.sendall(b"hello")
            assert sock.recv(100) == b"HELLO"
            assert sock.recv(100) == b""
        thread.join(10)


def test_a_bridge_to_nowhere(host: Host) -> None:
    from host_instances import free_port

    with pytest.raises(ConnectionRefusedError, match="cannot connect to"), bridge(host, "127.0.0.1", free_port()):
        pass


def test_a_port_here_leads_to_what_only_the_instance_reaches(host: Host) -> None:
    import socket
    import threading

    from host_instances import free_port

    with socket.create_server(("127.0.0.1", 0)) as far:

        def answer() -> None:
            for _ in range(2):
                connection, _ = far.accept()
                with connection:
                    connection.sendall(connection.recv(100).upper())

        thread = threading.Thread(target=answer)
        thread.start()
        with listening(host, "127.0.0.1", far.getsockname()[1]) as port:
            first, second = (socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(2))
            for one, text in ((second, b"second"), (first, b"first")):
                one.sendall(text)
            assert (first.recv(100), second.recv(100)) == (b"FIRST", b"SECOND")
            assert first.recv(100) == b"", "the end of what is far is the end here"
        thread.join(10)
        for one in (first, second):
            one.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)
    with (
        listening(host, "127.0.0.1", free_port()) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as refused,
    ):
        assert refused.recv(100) == b""


def test_another_host_key_is_refused_at_once(
    server: ssh_servers.Server, cloud: ssh_servers.LoopbackCloud, key: KeyPair
) -> None:
    _, other = ssh_servers.key_pair()
    with pytest.raises(HostKeyMismatch) as caught:
        connect(cloud, INSTANCE, key=key.private, user=server.user, known={INSTANCE: other}, deadline=20)
    assert "an unexpected SSH host key" in caught.value.message
    assert caught.value.message.count("SHA256:") == 2
    assert caught.value.stage is Stage.DEPLOY
    assert caught.value.exit_code is ExitCode.DEPLOY
    assert cloud.dialled == 1


def test_the_remembered_key_counts_without_asking_the_cloud(
    server: ssh_servers.Server, cloud: ssh_servers.LoopbackCloud, key: KeyPair
) -> None:
    cloud.keys = {}
    with connect(cloud, INSTANCE, key=key.private, user=server.user, known={INSTANCE: server.host_key}) as host:
        assert host.host_key == server.host_key
        assert host.alive
    assert not host.alive


def test_an_unknown_host_key_fails_closed(
    server: ssh_servers.Server, cloud: ssh_servers.LoopbackCloud, key: KeyPair
) -> None:
    cloud.keys = {}
    seen: list[str] = []
    with pytest.raises(HostUnreachable, match="does not know its SSH host key") as caught:
        connect(
            cloud,
            INSTANCE,
            key=key.private,
            user=server.user,
            known={},
            deadline=10,
            clock=ManualClock(),
            on_wait=seen.append,
        )
    assert cloud.dialled == 0
    assert seen == ["HiveMind does not know its SSH host key yet"]
    assert caught.value.hint is not None


def test_nobody_waits_for_an_instance_whose_run_has_failed(
    server: ssh_servers.Server, cloud: ssh_servers.LoopbackCloud, key: KeyPair
) -> None:
    with pytest.raises(StepCancelled):
        connect(cloud, INSTANCE, key=key.private, user=server.user, known={}, deadline=600, futile=lambda: True)
    assert cloud.dialled == 0


def test_another_deployments_key_is_not_let_in(
    server: ssh_servers.Server, cloud: ssh_servers.LoopbackCloud, tmp_path: Path
) -> None:
    stranger = deployment_key(tmp_path / "other")
    with pytest.raises(HostUnreachable, match="it refuses the deployment's key for user"):
        connect(cloud, INSTANCE, key=stranger.private, user=server.user, known={}, deadline=0.5, clock=ManualClock())


def test_waiting_for_an_instance_that_is_not_up(key: KeyPair) -> None:
    cloud = ssh_servers.LoopbackCloud({}, {INSTANCE: ssh_servers.key_pair()[1]})
    clock = ManualClock()
    with pytest.raises(HostUnreachable, match=r"no such instance \(waited 60 s\)"):
        connect(cloud, INSTANCE, key=key.private, user="admin", known={}, deadline=60, clock=clock)
    assert clock.monotonic() >= 60
    assert 10 < cloud.dialled < 60


def test_a_broken_connection_says_so(host: Host) -> None:
    host.close()
    with pytest.raises(HostUnreachable, match="the instance closed the connection"):
        host.run("true")


@pytest.mark.parametrize("server", ["openssh"], indirect=True)
def test_an_interactive_shell_has_a_terminal_of_that_size(host: Host) -> None:
    channel = host.shell(term="xterm", width=77, height=33, command="stty size")
    assert channel.recv(100).strip() == b"33 77"
    channel.close()


@pytest.mark.parametrize(
    ("os", "name"), [("debian-12", "admin"), ("amazon-linux-2023", "ec2-user"), ("ubuntu-24.04", "ubuntu")]
)
def test_login_names(os: str, name: str) -> None:
    assert login_name(os) == name
