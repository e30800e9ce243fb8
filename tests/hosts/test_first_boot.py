"""An instance of a group installs what the manifest names, by itself: metadata, bucket and stores are a server here."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from host_artifacts import write

from hivemind.hosts.installer import installer
from hivemind.hosts.onhost import role
from hivemind.local.sigv4 import Request, claim_of, verify

KEY, SECRET, TOKEN = "000000000000", "role-secret", "token-of-the-role"
GOOD, PATH_MARK = "hm" + "a" * 64, "hm" + "b" * 64


class Cloud(http.server.ThreadingHTTPServer):
    """Metadata, objects, secrets and signals, for requests that are signed as they must be."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.secrets = {"/shop/key": "s3cr:t/ü", "arn:db": json.dumps({"password": "p@ss/w:rd"})}
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Cloud

    def do_PUT(self) -> None:
        assert self.headers["X-aws-ec2-metadata-token-ttl-seconds"] == "300"
        self._answer(200, b"session")

    def do_GET(self) -> None:
        if self.path.startswith("/latest/"):
            assert self.headers["X-aws-ec2-metadata-token"] == "session"
            self._answer(200, self._metadata(self.path.removeprefix("/latest/meta-data/")))
        elif self._signed(b"") and "Action=SignalResource" in self.path:
            self.server.asked.append(self.path)
            self._answer(200, b"<ok/>")
        else:
            found = self.server.objects.get(self.path)
            self._answer(403 if found is None else 200, found or b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self._signed(body)
        asked, target = json.loads(body), self.headers["X-Amz-Target"]
        if target == "AmazonSSM.GetParameter":
            assert asked["WithDecryption"]
            self._answer(200, json.dumps({"Parameter": {"Value": self.server.secrets[asked["Name"]]}}).encode())
        else:
            self._answer(200, json.dumps({"SecretString": self.server.secrets[asked["SecretId"]]}).encode())

    def _metadata(self, path: str) -> bytes:
        known = {"AccessKeyId": KEY, "SecretAccessKey": SECRET, "Token": TOKEN}
        if path == "instance-id":
            return b"i-1"
        return b"web-role" if path.endswith("credentials/") else json.dumps(known).encode()

    def _signed(self, body: bytes) -> bool:
        path, _, query = self.path.partition("?")
        headers = tuple((name.lower(), value) for name, value in self.headers.items())
        request = Request(self.command, path, query, headers)
        verify(request, claim_of(request), SECRET, hashlib.sha256(body).hexdigest(), datetime.now(UTC))
        assert self.headers["X-Amz-Security-Token"] == TOKEN
        return True

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    server = Cloud()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def manifest(cloud: Cloud, folder: Path, **changes: Any) -> dict[str, Any]:
    archive, digest = write(folder)
    cloud.objects[f"/artifacts/running/worker/{archive.name}"] = archive.read_bytes()
    env = {"PLAIN": "1", "KEY": f"{GOOD}/", "DATABASE_URL": f"postgresql://app:{PATH_MARK}%2F@db/app"}
    return {
        "format": 1,
        "request": {
            "service": "worker", "release": "r1-a", "artifact": "", "digest": digest, "start": "sleep 60", "env": env,
            "hidden": ["KEY", "DATABASE_URL"], "layers": [],
        },
        "files": {digest: f"running/worker/{archive.name}"},
        "secrets": {
            GOOD: {"store": "ssm", "name": "/shop/key", "key": None},
            PATH_MARK: {"store": "secretsmanager", "name": "arn:db", "key": "password"},
        },
        "settle": 0,
        **changes,
    }  # fmt: skip


def booted(cloud: Cloud, root: Path) -> subprocess.Popen[str]:
    """The user data, as they run on an instance, with a root of its own."""
    cloud.objects["/artifacts/running/worker/installer.pyz"] = installer().content
    text = Path(role.__file__).read_text(encoding="utf-8")
    text += '\nfirst_boot("us-east-1.amazonaws.com", "artifacts", "worker", "shop-production", "WorkerScalingGroup")\n'
    environment = {
        **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
        "HIVEMIND_ROOT": str(root), "TMPDIR": str(root),
        "AWS_ENDPOINT_URL": cloud.url, "AWS_EC2_METADATA_SERVICE_ENDPOINT": cloud.url,
    }  # fmt: skip
    root.mkdir()
    return subprocess.Popen([sys.executable, "-c", text], env=environment, stdout=subprocess.PIPE, text=True)


def stopped(root: Path) -> None:
    program = root / "opt/hivemind/installer.pyz"
    environment = {"HIVEMIND_ROOT": str(root), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, program, "remove", "worker"], env=environment, check=True, capture_output=True)


def test_an_instance_installs_the_current_release_with_its_secrets(cloud: Cloud, tmp_path: Path) -> None:
    content = json.dumps(manifest(cloud, tmp_path)).encode()
    cloud.objects["/artifacts/running/worker/manifest.json"] = content
    root = tmp_path / "root"
    with booted(cloud, root) as process:
        output, _ = process.communicate(timeout=60)
    try:
        assert process.returncode == 0, output
        assert (root / "opt/hivemind/worker/current").resolve().name == "r1-a"
        environment = (root / "opt/hivemind/worker/current/environment").read_text()
        assert "s3cr:t/ü" in environment
        assert "postgresql://app:p%40ss%2Fw%3Ard@db/app" in environment
        assert "s3cr:t/ü" not in output
        assert "p@ss" not in output
        (signal,) = cloud.asked
        assert "LogicalResourceId=WorkerScalingGroup" in signal
        assert "UniqueId=i-1" in signal
        assert not list((root / "opt/hivemind").glob(".boot-*")), "archives do not stay"
    finally:
        stopped(root)


@pytest.mark.stress
def test_before_the_first_release_it_waits_and_holds_no_update_up(cloud: Cloud, tmp_path: Path) -> None:
    root = tmp_path / "root"
    with booted(cloud, root) as process:
        assert process.stdout is not None
        assert next(process.stdout) == "hivemind: waiting for the first release\n"
        content = json.dumps(manifest(cloud, tmp_path)).encode()
        cloud.objects["/artifacts/running/worker/manifest.json"] = content
        output, _ = process.communicate(timeout=60)
    try:
        assert process.returncode == 0, output
        assert '"step": "done"' in output
        assert len(cloud.asked) == 2
    finally:
        stopped(root)


@pytest.mark.stress
def test_a_secret_that_cannot_be_read_is_named_and_tried_again(cloud: Cloud, tmp_path: Path) -> None:
    value = cloud.secrets.pop("arn:db")
    root = tmp_path / "root"
    content = json.dumps(manifest(cloud, tmp_path)).encode()
    cloud.objects["/artifacts/running/worker/manifest.json"] = content
    with booted(cloud, root) as process:
        assert process.stdout is not None
        said = next(process.stdout)
        cloud.secrets["arn:db"] = value
        process.communicate(timeout=60)
    try:
        assert "not installed yet: cannot read the secret secretsmanager:arn:db" in said
        assert process.returncode == 0
    finally:
        stopped(root)
