"""Buckets, queues and topics: who may do what with them, what services find, what stays when the stack goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hivemind.agents.provisioner import hivemind_fragments, hivemind_lint, hivemind_schema
from hivemind.agents.qa import hivemind_schema as qa_schema
from hivemind.blueprint.model import Blueprint, DeploymentStage, Network, Resource, Service, ServiceKind
from hivemind.blueprint.source import from_text
from hivemind.blueprint.validate import validate
from hivemind.plan.costs.items import items
from hivemind.plan.holdings import holds_data
from hivemind.releases.bindings import bound_twice
from hivemind.template.assemble import assemble
from hivemind.template.fragment import Assembly
from hivemind.values.errors import FindingsError

pytestmark = pytest.mark.fast

WEB = Service("web", port=8000, needs=("uploads", "jobs", "news"))
WORKER = Service("worker", kind=ServiceKind.WORKER, needs=("jobs",))
RESOURCES = {
    "uploads": Resource("uploads", "bucket"),
    "jobs": Resource("jobs", "queue"),
    "news": Resource("news", "topic", {"queues": ["jobs"]}),
}
SHOP = Blueprint("shop", services={"web": WEB, "worker": WORKER}, resources=RESOURCES)


def made(blueprint: Blueprint) -> Assembly:
    return assemble(blueprint, [("provisioner", hivemind_fragments(blueprint=blueprint))])


def with_resource(name: str, kind: str, **options: Any) -> Blueprint:
    return replace(SHOP, resources={**RESOURCES, name: Resource(name, kind, options)})


def properties(assembly: Assembly, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = assembly.resources[name]["Properties"]
    return found


def statements(assembly: Assembly, name: str) -> list[tuple[set[str], Any]]:
    policy = properties(assembly, name)
    return [(set(one["Action"]), one["Resource"]) for one in policy["PolicyDocument"]["Statement"]]


def test_each_role_may_use_what_its_service_needs_and_nothing_else() -> None:
    assembly = made(SHOP)
    users = {
        name: resource["Properties"]["Roles"]
        for name, resource in assembly.resources.items()
        if resource["Type"] == "AWS::IAM::Policy"
    }
    web, worker = [{"Ref": "WebInstanceRole"}], [{"Ref": "WorkerInstanceRole"}]
    assert users == {
        "WebUsesUploadsBucket": web, "WebUsesJobsQueue": web, "WebUsesNewsTopic": web, "WorkerUsesJobsQueue": worker,
    }  # fmt: skip
    queue = {"Fn::GetAtt": ["JobsQueue", "Arn"]}
    ((actions, about),) = statements(assembly, "WorkerUsesJobsQueue")
    assert about == queue
    assert actions == {
        f"sqs:{name}"
        for name in ("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage",
                     "SendMessage")
    }  # fmt: skip
    assert statements(assembly, "WebUsesNewsTopic") == [
        ({"sns:GetTopicAttributes", "sns:Publish"}, {"Ref": "NewsTopic"})
    ]


@pytest.mark.parametrize(("access", "writes"), [("read", False), ("read-write", True)])
def test_what_may_be_done_with_objects(access: str, writes: bool) -> None:
    (on_bucket, bucket), (on_objects, objects) = statements(
        made(with_resource("uploads", "bucket", access=access)), "WebUsesUploadsBucket"
    )
    assert bucket == {"Fn::GetAtt": ["UploadsBucket", "Arn"]}
    assert objects == {"Fn::Sub": "${UploadsBucket.Arn}/*"}
    assert "s3:ListBucket" in on_bucket
    assert "s3:GetObject" in on_objects
    assert ("s3:PutObject" in on_objects) is ("s3:DeleteObject" in on_objects) is writes
    assert not any("*" in action for action in on_bucket | on_objects)


def test_a_bucket_is_private_encrypted_versioned_and_for_tls_alone() -> None:
    assembly = made(SHOP)
    bucket = properties(assembly, "UploadsBucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "BucketEncryption" in bucket
    for name in ("UploadsBucketPolicy", "JobsQueuePolicy", "JobsDeadLetterQueuePolicy", "NewsTopicPolicy"):
        denied = properties(assembly, name)["PolicyDocument"]["Statement"][0]
        assert (denied["Effect"], denied["Principal"]) == ("Deny", "*")
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_old_versions_and_old_objects_go_as_the_blueprint_says() -> None:
    assembly = made(with_resource("uploads", "bucket", versions=0, expire=90))
    bucket = properties(assembly, "UploadsBucket")
    assert "VersioningConfiguration" not in bucket
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert rules["old-objects"]["ExpirationInDays"] == 90
    assert "old-versions" not in rules


def test_a_queue_hands_what_fails_to_its_dead_letter_queue() -> None:
    queue = properties(made(with_resource("jobs", "queue", retries=3, timeout=300, retention=1)), "JobsQueue")
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["JobsDeadLetterQueue", "Arn"]},
        "maxReceiveCount": 3,
    }
    assert (queue["VisibilityTimeout"], queue["MessageRetentionPeriod"]) == (300, 86400)
    assert properties(made(SHOP), "JobsDeadLetterQueue")["MessageRetentionPeriod"] == 14 * 86400


def test_a_fifo_queue_has_a_fifo_dead_letter_queue() -> None:
    assembly = made(with_resource("orders", "queue", fifo=True))
    assert properties(assembly, "OrdersQueue")["FifoQueue"] is True
    assert properties(assembly, "OrdersDeadLetterQueue")["FifoQueue"] is True


def test_only_a_topic_that_names_a_queue_may_send_to_it() -> None:
    assembly = made(SHOP)
    allowed = properties(assembly, "JobsQueuePolicy")["PolicyDocument"]["Statement"][1:]
    assert [one["Condition"] for one in allowed] == [{"ArnEquals": {"aws:SourceArn": {"Ref": "NewsTopic"}}}]
    subscription = assembly.resources["NewsTopicJobsQueue"]
    assert subscription["DependsOn"] == "JobsQueuePolicy"
    assert subscription["Properties"]["Endpoint"] == {"Fn::GetAtt": ["JobsQueue", "Arn"]}
    quiet = made(replace(SHOP, resources={**RESOURCES, "news": Resource("news", "topic")}))
    assert len(properties(quiet, "JobsQueuePolicy")["PolicyDocument"]["Statement"]) == 1


@pytest.mark.parametrize("name", ["UploadsBucket", "JobsQueue", "JobsDeadLetterQueue"])
def test_data_stay_in_production_and_go_in_stage_1_unless_the_blueprint_says_otherwise(name: str) -> None:
    stage_1 = replace(SHOP, stage=DeploymentStage.STAGE_1)
    said = {one: Resource(one, RESOURCES[one].type, {"keep": True}) for one in ("uploads", "jobs")}
    kept, gone = made(SHOP).resources[name], made(stage_1).resources[name]
    assert (kept["DeletionPolicy"], kept["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert (gone["DeletionPolicy"], gone["UpdateReplacePolicy"]) == ("Delete", "Delete")
    assert holds_data(name, kept["Type"], kept)
    assert holds_data(name, gone["Type"], gone)
    assert made(replace(stage_1, resources={**RESOURCES, **said})).resources[name] == kept


def test_a_policy_that_stays_with_its_bucket_is_no_data() -> None:
    for name in ("UploadsBucketPolicy", "JobsQueuePolicy"):
        policy = made(SHOP).resources[name]
        assert policy["DeletionPolicy"] == "RetainExceptOnCreate"
        assert not holds_data(name, policy["Type"], policy)


def test_variables_are_named_after_the_resource() -> None:
    blueprint = replace(
        SHOP,
        resources={
            name: Resource(name, kind)
            for name, kind in (
                ("uploads", "bucket"),
                ("user-files", "bucket"),
                ("mail-queue", "queue"),
                ("news", "topic"),
            )
        },
    )
    bindings = made(blueprint).bindings
    assert {name: tuple(binding.env) for name, binding in bindings.items()} == {
        "uploads": ("UPLOADS_BUCKET",),
        "user-files": ("USER_FILES_BUCKET",),
        "mail-queue": ("QUEUE_URL", "MAIL_QUEUE_URL"),
        "news": ("TOPIC_ARN", "NEWS_TOPIC_ARN"),
    }
    assert all(binding.api for binding in bindings.values())


def test_two_queues_of_one_service_set_one_variable_and_that_is_told() -> None:
    two = with_resource("mails", "queue")
    two = replace(two, services={"web": replace(WEB, needs=("jobs", "mails"))})
    (finding,) = bound_twice(made(two), two)
    assert finding.id == "H408"
    assert "QUEUE_URL" in finding.message
    decided = replace(
        two, services={"web": replace(WEB, needs=("jobs", "mails"), env={"QUEUE_URL": "$MAILS_QUEUE_URL"})}
    )
    assert list(bound_twice(made(decided), decided)) == []
    buckets = with_resource("reports", "bucket")
    buckets = replace(buckets, services={"web": replace(WEB, needs=("uploads", "reports"))})
    assert list(bound_twice(made(buckets), buckets)) == []


@pytest.mark.parametrize(
    ("queues", "hint"),
    [(["jbos"], "Did you mean jobs?"), (["uploads"], "Queues: jobs, orders."), (["orders"], "fifo: true")],
)
def test_a_topic_delivers_to_standard_queues_that_are_there(queues: list[str], hint: str) -> None:
    orders = Resource("orders", "queue", {"fifo": True})
    news = Resource("news", "topic", {"queues": queues})
    blueprint = replace(SHOP, resources={**RESOURCES, "orders": orders, "news": news})
    (finding,) = hivemind_lint(assembly=made(blueprint), blueprint=blueprint)
    assert (finding.id, finding.path) == ("H460", "resources.news.queues[0]")
    assert hint in (finding.hint or "")


def test_without_a_way_out_no_queue_is_reached_and_buckets_are() -> None:
    sealed = replace(SHOP, network=Network(egress="none"))
    found = hivemind_lint(assembly=made(sealed), blueprint=sealed)
    assert [(finding.id, finding.message.split()[3].rstrip(":")) for finding in found] == [
        ("H461", "resources.jobs"), ("H461", "resources.news"),
    ]  # fmt: skip
    without = replace(sealed, services={"web": replace(WEB, needs=("uploads",))})
    assert hivemind_lint(assembly=made(without), blueprint=without) == ()


def test_what_is_billed_by_use_has_no_monthly_price() -> None:
    priced = {item.logical_id for item in items(made(SHOP).template)}
    assert not priced & {"UploadsBucket", "JobsQueue", "JobsDeadLetterQueue", "NewsTopic", "NewsTopicJobsQueue"}


def test_every_option_is_explained_by_an_example() -> None:
    types = hivemind_schema().resource_types
    for kind in ("bucket", "queue", "topic"):
        for name, option in types[kind].schema["properties"].items():
            assert option["description"].endswith("."), (kind, name)
            assert option["examples"], (kind, name)


@pytest.mark.parametrize("kind", ["bucket", "queue", "topic"])
def test_what_has_no_sql_is_not_asked_for_any(kind: str) -> None:
    text = f"hivemind: 1\nname: shop\nresources: {{box: {kind}}}\nchecks: [{{database: box}}]\n"
    text += "services: {web: {runtime: python, start: python app.py, port: 8000, needs: [box]}}\n"
    with pytest.raises(FindingsError) as raised:
        validate(from_text(text, Path("f")), {"provisioner": hivemind_schema(), "qa": qa_schema()})
    assert [(one.id, kind in one.message) for one in raised.value.findings] == [("H123", True)]
