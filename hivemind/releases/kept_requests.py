"""What an installation of a release was asked for, beside its archives in the deployment's bucket: enough to install it
again, on any instance and from any machine, without a build.

It has marks where secrets belong. It goes with the archives, which expire.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hivemind.hosts.onhost.boot import filled
from hivemind.hosts.onhost.request import KeptLayer, Request, parse
from hivemind.releases.secret_values import stored_secrets
from hivemind.template.names import ARCHIVES
from hivemind.values.artifact import Layer
from hivemind.values.calls import CloudCallFailed

if TYPE_CHECKING:
    from hivemind.values.artifact import Artifact
    from hivemind.values.cloud import Cloud

FORMAT = 1


@dataclass(frozen=True)
class KeptRequest:
    """request: with marks in place of secrets. files: digest -> key in the bucket, of the archive and its layers.
    secrets: mark -> what it stands for, as `secret_values.marks` says."""

    bucket: str
    request: Mapping[str, Any]
    files: Mapping[str, str]
    secrets: Mapping[str, Mapping[str, str | None]]

    @property
    def release(self) -> str:
        return str(self.request["release"])

    def with_secrets(self, cloud: Cloud) -> Request:
        """The request with the values that the secrets have now. Raises StageError(deploy) for one that can't be
        read."""
        values = stored_secrets(cloud, self.secrets)
        env = {name: filled(text, values) for name, text in self.request["env"].items()}
        return parse({**self.request, "env": env})

    def fetched(self, cloud: Cloud, folder: Path) -> tuple[Path, tuple[Layer, ...], Mapping[Path, str]]:
        """Its archive and layers in a folder of this machine, and the key of each. Raises CloudCallFailed."""
        paths: dict[str, Path] = {}
        keys: dict[Path, str] = {}
        for digest, key in self.files.items():
            path = folder / key.rpartition("/")[2]
            with path.open("wb") as target:
                body = cloud.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"]
                while chunk := body.read(1 << 20):
                    target.write(chunk)
            paths[digest], keys[path] = path, key
        own = str(self.request["digest"])
        layers = tuple(
            Layer("layer", one["digest"], paths[one["digest"]], paths[one["digest"]].stat().st_size)
            for one in self.request["layers"]
        )
        return paths[own], layers, keys


def keep(
    cloud: Cloud,
    bucket: str,
    *,
    artifact: Artifact,
    request: Request,
    secrets: Mapping[str, Mapping[str, str | None]],
    files: Mapping[Path, str],
) -> None:
    """Keeps what a release was asked for. request: with marks in place of secrets. secrets: what these stand for.
    files: archive of this machine -> its key in the bucket."""
    layers = tuple(KeptLayer(layer.digest) for layer in artifact.layers)
    digests = {artifact.path: artifact.digest} | {layer.path: layer.digest for layer in artifact.layers}
    content = {
        "format": FORMAT,
        "request": json.loads(replace(request, layers=layers).as_json()),
        "files": {digests[path]: key for path, key in files.items()},
        "secrets": {mark: dict(source) for mark, source in secrets.items()},
    }
    body = json.dumps(content, sort_keys=True).encode()
    cloud.client("s3").put_object(Bucket=bucket, Key=_key(request.service, request.release), Body=body)


def kept(cloud: Cloud, bucket: str, service: str, releases: Collection[str]) -> KeptRequest | None:
    """The first of these releases that the bucket still has whole; None for none."""
    client = cloud.client("s3")
    for release in releases:
        try:
            content = json.loads(client.get_object(Bucket=bucket, Key=_key(service, release))["Body"].read())
            if content.get("format") != FORMAT:
                continue
            for key in content["files"].values():
                client.head_object(Bucket=bucket, Key=key)
        except CloudCallFailed as error:
            if error.code in ("NoSuchKey", "404", "NotFound"):
                continue
            raise
        return KeptRequest(bucket, content["request"], content["files"], content["secrets"])
    return None


def _key(service: str, release: str) -> str:
    return f"{ARCHIVES}{service}/{release}.request.json"
