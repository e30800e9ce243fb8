"""An instance of an Auto Scaling group boots on Debian with systemd and installs the current release by itself: by the
user data of the template, from moto's S3, Parameter Store and Secrets Manager."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from contents import client

from hivemind.agents.provisioner.first_boot import user_data
from hivemind.blueprint.model import Health, Service
from hivemind.blueprint.scaling import Scaling
from hivemind.hosts.onhost.request import Request
from hivemind.releases import manifest
from hivemind.values.artifact import Artifact, Provenance

if TYPE_CHECKING:
    from room import MachineRoom

pytestmark = [pytest.mark.rehearsal, pytest.mark.filterwarnings("default")]
BUCKET, ADDRESS = "first-boot-artifacts", "10.0.77.7"
APP = """\
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = "|".join(os.environ[name] for name in ("GREETING", "KEY", "DATABASE_URL")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
KEY, PASSWORD = "hm" + "a" * 64, "hm" + "b" * 64


def artifact(folder: Path) -> Artifact:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in (("app/main.py", APP), ("manifest.json", "{}")):
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    raw = buffer.getvalue()
    digest = hashlib.sha256(raw).hexdigest()
    path = folder / f"{digest}.tar.gz"
    path.write_bytes(gzip.compress(raw))
    return Artifact("web", digest, path, path.stat().st_size, "python", Provenance(None, False, "0"), "python3 main.py")


def script(place: str) -> str:
    """The template's user data, with what CloudFormation fills in."""
    text = str(user_data("web", "WebScalingGroup")["Fn::Base64"]["Fn::Sub"])
    region, _, suffix = place.partition(".")
    known = {"AWS::Region": region, "AWS::URLSuffix": suffix, "AWS::StackName": "shop", "S3ArtifactBucket": BUCKET}
    for name, value in known.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def answer(seconds: float = 60.0) -> str:
    until, last = time.monotonic() + seconds, ""
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://{ADDRESS}:8000/", timeout=5) as found:
                return str(found.read().decode())
        except OSError as error:
            last = repr(error)
            time.sleep(0.5)
    return last


def test_an_instance_of_a_group_installs_the_release_at_boot(account: MachineRoom, tmp_path: Path) -> None:
    region = account.environment["AWS_DEFAULT_REGION"]
    s3 = client(account, "s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": region})
    client(account, "ssm").put_parameter(Name="/shop/key", Value="k/e:y", Type="SecureString")
    made = client(account, "secretsmanager").create_secret(Name="db", SecretString=json.dumps({"password": "p@ss/w"}))
    cloud: Any = SimpleNamespace(client=lambda service: client(account, service))
    built = artifact(tmp_path)
    env = {"PORT": "8000", "GREETING": "hi", "KEY": f"{KEY}/", "DATABASE_URL": f"postgresql://app:{PASSWORD}%2F@db/app"}
    request = Request(
        "web",
        f"r1-{built.digest[:12]}",
        "",
        built.digest,
        built.start,
        env=env,
        hidden=("KEY", "DATABASE_URL"),
        port=8000,
    )
    secrets = {
        KEY: {"store": "ssm", "name": "/shop/key", "key": None},
        PASSWORD: {"store": "secretsmanager", "name": str(made["ARN"]), "key": "password"},
    }
    service = Service("web", port=8000, scaling=Scaling(1, 2), health=Health(path="/", interval=5))
    manifest.bring(cloud, BUCKET, built)
    manifest.publish(cloud, BUCKET, "web", manifest.manifest(service, built, request, secrets, 100.0))
    instance = SimpleNamespace(
        id="i-first", private_ip=ADDRESS, public_ip="", user_data=script(f"{region}.amazonaws.com")
    )
    account.boot(instance, "ssh-ed25519 AAAA nobody")
    try:
        found = answer()
        assert found == "hi|k/e:y|postgresql://app:p%40ss%2Fw@db/app", account.machines["i-first"].console.read_text()
        console = account.machines["i-first"].console.read_text()
        assert "p@ss/w" not in console
        assert "k/e:y" not in console
    finally:
        account.end("i-first")
        for one in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            s3.delete_object(Bucket=BUCKET, Key=one["Key"])
        s3.delete_bucket(Bucket=BUCKET)
        client(account, "ssm").delete_parameter(Name="/shop/key")
        client(account, "secretsmanager").delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
