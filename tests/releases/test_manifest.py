"""What new instances of a group find in the bucket: archives before the manifest, nothing of a release that went."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hivemind.blueprint.model import Service
from hivemind.blueprint.scaling import Scaling
from hivemind.hosts.onhost.request import Request, parse
from hivemind.releases.manifest import bring, manifest, publish
from hivemind.values.artifact import Artifact, Layer, Provenance

pytestmark = pytest.mark.fast
SERVICE = Service("web", port=8000, scaling=Scaling(1, 2))
SOURCES = {"hm0": {"store": "ssm", "name": "/k", "key": None}}


@dataclass
class Bucket:
    """One bucket of S3, and the keys in the order in which they came."""

    objects: dict[str, bytes] = field(default_factory=dict)
    puts: list[str] = field(default_factory=list)

    def client(self, service: str) -> Bucket:
        assert service == "s3"
        return self

    def put_object(self, *, Bucket: str, Key: str, Body: Any) -> None:
        del Bucket
        self.objects[Key] = Body if isinstance(Body, bytes) else Body.read()
        self.puts.append(Key)

    def delete_object(self, *, Bucket: str, Key: str) -> None:
        del Bucket
        del self.objects[Key]

    def list_objects_v2(self, *, Bucket: str, Prefix: str) -> dict[str, Any]:
        del Bucket
        found = [{"Key": key, "Size": len(body)} for key, body in self.objects.items() if key.startswith(Prefix)]
        return {"Contents": found} if found else {}


def artifact(folder: Path, letter: str) -> Artifact:
    path, layer = folder / f"{letter}.tar.zst", folder / "layer.tar.zst"
    path.write_bytes(letter.encode())
    layer.write_bytes(b"layer")
    layers = (Layer("dependencies", "f" * 64, layer, 5),)
    return Artifact("web", letter * 64, path, 1, "python", Provenance(None, False, "0"), "run", layers=layers)


def released(bucket: Bucket, built: Artifact) -> dict[str, Any]:
    request = Request("web", "r1", "", built.digest, "run", env={"KEY": "hm0/"}, port=8000)
    content = manifest(SERVICE, built, request, SOURCES, 1.0)
    bring(bucket, "b", built)  # type: ignore[arg-type]
    publish(bucket, "b", "web", content)  # type: ignore[arg-type]
    found: dict[str, Any] = json.loads(bucket.objects["running/web/manifest.json"])
    return found


def test_the_manifest_comes_last_and_names_what_is_there(tmp_path: Path) -> None:
    bucket = Bucket()
    found = released(bucket, artifact(tmp_path, "a"))
    assert bucket.puts[-1] == "running/web/manifest.json"
    assert set(found["files"].values()) <= set(bucket.objects)
    assert set(found["files"]) == {"a" * 64, "f" * 64}
    assert found["settle"] == 65, "two checks of 30 s, and the time of one answer"
    request = parse(found["request"])
    assert ([one.digest for one in request.layers], request.release_command) == (["f" * 64], None)
    assert found["secrets"] == SOURCES


def test_what_only_the_release_before_needs_goes_and_what_is_there_stays(tmp_path: Path) -> None:
    bucket = Bucket()
    released(bucket, artifact(tmp_path, "a"))
    bucket.objects["running/api/manifest.json"] = b"{}"
    bucket.puts.clear()
    released(bucket, artifact(tmp_path, "b"))
    names = {key.rpartition("/")[2] for key in bucket.objects if key.startswith("running/web/")}
    assert names == {f"{'b' * 64}.tar.zst", f"{'f' * 64}.tar.zst", "installer.pyz", "manifest.json"}
    assert f"running/web/{'f' * 64}.tar.zst" not in bucket.puts, "the layer is there already"
    assert "running/api/manifest.json" in bucket.objects
