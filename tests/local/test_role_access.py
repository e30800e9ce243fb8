"""Keys of roles: they sign, and open what the role's policies allow and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from stacks import TRUST, Stack, attribute, body, ref, resource

from hivemind.local import role_keys

WANTED = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


def policy(name: str, *statements: dict[str, Any]) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return resource("AWS::IAM::Policy", PolicyName=name, Roles=[ref("Role")], PolicyDocument=document)


TEMPLATE = body(
    {
        "Role": resource("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST),
        "Bucket": resource("AWS::S3::Bucket"),
        "Other": resource("AWS::S3::Bucket"),
        "Queue": resource("AWS::SQS::Queue"),
        "Orders": resource("AWS::SQS::Queue", FifoQueue=True),
        "Topic": resource("AWS::SNS::Topic"),
        "OnBucket": policy(
            "bucket",
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": attribute("Bucket", "Arn")},
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
            },
            {"Effect": "Deny", "Action": "s3:*", "Resource": {"Fn::Sub": "${Bucket.Arn}/secret/*"}},
        ),
        "OnQueue": policy(
            "queue", {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": attribute("Queue", "Arn")}
        ),
        "OnTopic": policy("topic", {"Effect": "Allow", "Action": "sns:Publish", "Resource": ref("Topic")}),
    },
    **{name: ref(name) for name in ("Bucket", "Other", "Queue", "Orders", "Topic")},
)


def client(cloud: Any, service: str, access_key: str | None = None, secret: str | None = None) -> Any:
    import boto3

    found = cloud.api_access("stack", "Role")
    return boto3.client(
        service,
        region_name=cloud.region,
        endpoint_url=found["AWS_ENDPOINT_URL"],
        aws_access_key_id=access_key or found["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=secret or found["AWS_SECRET_ACCESS_KEY"],
        config=WANTED,
    )


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    return str(raised.value.response["Error"]["Code"])


@pytest.mark.slow
def test_a_role_may_what_its_policies_say(cloud: Any, stack: Stack) -> None:
    assert stack.create(TEMPLATE, Capabilities=["CAPABILITY_IAM"]) == "CREATE_COMPLETE"
    outputs = stack.outputs()
    bucket, other, queue, topic = (outputs[name] for name in ("Bucket", "Other", "Queue", "Topic"))
    s3, sqs, sns = (client(cloud, service) for service in ("s3", "sqs", "sns"))
    s3.put_object(Bucket=bucket, Key="a/b c.txt", Body=b"1")
    assert s3.get_object(Bucket=bucket, Key="a/b c.txt")["Body"].read() == b"1"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    sqs.send_message(QueueUrl=queue, MessageBody="1")
    sns.publish(TopicArn=topic, Message="1")

    denied = [
        (s3.put_object, {"Bucket": other, "Key": "a", "Body": b""}),
        (s3.put_object, {"Bucket": bucket, "Key": "secret/a", "Body": b""}),
        (s3.copy_object, {"Bucket": bucket, "Key": "a", "CopySource": {"Bucket": other, "Key": "a"}}),
        (s3.delete_bucket, {"Bucket": bucket}),
        (s3.put_bucket_policy, {"Bucket": bucket, "Policy": "{}"}),
        (s3.list_buckets, {}),
        (sqs.receive_message, {"QueueUrl": queue}),
        (sqs.send_message, {"QueueUrl": outputs["Orders"], "MessageBody": "1", "MessageGroupId": "1"}),
        (client(cloud, "iam").list_roles, {}),
        (client(cloud, "cloudformation").describe_stacks, {}),
        (client(cloud, "cloudformation").delete_stack, {"StackName": "stack"}),
        (client(cloud, "ec2").describe_instances, {}),
        (client(cloud, "secretsmanager").list_secrets, {}),
        (client(cloud, "ssm").put_parameter, {"Name": "/hivemind/x", "Value": "1", "Type": "String"}),
        (client(cloud, "sts").assume_role, {"RoleArn": "arn:aws:iam::000000000000:role/x", "RoleSessionName": "xx"}),
    ]
    codes = [refusal(call, **arguments) for call, arguments in denied]
    assert [code for code in codes if code not in {"AccessDenied", "AccessDeniedException"}] == []
    assert refusal(sns.get_topic_attributes, TopicArn=topic) == "AuthorizationError"
    assert client(cloud, "sts").get_caller_identity()["Account"] == cloud.account
    s3.delete_object(Bucket=bucket, Key="a/b c.txt")


@pytest.mark.slow
def test_one_keys_secret_signs_for_no_other(cloud: Any, stack: Stack) -> None:
    stack.create(body({"Role": resource("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST)}))
    secret = cloud.api_access("stack", "Role")["AWS_SECRET_ACCESS_KEY"]
    another = role_keys.access_key(cloud.account, "other", "Role")
    for key in (another, cloud.account):
        assert refusal(client(cloud, "s3", key, secret).list_buckets) == "SignatureDoesNotMatch"
    nobody = role_keys.access_key(cloud.account, "gone", "Role")
    known = role_keys.secret(cloud.secret_key, nobody)
    assert refusal(client(cloud, "s3", nobody, known).list_buckets) == "AccessDenied"


@pytest.mark.fast
def test_an_access_key_tells_whose_it_is() -> None:
    key = role_keys.access_key("000000000012", "shop-production", "WebInstanceRole")
    assert role_keys.role_of(key) == role_keys.Role("000000000012", "shop-production", "WebInstanceRole")
    assert role_keys.secret("a", key) != role_keys.secret("b", key)
    assert len(role_keys.secret("a", key)) == 40


@pytest.mark.fast
@pytest.mark.parametrize("key", ["000000000000", "", "000000000000.stack", "1.stack.Role", "000000000000.a/b.Role"])
def test_other_keys_are_no_roles(key: str) -> None:
    assert role_keys.role_of(key) is None
