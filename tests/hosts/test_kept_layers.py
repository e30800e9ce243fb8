"""A release out of layers: what moves over SSH, what stays on the instance, what is noticed."""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import ssh_servers
from host_artifacts import APPLICATION
from host_instances import Instance, free_port

from hivemind.builds import pack
from hivemind.hosts import remote
from hivemind.hosts.onhost import zstd
from hivemind.hosts.onhost.request import Request
from hivemind.hosts.ssh import Host
from hivemind.values.artifact import Layer
from hivemind.values.errors import StageError

pytestmark = pytest.mark.slow
LARGE = 200_000_000


@dataclass
class Made:
    """An artifact as the compiler makes them: an application over one layer."""

    folder: Path
    layer: Layer = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir()

    def dependencies(self, files: dict[str, bytes]) -> Layer:
        self.layer = Layer("dependencies", *self._packed("layer", files, "layer.json", "files"))
        return self.layer

    def application(self, **files: str) -> tuple[Path, str]:
        contents = {f"app/{name}": text.encode() for name, text in {"main.py": APPLICATION, **files}.items()}
        digest, path, _ = self._packed("application", contents, "manifest.json", "layers")
        return path, digest

    def _packed(self, name: str, files: dict[str, bytes], first: str, key: str) -> tuple[str, Path, int]:
        tree = self.folder / name
        shutil.rmtree(tree, ignore_errors=True)
        for file, content in files.items():
            (tree / file).parent.mkdir(parents=True, exist_ok=True)
            (tree / file).write_bytes(content)
        found = list(pack.entries(tree))
        said = pack.digests(found) if key == "files" else [{"digest": self.layer.digest}]
        target = self.folder / f"{name}.new"
        digest = pack.write(found, (first, json.dumps({key: said}).encode()), target)
        return digest, (path := target.replace(self.folder / f"{digest}.tar.zst")), path.stat().st_size


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path / "made")


@pytest.fixture
def sent(host: Host, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes of every piece that goes through SFTP writes."""
    import paramiko

    pieces: list[int] = []
    write = paramiko.SFTPFile.write

    def counted(file: paramiko.SFTPFile, data: bytes) -> None:
        pieces.append(len(data))
        write(file, data)

    monkeypatch.setattr(paramiko.SFTPFile, "write", counted)
    return pieces


def wanted(release: str, digest: str, port: int) -> Request:
    start = f"{sys.executable} main.py"
    return Request("web", release, "", digest, start, env={"NAME": release}, port=port, ready_timeout=60, keep=2)


@pytest.fixture
def removed(host: Host) -> Iterator[None]:
    yield
    remote.remove(host, "web", data=True)


@pytest.mark.parametrize("server", [ssh_servers.BEST], indirect=True)
@pytest.mark.stress
def test_a_code_only_change_of_200_megabytes_moves_little(
    host: Host, server: ssh_servers.Server, made: Made, sent: list[int], removed: None
) -> None:
    noise = random.Random(1)
    port = free_port()
    layer = made.dependencies({f"app/node_modules/p{n}/i.js": noise.randbytes(LARGE // 200) for n in range(200)})
    path, digest = made.application(code="one")
    remote.install(host, path, wanted("r1", digest, port), layers=[layer])
    assert sum(sent) > LARGE
    sent.clear()
    path, digest = made.application(code="two")
    steps = remote.install(host, path, wanted("r2", digest, port), layers=[layer])
    assert sum(sent) < 100_000
    assert any("; 0 of 1 layers sent" in step.message for step in steps)
    releases = next(server.root.rglob("opt/hivemind/web/releases"))
    files = [releases / release / "app/node_modules/p7/i.js" for release in ("r1", "r2")]
    assert files[0].stat().st_ino == files[1].stat().st_ino
    assert [name for name in host.list(".hivemind") if ".tar." in name] == [path.name]


@pytest.mark.parametrize("server", [ssh_servers.BEST], indirect=True)
def test_a_damaged_layer_is_sent_again(
    host: Host, server: ssh_servers.Server, made: Made, sent: list[int], removed: None
) -> None:
    port = free_port()
    layer = made.dependencies({"venv/lib/a.py": b"x = 1\n"})
    path, digest = made.application(code="one")
    remote.install(host, path, wanted("r1", digest, port), layers=[layer])
    kept = next(server.root.rglob(f"layers/{layer.digest}/venv/lib/a.py"))
    kept.chmod(0o644)
    kept.write_bytes(b"x = 2\n")
    path, digest = made.application(code="two")
    remote.install(host, path, wanted("r2", digest, port), layers=[layer])
    assert (kept.parents[4] / "releases/r2/venv/lib/a.py").read_bytes() == b"x = 1\n"


@pytest.mark.parametrize("server", [ssh_servers.BEST], indirect=True)
def test_an_artifact_vouches_for_its_layers(host: Host, made: Made, removed: None) -> None:
    made.dependencies({"venv/lib/a.py": b"x = 1\n"})
    path, digest = made.application()
    other = made.dependencies({"venv/lib/a.py": b"evil\n"})
    with pytest.raises(StageError, match="the artifact has other layers than the request"):
        remote.install(host, path, wanted("r1", digest, free_port()), layers=[other])


@pytest.mark.parametrize("server", [ssh_servers.BEST], indirect=True)
def test_without_libzstd_it_comes_as_gzip(
    host: Host, made: Made, monkeypatch: pytest.MonkeyPatch, removed: None
) -> None:
    layer = made.dependencies({"venv/lib/a.py": b"x = 1\n"})
    path, digest = made.application()
    ask = remote._missing
    monkeypatch.setattr(remote, "_missing", lambda *given: (ask(*given)[0], False))
    remote.install(host, path, wanted("r1", digest, free_port()), layers=[layer])
    assert [name for name in host.list(".hivemind") if ".tar." in name] == [f"{digest}.tar.gz"]


def test_layers_that_no_release_needs_are_removed(instance: Instance, made: Made) -> None:
    digests = []
    for number in range(3):
        layer = made.dependencies({"app/node_modules/a.js": str(number).encode()})
        path, digest = made.application(code=str(number))
        layers = [{"digest": layer.digest, "archive": str(layer.path)}]
        said = {"artifact": str(path), "digest": digest, "layers": layers, "keep": 2}
        done = instance.install(instance.request(f"r{number}") | said)
        assert done[-1]["ok"], done
        digests.append(layer.digest)
    assert {path.name for path in (instance.home / "layers").iterdir()} == set(digests[1:])
    steps = instance.call("missing", "web", *digests)
    assert json.loads(steps.stdout)["data"]["layers"] == [digests[0]]


@pytest.mark.skipif(zstd.library() is None, reason="needs libzstd")
def test_damaged_zstd_is_said(instance: Instance, made: Made) -> None:
    made.dependencies({"a": b""})
    path, digest = made.application()
    for content in (path.read_bytes()[:-20], path.read_bytes()[:200] + b"\0" * 50 + path.read_bytes()[250:]):
        path.write_bytes(content)
        done = instance.install(instance.request() | {"artifact": str(path), "digest": digest})
        assert done[-1]["ok"] is False
        assert "artifact" in done[-1]["message"]
