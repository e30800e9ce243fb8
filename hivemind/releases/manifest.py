"""What new instances of an Auto Scaling group install: files in the deployment's bucket, and the manifest beside them.

`hosts/onhost/boot.py` reads it. Archives come first, the manifest last, so that it never names what is not there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hivemind.hosts.installer import installer
from hivemind.hosts.onhost.request import KeptLayer, Request
from hivemind.template.names import RUNNING

if TYPE_CHECKING:
    from hivemind.blueprint.model import Service
    from hivemind.values.artifact import Artifact
    from hivemind.values.cloud import Cloud

FORMAT = 1


def keys(artifact: Artifact) -> Mapping[str, tuple[str, Path]]:
    """Digest -> key in the bucket and file here, of an artifact and its layers."""
    folder = f"{RUNNING}{artifact.service}/"
    parts = {artifact.digest: artifact.path} | {layer.digest: layer.path for layer in artifact.layers}
    return {digest: (f"{folder}{digest}.{path.name.partition('.')[2]}", path) for digest, path in parts.items()}


def bring(cloud: Cloud, bucket: str, artifact: Artifact) -> None:
    """Puts installer and archives where new instances will look for them; what is there already stays."""
    client = cloud.client("s3")
    present = _listed(client, bucket, artifact.service)
    for key, path in keys(artifact).values():
        if present.get(key) != path.stat().st_size:
            with path.open("rb") as body:
                client.put_object(Bucket=bucket, Key=key, Body=body)
    client.put_object(Bucket=bucket, Key=f"{RUNNING}{artifact.service}/installer.pyz", Body=installer().content)


def manifest(
    service: Service, artifact: Artifact, request: Request, secrets: Mapping[str, Mapping[str, str | None]], pace: float
) -> Mapping[str, Any]:
    """The manifest. request: with marks in place of secrets. secrets: mark -> what it stands for. pace: of the cloud's
    health checks."""
    layers = tuple(KeptLayer(layer.digest) for layer in artifact.layers)
    health = service.health
    return {
        "format": FORMAT,
        "request": json.loads(replace(request, layers=layers).as_json()),
        "files": {digest: key for digest, (key, _) in keys(artifact).items()},
        "secrets": {mark: dict(source) for mark, source in secrets.items()},
        # Seconds until the load balancer sends requests to an instance that answers.
        "settle": health.healthy * health.interval / pace + health.timeout / pace if service.is_web else 0,
    }


def publish(cloud: Cloud, bucket: str, service: str, content: Mapping[str, Any]) -> None:
    """Has new instances install this from now on, and removes the files that only the release before needed."""
    client, folder = cloud.client("s3"), f"{RUNNING}{service}/"
    body = json.dumps(content, sort_keys=True).encode()
    client.put_object(Bucket=bucket, Key=f"{folder}manifest.json", Body=body)
    needed = {*content["files"].values(), f"{folder}manifest.json", f"{folder}installer.pyz"}
    for key in sorted(set(_listed(client, bucket, service)) - needed):
        client.delete_object(Bucket=bucket, Key=key)


def _listed(client: Any, bucket: str, service: str) -> Mapping[str, int]:
    """Key -> bytes of what lies in the service's folder, which is little."""
    answer = client.list_objects_v2(Bucket=bucket, Prefix=f"{RUNNING}{service}/")
    return {one["Key"]: int(one["Size"]) for one in answer.get("Contents", [])}
