"""An application that counts in Redis: found by its variables, shared by its instances, kept, and let in alone. Beside
it a bucket, a queue and a topic, which it uses by boto3 with the rights of its role."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hivemind.testing.project import Project
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.exits import ExitCode

pytestmark = [pytest.mark.slow, pytest.mark.stress]
APPLICATION = """\
import http.server, os, socket, urllib.parse

NODE = socket.gethostname()


def ask(line):
    at = urllib.parse.urlsplit(os.environ["REDIS_URL"])
    with socket.create_connection((at.hostname, at.port), timeout=5) as connection:
        connection.sendall(line.encode() + b"\\r\\n")
        return connection.makefile().readline().strip()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answer = ask({"/count": "INCR visits", "/steps": "INCRBY steps 0"}.get(self.path, "PING"))
        body = f"{NODE} {answer}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, text, *values):
        pass


http.server.HTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
"""
WORKER = """\
import os, time, urllib.parse, socket

at = urllib.parse.urlsplit(os.environ["REDIS_URL"])
with socket.create_connection((at.hostname, at.port), timeout=5) as connection:
    while True:
        connection.sendall(b"INCR steps\\r\\n")
        connection.recv(100)
        time.sleep(1)
"""
BLUEPRINT = """\
hivemind: 1
name: counter
services:
  web:
    {runtime: python, start: python3 -u app.py, port: 8000, health: /up, instances: 2,
     needs: [cache, uploads, jobs, news]}
  stepper: {kind: worker, runtime: python, start: python3 -u worker.py, needs: [cache]}
  idle: {kind: worker, runtime: python, start: sleep 100000}
resources:
  cache: {type: redis}
  uploads: bucket
  jobs: queue
  news: {type: topic, queues: [jobs]}
environments: {production: {stage: stage-1}}
"""
FILES = {"hivemind.yaml": BLUEPRINT, "app.py": APPLICATION, "worker.py": WORKER}
USE = """\
import os, boto3
from botocore.exceptions import ClientError

s3, sqs, sns, iam = (boto3.client(name) for name in ("s3", "sqs", "sns", "iam"))
bucket, queue = os.environ["UPLOADS_BUCKET"], os.environ["JOBS_QUEUE_URL"]
s3.put_object(Bucket=bucket, Key="a/letter.txt", Body=b"dear")
print(s3.get_object(Bucket=bucket, Key="a/letter.txt")["Body"].read().decode(), os.environ["AWS_REGION"])
sns.publish(TopicArn=os.environ["NEWS_TOPIC_ARN"], Message="published")
sqs.send_message(QueueUrl=queue, MessageBody="sent")
for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]:
    print(message["Body"])
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
for refused in (s3.list_buckets, iam.list_roles, lambda: s3.delete_bucket(Bucket=bucket)):
    try:
        refused()
    except ClientError as error:
        print(error.response["Error"]["Code"])
