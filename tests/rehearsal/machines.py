"""Machines of the rehearsal: Debian from its packages, systemd as process 1, sshd and sudo, in namespaces of their own.

What a booted image of EC2 has done by cloud-init is done here before systemd starts: the user `admin` with the key
pair's public key, host keys, and the keys printed to the console. The caller lives in mount, network and PID namespaces
of its own (`tests/rehearsal/__main__.py`), so all of this ends with it.
"""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

GATEWAY = "10.0.255.254"
"""Address of the rehearsal itself in the network of its machines."""
PACKAGES = ("systemd", "systemd-sysv", "dbus", "openssh-server", "sudo", "python3", "iproute2", "ca-certificates")
# They want hardware, or would be started for nobody.
MASKED = (
    "systemd-udevd.service",
    "systemd-udevd-kernel.socket",
    "systemd-udevd-control.socket",
    "systemd-udev-trigger.service",
    "systemd-timesyncd.service",
    "systemd-logind.service",
    "systemd-networkd.service",
    "systemd-resolved.service",
    "getty.target",
    "console-getty.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
)
BOOT = r"""
set -e
mount --make-rprivate /
mkdir -p "$WORK/upper" "$WORK/work" "$WORK/root"
mount -t overlay -o "lowerdir=$TREE,upperdir=$WORK/upper,workdir=$WORK/work" overlay "$WORK/root"
cd "$WORK/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for folder in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs $folder; done
chmod 1777 tmp
mkdir dev/pts dev/shm
mknod -m 666 dev/null c 1 3; mknod -m 666 dev/zero c 1 5; mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8; mknod -m 666 dev/urandom c 1 9; mknod -m 666 dev/tty c 5 0
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
hostname "$NAME"
echo "$NAME" > etc/hostname
touch etc/hosts
mount --bind /etc/hosts etc/hosts
[ -n "$AGAIN" ] || rm -f etc/ssh/ssh_host_* etc/resolv.conf
[ -n "$AGAIN" ] || : > etc/machine-id
for unit in $MASKED; do ln -sf /dev/null etc/systemd/system/$unit; done
echo ready
read -r _
ip link set lo up
ip link set eth0 up
ip address add "$PRIVATE/16" dev eth0
[ -z "$PUBLIC" ] || ip address add "$PUBLIC/32" dev eth0
ip route add default via "$GATEWAY"
if [ -z "$AGAIN" ]; then
chroot . ssh-keygen -A >/dev/null
chroot . useradd --create-home --shell /bin/bash admin
mkdir -m 700 home/admin/.ssh
printf '%s\n' "$KEY" > home/admin/.ssh/authorized_keys
chmod 600 home/admin/.ssh/authorized_keys
chroot . chown -R admin:admin /home/admin/.ssh
echo 'admin ALL=(ALL) NOPASSWD:ALL' > etc/sudoers.d/90-cloud-init-users
chmod 440 etc/sudoers.d/90-cloud-init-users
fi
if [ -n "$SCRIPT" ]; then
  printf '%s' "$SCRIPT" > usr/local/sbin/user-data
  chmod 700 usr/local/sbin/user-data
  printf '%s\n' '[Service]' 'ExecStart=/usr/local/sbin/user-data' "Environment=AWS_ENDPOINT_URL=$API" \
    'StandardOutput=journal+console' 'StandardError=journal+console' > etc/systemd/system/user-data.service
  mkdir -p etc/systemd/system/multi-user.target.wants
  ln -s ../user-data.service etc/systemd/system/multi-user.target.wants/user-data.service
fi
echo '-----BEGIN SSH HOST KEY KEYS-----'
cat etc/ssh/ssh_host_*_key.pub
echo '-----END SSH HOST KEY KEYS-----'
exec env -i container=docker PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  chroot . /lib/systemd/systemd --unit=multi-user.target --log-target=console </dev/null
"""


def ip(*words: str) -> None:
    """`ip WORDS`. Raises CalledProcessError."""
    subprocess.run(("ip", *words), check=True, capture_output=True, timeout=30)


def open_network() -> None:
    """The bridge on which all machines are, in the network namespace of the caller."""
    ip("link", "set", "lo", "up")
    ip("link", "add", "room", "type", "bridge")
    ip("address", "add", f"{GATEWAY}/16", "dev", "room")
    ip("link", "set", "room", "up")


DISK = "768m"
"""Size of what a machine may write, in memory."""


