"""HiveMind's own AWS, stage production: `AwsCloud` with all that is its own, from tunnels and host keys to the lease.

Its API and its instances are the local cloud's, since no account is at hand; the endpoint is a server of ours. Two
homes are two machines of a team.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tunnel_servers import ENDPOINT, TunnelServer, tunnels

from hivemind.aws.cloud import AwsCloud
from hivemind.cli.main import main
from hivemind.flow import clouds
from hivemind.local.accounts import account_for
from hivemind.local.cloud import LocalCloud
from hivemind.machine import home
from hivemind.testing.project import hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.artifact import Platform
from hivemind.values.cloud import WebAddress
from hivemind.values.exits import ExitCode

pytestmark = [pytest.mark.slow, pytest.mark.stress]
REGION = "eu-west-1"


class Ec2:
    """The local cloud's EC2, which knows no endpoints, and the endpoint."""

    def __init__(self, client: Any, server: TunnelServer) -> None:
        self._client, self._server = client, server

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def describe_instance_connect_endpoints(self, **_: Any) -> dict[str, Any]:
        found = {"InstanceConnectEndpointId": ENDPOINT, "DnsName": self._server.host, "State": "create-complete"}
        return {"InstanceConnectEndpoints": [found]}

    def get_paginator(self, operation: str) -> Any:
        return self if operation == "describe_instance_connect_endpoints" else self._client.get_paginator(operation)

    def paginate(self) -> list[Any]:
        return [self.describe_instance_connect_endpoints()]


class Aws(AwsCloud):
    """What only Amazon's machines could answer is the local cloud's."""

    def __init__(self, local: LocalCloud, state: Path, server: TunnelServer) -> None:
        super().__init__(local.region, state)
        self._local, self._server = local, server

    @property
    def pace(self) -> float:
        return self._local.pace

    def client(self, service: str) -> Any:
        made = super().client(service)
        return Ec2(made, self._server) if service == "ec2" else made

    def platform(self, os: str, size: str) -> Platform:
        return self._local.platform(os, size)

    def web_address(self, dns_name: str, port: int, *, tls: bool = False) -> WebAddress:
        return self._local.web_address(dns_name, port, tls=tls)


class Instances(Mapping[str, Any]):
    """Private address of an instance -> where its SSH is on this machine."""

    def __init__(self, local: LocalCloud) -> None:
        self._local = local

    def __getitem__(self, address: str) -> tuple[str, int]:
        for reservation in self._local.client("ec2").describe_instances()["Reservations"]:
            for instance in reservation["Instances"]:
                if instance.get("PrivateIpAddress") == address and instance["State"]["Name"] == "running":
                    return self._local._front(instance["InstanceId"], 22)
        raise KeyError(address)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    more = f"region: {REGION}\nenvironments: {{production: {{services: {{web: {{instances: 2}}}}}}}}\n"
    for name, text in hello("shop", more=more).items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def endpoint(
    local_cloud: LocalCloudHome, tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TunnelServer]:
    running = local_cloud.running
    local = LocalCloud(running, account_for(project, "shop", local_cloud.directory), REGION)
    login = (local.account, local.secret_key)
    with tunnels(tmp_path / "tls", Instances(local), monkeypatch, login=login) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.endpoint)
        monkeypatch.setattr(clouds, "connect", lambda *_, **__: Aws(local, home.deployments(), server))
        yield server
        local_cloud.end(project)


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Takes a home by its name, as if the machine were another one."""
    root = Path(tempfile.mkdtemp(prefix="hmm-"))
    yield lambda name: monkeypatch.setenv("HIVEMIND_HOME", str(root / name))
    shutil.rmtree(root, ignore_errors=True)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    return (code, *capsys.readouterr())


def test_two_machines_deploy_through_the_endpoint(
    project: Path, endpoint: TunnelServer, machines: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    at = str(project)
    machines("ada")
    code, out, said = run(capsys, "plan", at, "--aws")
    assert code == 0, said
    assert f"region {REGION} (from hivemind.yaml)" in said
    assert "basis: live" in out.splitlines()[0]
    code, out, said = run(capsys, "apply", at, "--aws", "--yes")
    assert code == 0, out + said
    assert "r1 is live" in out
    # The API is out of these instances' reach, as the bucket is not on AWS: what they can't fetch is copied, and said.
    assert "copying over SSH what the instance cannot fetch" in out
    assert len(endpoint.opened) >= 2
    assert all(one["privateIpAddress"].startswith("10.0.") for one in endpoint.opened)

    machines("grace")
    code, out, said = run(capsys, "status", at, "--aws", "--json")
    assert code == 0, said
    assert json.loads(out)["status"] == "deployed"
    code, out, said = run(capsys, "apply", at, "--aws", "--yes")
    assert (code, "already up to date (r1)" in out) == (0, True), out + said
    (project / "app.py").write_text((project / "app.py").read_text() + "# changed\n")
    endpoint.error = (403, "ExpiredTokenException", "The security token included in the request is expired")
    code, out, said = run(capsys, "apply", at, "--aws", "--yes")
    assert code == ExitCode.UNREACHABLE, out + said
    assert "Log in again" in said
    assert "bug in HiveMind" not in said
    endpoint.error = None
    code, out, said = run(capsys, "apply", at, "--aws", "--yes")
    assert code == 0, out + said
    assert "r2 is live" in out

    machines("ada")
    code, out, said = run(capsys, "apply", at, "--aws", "--yes")
    assert (code, "already up to date (r2)" in out) == (0, True), out + said
    code, out, said = run(capsys, "logs", at, "--aws", "-n", "1", "--json")
    assert code == 0, said
    code, out, said = run(capsys, "destroy", at, "--aws", "--yes", "--unprotect")
    assert code == 0, out + said
    machines("grace")
    code, out, said = run(capsys, "plan", at, "--aws")
    assert code == 0, said
    assert set(endpoint.refused) == {"ExpiredTokenException"}
