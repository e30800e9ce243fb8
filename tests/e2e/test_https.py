"""A deployment with names of its own in the local cloud: real TLS by its authority, verified; names that change."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from hivemind.testing.project import Project, hello

pytestmark = pytest.mark.stress

NAMES = 'domain: [shop.example.com, "*.shop.example.com"]\nzone: Z0123456789ABCDEFGHIJ\n'
STAGED = "environments: {production: {stage: stage-1}}\n"


def served(project: Project, name: str) -> str:
    """What a client that trusts the local cloud's authority alone is told by a name. Raises ssl.SSLError."""
    authority = project.run("local", "ca").out.strip()
    port = urlsplit(project.status()["url"]).port
    context = ssl.create_default_context(cafile=authority)
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
    http.client.HTTPConnection.connect(connection)
    connection.sock = context.wrap_socket(connection.sock, server_hostname=name)
    try:
        connection.request("GET", "/", headers={"Host": name})
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_its_names_are_served_over_tls_and_the_checks_verify_them(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("named", more=NAMES + STAGED))
    said = project.apply().last
    assert said["verdict"] == "good"
    assert project.status()["url"].startswith("https://")
    checks = {one["name"]: one for one in json.loads(project.run("verify", "--json").out.splitlines()[-1])["results"]}
    assert checks["tls shop.example.com"]["status"] == "passed"
    assert served(project, "shop.example.com").startswith("hello|1|")
    assert served(project, "a.shop.example.com").startswith("hello|1|")
    with pytest.raises(ssl.SSLCertVerificationError):
        served(project, "other.example.com")
    project.replace("hivemind.yaml", "[shop.example.com,", "[other.example.com,")
    assert project.apply().last["verdict"] == "good"
    assert served(project, "other.example.com").startswith("hello|1|")
    with pytest.raises(ssl.SSLCertVerificationError):
        served(project, "shop.example.com")