@dataclass
class Machine:
    """A machine that boots, and boots again from its disk.

    private, public: its addresses; public may be empty. key: line for authorized_keys.
    script: what it runs at its first boot, as cloud-init does, empty for nothing; api: where that finds AWS."""

    name: str
    private: str
    public: str
    key: str
    folder: Path
    tree: Path
    cgroups: Path
    script: str = ""
    api: str = ""
    booted: float = field(default_factory=time.monotonic)
    _process: subprocess.Popen[str] | None = None
    _copier: subprocess.Popen[bytes] | None = None
    _place: int = 0
    _boots: int = 0

    @property
    def console(self) -> Path:
        return self.folder / f"{self.name}.console"

    def boot(self, port: int) -> None:
        """Starts it. port: number of its place at the bridge."""
        self._place = port
        work, group = self.folder / self.name, self.cgroups / f"{self.name}-{self._boots}"
        if not self._boots:
            work.mkdir()
            options = f"mode=755,size={DISK}"
            subprocess.run(("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(work)), check=True, timeout=30)
        group.mkdir(parents=True)
        groups = " ".join(map(str, filter(None, (group, self._memory()))))
        given = {
            "WORK": str(work), "TREE": str(self.tree), "NAME": self.name, "PRIVATE": self.private,
            "PUBLIC": self.public, "GATEWAY": GATEWAY, "KEY": self.key, "MASKED": " ".join(MASKED),
            "SCRIPT": self.script, "API": self.api, "AGAIN": "again" if self._boots else "",
        }  # fmt: skip
        namespaces = ("--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child")
        enter = 'for group in $1; do echo $$ > "$group/cgroup.procs"; done; shift; exec unshare "$@"'
        self._boots += 1
        self.console.write_text("")
        self._process = subprocess.Popen(
            ["sh", "-c", enter, "enter", groups, *namespaces, "sh", "-c", BOOT + "\n"],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **given},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        if first != "ready\n":
            said = first + self._process.communicate(timeout=30)[0]
            raise RuntimeError(f"{self.name} does not boot: {said}")
        ip(
            "link",
            "add",
            f"port{port}b{self._boots}",
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            str(self._process.pid),
        )
        ip("link", "set", f"port{port}b{self._boots}", "master", "room", "up")
        if self.public:
            ip("route", "add", f"{self.public}/32", "via", self.private)
        # From here on the console is a file: systemd writes to it for as long as it runs.
        self._copier = subprocess.Popen(
            ["sh", "-c", 'exec cat > "$1"', "cat", str(self.console)],
            stdin=self._process.stdout,
            start_new_session=True,
        )
        self._process.stdout.close()
        self._process.stdin.write("go\n")
        self._process.stdin.close()

    def cut(self) -> None:
        """Takes its power away: it says nothing more to anybody. The disk stays."""
        ip("link", "set", self._port, "down")
        self._kill()

    def start(self) -> None:
        """Boots it from its disk, at its place and with its addresses."""
        self._kill()
        self.boot(self._place)

    @property
    def _port(self) -> str:
        """Its end of the cable at the bridge: a new one for each boot, as the kernel takes a while to remove one."""
        return f"port{self._place}b{self._boots}"

    @property
    def has_ended(self) -> bool:
        """Whether process 1 has ended: it was shut down, or its power is gone."""
        return self._process is None or self._process.poll() is not None

    def limit_memory(self, more: int | None) -> bool:
        """Lets it use so many bytes more than it does now, None: all. Whether this system can (cgroup v1)."""
        group = self._memory()
        if group is None:
            return False
        limit = -1 if more is None else int((group / "memory.usage_in_bytes").read_text()) + more
        (group / "memory.limit_in_bytes").write_text(str(limit))
        return True

    def _memory(self) -> Path | None:
        """Its group of the memory controller, where the kernel has that one apart from systemd's hierarchy."""
        mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
        root = next((Path(one[1]) for one in mounts if one[2] == "cgroup" and "memory" in one[3].split(",")), None)
        if root is None or not os.access(root, os.W_OK):
            return None
        group = root / f"{self.cgroups.name}-{self.name}"
        group.mkdir(exist_ok=True)
        return group

    def output(self) -> str:
        """What the console holds, as GetConsoleOutput gives it."""
        return base64.b64encode(self.console.read_bytes()[-65536:]).decode()

    def end(self) -> None:
        """Kills every process of it. Its mounts and its place in the network go with them, and so does its disk."""
        if self._process is None and not self._boots:
            return
        self._kill()
        subprocess.run(("umount", "--lazy", str(self.folder / self.name)), check=False, timeout=30)
        if (memory := self._memory()) is not None:
            with contextlib.suppress(OSError):
                memory.rmdir()
        self._boots = 0

    def _kill(self) -> None:
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
        if self._copier is not None:
            self._copier.wait(30)
        if self.public:
            with contextlib.suppress(subprocess.CalledProcessError):
                ip("route", "del", f"{self.public}/32")
        self._process = None
