"""Archives that an instance fetches itself: from a bucket, by presigned addresses; and over SSH where it can't."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import ssh_servers
from host_artifacts import write
from test_remote import request_and_artifact  # noqa: F401  a fixture

from hivemind.hosts import remote
from hivemind.hosts.onhost.fetching import fetch
from hivemind.hosts.onhost.report import InstallError
from hivemind.hosts.onhost.request import Request
from hivemind.hosts.remote import InstallStep
from hivemind.hosts.ssh import Host


class Bucket(http.server.ThreadingHTTPServer):
    """Answers with a file to whoever shows the signature."""

    def __init__(self) -> None:
        self.content = b"archive"
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    def address(self, signature: str = "good") -> str:
        return f"http://127.0.0.1:{self.server_port}/web/x.tar.gz?X-Amz-Signature={signature}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Bucket

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        good = self.path.endswith("=good")
        self.send_response(200 if good else 403)
        self.send_header("Content-Length", str(len(self.server.content) if good else 0))
        self.end_headers()
        if good:
            self.wfile.write(self.server.content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    server = Bucket()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def wanted(path: Path, url: str, size: int = 7) -> dict[str, object]:
    return {"files": [{"path": str(path), "size": size, "url": url}]}


def test_a_file_is_fetched_once(bucket: Bucket, tmp_path: Path) -> None:
    path = tmp_path / "x.tar.gz"
    for _ in range(2):
        assert fetch(wanted(path, bucket.address())) == {}
    assert path.read_bytes() == b"archive"
    assert len(bucket.asked) == 1


@pytest.mark.parametrize(
    ("url", "size", "why"),
    [
        ("{refused}", 7, "the bucket answers with status 403"),
        ("{good}", 9, "7 bytes came, expected 9"),
        ("http://127.0.0.1:1/x?X-Amz-Signature=good", 7, "the bucket does not answer: [Errno 111] Connection refused"),
        ("file:///etc/passwd", 7, "the address is not usable"),
        ("http://[good", 7, "the address is not usable"),
    ],
)
def test_what_cannot_be_fetched_leaves_nothing_and_tells_no_signature(
    bucket: Bucket, tmp_path: Path, url: str, size: int, why: str
) -> None:
    path = tmp_path / "x.tar.gz"
    shown = url.format(refused=bucket.address("old"), good=bucket.address()) if "{" in url else url
    assert fetch(wanted(path, shown, size)) == {str(path): why}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("request_", [{}, {"files": [{}]}, {"files": [{"path": "x", "size": "y", "url": ""}]}, None])
def test_a_request_in_another_form_is_refused(request_: object) -> None:
    with pytest.raises(InstallError, match="not readable"):
        fetch(request_)


@pytest.mark.stress
@pytest.mark.slow
@pytest.mark.parametrize("server", [ssh_servers.BEST], indirect=True)
def test_a_release_comes_from_the_bucket_and_over_ssh_where_it_must(
    host: Host,
    bucket: Bucket,
    request_and_artifact: tuple[Request, Path],  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request, artifact = request_and_artifact
    remote.prepare(host, "web")
    bucket.content = artifact.read_bytes()
    copied: list[str] = []
    put = Host.put
    monkeypatch.setattr(
        Host,
        "put",
        lambda self, content, name, **more: copied.append(name) if put(self, content, name, **more) else None,
    )
    remote.install(host, artifact, request, address=lambda _: bucket.address())
    assert remote.status(host, "web")["digest"] == request.digest
    assert [name for name in copied if ".tar." in name] == []

    (tmp_path / "next").mkdir()
    path, digest = write(tmp_path / "next", {"app/main.py": (Path(__file__).parent / "host_artifacts.py").read_text()})
    again = replace(request, release="r2-abc", digest=digest, start="sleep 60", port=None)
    seen: list[InstallStep] = []
    remote.install(host, path, again, seen.append, address=lambda _: bucket.address("old"))
    assert remote.status(host, "web")["digest"] == digest
    assert f".hivemind/{digest}.tar.gz" in copied
    assert [step.message for step in seen if step.name == "fetch" and "copying" in step.message] == [
        "copying over SSH what the instance cannot fetch: the bucket answers with status 403"
    ]
    assert "X-Amz-Signature" not in json.dumps([(step.message, step.lines, str(step.data)) for step in seen])