"""
KNOCK = 'python3 -c \'import socket; socket.create_connection(("{}", {}), timeout=3); print("in")\''


@pytest.fixture(scope="module")
def counter(lasting_project: Callable[..., Project], local_cloud: LocalCloudHome) -> Iterator[Project]:
    project = lasting_project(FILES)
    assert project.apply().last["verdict"] == "good"
    yield project
    local_cloud.end(project.folder)


def visits(project: Project) -> tuple[str, int]:
    """The instance that answered, and how often it was asked for by now."""
    node, count = project.get("/count").text.split(" :")
    return node, int(count)


def endpoint(project: Project, cloud: LocalCloudHome) -> tuple[str, int]:
    region = cloud.connect(project.folder, "counter", "us-east-1")
    stack = region.client("cloudformation").list_stack_resources(StackName="counter-production")
    resources = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in stack["StackResourceSummaries"]}
    asked = region.client("elasticache").describe_replication_groups(ReplicationGroupId=resources["CacheRedis"])
    (group,) = asked["ReplicationGroups"]
    primary = group["NodeGroups"][0]["PrimaryEndpoint"]
    return primary["Address"], primary["Port"]


def test_two_instances_count_together(counter: Project) -> None:
    first = visits(counter)[1]
    seen = [visits(counter) for _ in range(8)]
    assert [count for _, count in seen] == list(range(first + 1, first + 9))
    assert len({node for node, _ in seen}) == 2


def test_a_worker_shares_it(counter: Project, until: Callable[..., None]) -> None:
    before = counter.get("/steps").text.split(" :")[1]
    until(lambda: counter.get("/steps").text.split(" :")[1] != before, what="a step of the worker")


def test_it_is_shown_and_checked(counter: Project) -> None:
    assert counter.status()["databases"] == {"CacheRedis": "available"}
    results = {one["name"]: one["message"] for one in counter.run("verify", "--json").last["results"]}
    assert results["redis cache"] == "PONG"
    assert counter.apply().last["changed"] is False


def test_boto3_uses_bucket_queue_and_topic_with_the_rights_of_the_role(counter: Project) -> None:
    results = {one["name"]: one["message"] for one in counter.run("verify", "--json").last["results"]}
    assert results["bucket uploads for web"] == results["topic news for web"] == "the role may use it"
    assert results["queue jobs for web"] == "0 messages waiting"
    used = counter.run("run", "--service", "web", sys.executable, "-c", USE).out.splitlines()
    assert used[0] == "dear us-east-1"
    assert sorted(used[1:3]) == ["published", "sent"]
    assert used[3:] == ["AccessDenied"] * 3
    without = counter.run("run", "--service", "idle", "env").out
    assert "AWS_" not in without
    assert "UPLOADS_BUCKET" not in without


def test_only_the_services_that_need_it_are_let_in(counter: Project, local_cloud: LocalCloudHome) -> None:
    knock = KNOCK.format(*endpoint(counter, local_cloud))
    assert counter.run("ssh", "--service", "web", knock).out == "in\n"
    refused = counter.run("ssh", "--service", "idle", knock, code=None)
    assert refused.code != 0
    assert "in" not in refused.out.split()


@pytest.mark.stress
def test_a_service_that_comes_to_need_it_is_let_in_and_out_again(counter: Project, local_cloud: LocalCloudHome) -> None:
    counter.replace("hivemind.yaml", "idle: {kind: worker,", "idle: {kind: worker, needs: [cache],")
    counter.apply()
    knock = KNOCK.format(*endpoint(counter, local_cloud))
    assert counter.run("ssh", "--service", "idle", knock).out == "in\n"
    counter.replace("hivemind.yaml", "idle: {kind: worker, needs: [cache],", "idle: {kind: worker,")
    counter.apply()
    assert counter.run("ssh", "--service", "idle", knock, code=None).code != 0


@pytest.mark.stress
def test_what_was_counted_outlives_a_killed_local_cloud(own_home: Path, until: Callable[..., None]) -> None:
    from hivemind.local import lifecycle

    counter, cloud = Project(own_home.parent / "project", own_home), LocalCloudHome(own_home)
    counter.write(FILES)
    counter.apply()
    before, at = [visits(counter)[1] for _ in range(3)][-1], endpoint(counter, cloud)
    killed = cloud.running.pid
    os.kill(killed, signal.SIGKILL)
    until(lambda: lifecycle.status(cloud.directory) is None, what="its end")
    assert cloud.running.pid != killed
    assert endpoint(counter, cloud) == at
    until(lambda: counter.status()["works"], what="both instances")
    until(lambda: counter.get("/up").status == 200, what="an answer")
    assert visits(counter)[1] == before + 1


@pytest.mark.stress
def test_it_goes_only_when_it_is_named_and_leaves_a_snapshot(
    local_project: Callable[..., Project],
) -> None:
    project = local_project({**FILES, "hivemind.yaml": BLUEPRINT.replace("counter", "gone")})
    project.apply()
    project.write({"hivemind.yaml": BLUEPRINT.replace("counter", "gone").replace("type: redis", "type: postgres")})
    refused = project.apply(code=ExitCode.REFUSED).last["error"]
    assert "CacheRedis (AWS::ElastiCache::ReplicationGroup, delete)" in refused["message"]
    project.run("run", "--service", "web", sys.executable, "-c", USE)
    ended = project.run("destroy", "--yes").out
    assert "CacheRedis holds data: HiveMind keeps a final snapshot" in ended
    assert "UploadsBucket is deleted with its objects: the data is lost" in ended
    assert "JobsQueue is deleted with its messages: the data is lost" in ended
    assert "Not deleted" not in ended
    assert "Kept: cache snapshot" in ended
