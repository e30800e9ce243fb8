"""The local cloud lets nobody in but its owner: no web page, and no other user of the machine."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from botocore.exceptions import ClientError
from stacks import Stack, attribute, body, group, network, ref, resource
from strangers import as_stranger, exchange, request

from hivemind.testing.clients import raw

pytestmark = pytest.mark.slow
FUNCTION = {
    "Role": resource("AWS::IAM::Role", AssumeRolePolicyDocument={"Statement": []}),
    "Code": resource(
        "AWS::Lambda::Function",
        Runtime="python3.11",
        Handler="index.handler",
        Role=attribute("Role", "Arn"),
        Code={"ZipFile": "def handler(*_): open('/tmp/owned', 'w')"},
    ),
    "Runs": {"Type": "Custom::X", "Properties": {"ServiceToken": attribute("Code", "Arn")}},
}
SIGNED_BY_ANOTHER = (
    "AWS4-HMAC-SHA256 Credential=000000000000/20261130/eu-west-1/lambda/aws4_request, SignedHeaders=host, "
    f"Signature={'0' * 64}"
)


@pytest.fixture
def door(local_home: Any) -> tuple[str, int]:
    host, _, port = local_home.running.endpoint.removeprefix("http://").partition(":")
    return host, int(port)


def status(answer: str) -> int:
    return int(answer.split(" ", 2)[1])


def attacks(host: str) -> list[tuple[str, str, str]]:
    """(what it is, the request, the error that its answer must name). host: as the attacker says it."""
    stack = f"Action=CreateStack&StackName=owned&TemplateBody={quote(json.dumps({'Resources': FUNCTION}))}"
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    wrong = {"Authorization": SIGNED_BY_ANOTHER, "X_Amz_Date": "20261130T120000Z"}
    return [
        ("rebound GET", request("GET", f"/?{stack}", host=host), "MissingAuthenticationToken"),
        ("POST", request("POST", "/", host=host, body=stack, **form), "MissingAuthenticationToken"),
        ("function", request("POST", "/2015-03-31/functions", host=host, body="{}"), "MissingAuthenticationToken"),
        ("signed", request("POST", "/", host=host, body=stack, **form, **wrong), "SignatureDoesNotMatch"),
        ("reset", request("POST", "/_ministack/reset", host=host), "MissingAuthenticationToken"),
        ("health", request("GET", "/_ministack/health", host=host), "MissingAuthenticationToken"),
        ("object", request("PUT", "/bucket/key", host=host, body="x"), "MissingAuthenticationToken"),
        ("preflight", request("OPTIONS", "/", host=host), "MissingAuthenticationToken"),
        ("control", request("POST", "/_hivemind/stop", host=host), "the token is wrong"),
    ]


@pytest.mark.parametrize("name", ["attacker.example", "127.0.0.1.attacker.example", "127.0.0.1", "localhost:1", ""])
def test_a_page_whose_name_was_rebound_gets_nothing(door: tuple[str, int], name: str) -> None:
    for what, text, _ in attacks(name if ":" in name or name in {"", "127.0.0.1"} else f"{name}:{door[1]}"):
        answer = exchange(door, text)
        assert status(answer) == 403, (what, answer)
        assert "its own address only" in answer, (what, answer)
    twice = request("GET", "/", host=f"127.0.0.1:{door[1]}", Host="attacker.example")
    assert status(exchange(door, twice)) in {400, 403}


def test_an_upgrade_to_another_protocol_is_refused(door: tuple[str, int]) -> None:
    more = {"Upgrade": "websocket", "Sec_WebSocket_Key": "x" * 22 + "==", "Sec_WebSocket_Version": "13"}
    text = request("GET", "/", host=f"127.0.0.1:{door[1]}", **more).replace("Connection: close", "Connection: Upgrade")
    assert status(exchange(door, text)) == 403


def test_who_does_not_know_the_secret_key_gets_nothing(door: tuple[str, int], local_home: Any, tmp_path: Path) -> None:
    for what, text, error in attacks(f"127.0.0.1:{door[1]}"):
        answer = exchange(door, text)
        assert status(answer) in {401, 403}, (what, answer)
        assert error in answer, (what, answer)
    page = request("GET", "/", host=f"localhost:{door[1]}", Origin="http://localhost:1")
    assert status(exchange(door, page)) == 403

    cloud = local_home.connect(tmp_path, "owner", "eu-west-1")
    assert raw(cloud, "sts").get_caller_identity()["Account"] == cloud.account
    assert "owned" not in [one["name"] for one in local_home.running.ask("status")["stacks"]]


@pytest.mark.parametrize(("service", "operation"), [("s3", "list_buckets"), ("ec2", "describe_vpcs"),
    ("ssm", "describe_parameters"), ("cloudformation", "list_stacks"), ("secretsmanager", "list_secrets")])  # fmt: skip
def test_another_key_is_refused_in_the_services_own_form(
    local_home: Any, tmp_path: Path, service: str, operation: str
) -> None:
    import boto3

    cloud = local_home.connect(tmp_path, "owner", "eu-west-1")
    other = boto3.Session(aws_access_key_id=cloud.account, aws_secret_access_key="local", region_name=cloud.region)
    with pytest.raises(ClientError) as caught:
        getattr(other.client(service, endpoint_url=cloud.endpoint), operation)()
    assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert "hivemind local env" in str(caught.value)


def test_what_runs_code_is_refused_to_its_owner_too(cloud: Any, cloudformation: Any) -> None:
    for service, operation in (("lambda", "list_functions"), ("ecs", "list_clusters"), ("batch", "describe_job_queues"),
                               ("codebuild", "list_projects"), ("stepfunctions", "list_state_machines")):  # fmt: skip
        with pytest.raises(ClientError, match="does not have the service") as caught:
            getattr(raw(cloud, service, attempts=1), operation)()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    kinds = ("Custom::X", "AWS::CloudFormation::CustomResource", "AWS::CloudFormation::Stack", "AWS::Lambda::Function")
    for kind in kinds:
        template = body({"Runs": {"Type": kind, "Properties": {}}})
        for does in (cloudformation.create_stack, cloudformation.create_change_set):
            named = {"StackName": "owned"} | ({} if does == cloudformation.create_stack else {"ChangeSetName": "owned"})
            kept = {"ChangeSetType": "CREATE"} if "ChangeSetName" in named else {}
            with pytest.raises(ClientError, match=f"does not have the resource types {kind}"):
                does(TemplateBody=template, **named, **kept)


def test_the_secret_key_is_its_owners_alone(local_home: Any, cloud: Any) -> None:
    assert len(cloud.secret_key) >= 32
    holders = [
        path
        for path in local_home.directory.rglob("*")
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 1_000_000
        and cloud.secret_key.encode() in path.read_bytes()
    ]  # fmt: skip
    assert {path.name for path in holders} == {"credentials.json", "daemon.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in holders} == {0o600}
    titles = {" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])}
    assert not [title for title in titles if cloud.secret_key in title]


def listening(pid: int) -> set[tuple[str, int]]:
    """Where a process and its descendants listen on this machine's own network."""
    found = set()
    process = psutil.Process(pid)
    here = str(Path(f"/proc/{pid}/ns/net").readlink()) if sys.platform == "linux" else ""
    for one in (process, *process.children(recursive=True)):
        try:
            if not here or str(Path(f"/proc/{one.pid}/ns/net").readlink()) == here:
                found |= {tuple(each.laddr) for each in one.net_connections("tcp") if each.status == "LISTEN"}
        except (psutil.Error, OSError):
            continue
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_reaches_neither_cache_nor_database_nor_instance(
    local_home: Any, cloud: Any, stack: Stack
) -> None:
    template = body(
        network()
        | {
            "CacheGroup": group("cache", {"FromPort": 6379, "ToPort": 6379, "CidrIp": "0.0.0.0/0"}),
            "Group": resource("AWS::ElastiCache::SubnetGroup", Description="cache", SubnetIds=[ref("A"), ref("B")]),
            "Cache": resource(
                "AWS::ElastiCache::ReplicationGroup",
                ReplicationGroupDescription="cache",
                Engine="valkey",
                CacheNodeType="cache.t3.micro",
                CacheSubnetGroupName=ref("Group"),
                SecurityGroupIds=[attribute("CacheGroup", "GroupId")],
            ),
            "Tables": resource("AWS::RDS::DBSubnetGroup", DBSubnetGroupDescription="d", SubnetIds=[ref("A"), ref("B")]),
            "Db": resource(
                "AWS::RDS::DBInstance",
                Engine="postgres",
                EngineVersion="14",
                DBInstanceClass="db.t3.micro",
                AllocatedStorage="20",
                MasterUsername="app",
                MasterUserPassword="a-long-password",
                DBSubnetGroupName=ref("Tables"),
            ),
        }
    )
    assert stack.create(template) == "CREATE_COMPLETE", stack.reason()
    places = sorted(listening(local_home.running.pid))
    assert {host for host, _ in places} == {"127.0.0.1"}
    (cache,) = json.loads((local_home.directory / "valkey/caches.json").read_text()).values()
    (database,) = json.loads((local_home.directory / "postgres/databases.json").read_text()).values()
    assert exchange(("127.0.0.1", cache["port"]), "PING\r\nQUIT\r\n").startswith("+PONG")

    # PostgreSQL's start-up message, version 3.0, for the user `app`: it asks for a password (SASL, code 10).
    words = b"user\0app\0database\0postgres\0\0"
    hello = (len(words) + 8).to_bytes(4, "big") + (196608).to_bytes(4, "big") + words

    (plug,) = local_home.directory.glob("valkey/servers/*/socket")

    def tries() -> Any:
        asked = {}
        for place in places:
            try:
                asked[str(place[1])] = exchange(place, "PING\r\n\r\n", seconds=1.0)[:200]
            except OSError as error:
                asked[str(place[1])] = type(error).__name__
        logins = [exchange(("127.0.0.1", database[port]), hello.decode(), seconds=1.0) for port in ("port", "front")]
        return [asked, logins, os.access(plug, os.F_OK), os.access(local_home.directory / "daemon.json", os.R_OK)]

    asked, logins, *reached = as_stranger(tries)
    assert reached == [False, False]
    assert asked[str(cache["port"])] == "ConnectionResetError"
    assert not [place for place, answer in asked.items() if "PONG" in answer]
    for answer in logins:
        assert answer[0] == "R"
        assert "SCRAM-SHA-256" in answer
