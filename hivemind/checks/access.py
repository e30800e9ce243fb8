"""Whether a bucket, queue or topic is there for a service: asked on its instance, with the rights of its role."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from hivemind.releases.api_access import API_KEYS, api_environment
from hivemind.releases.bindings import binding_values
from hivemind.releases.release import CheckFailed

if TYPE_CHECKING:
    from hivemind.hosts.ssh import Host
    from hivemind.releases.deployed import Deployed

PROGRAM = "ask_aws.py"
_CODE = re.compile(r"<Code>([^<]+)</Code>|\"__type\":\s*\"(?:[^\"#]*#)?([^\"]+)\"")
_SAID = re.compile(r"<Message>([^<]+)</Message>|\"[Mm]essage\":\s*\"([^\"]+)\"")
_DOMAINS = {"cn-": "amazonaws.com.cn", "us-iso-": "c2s.ic.gov", "us-isob-": "sc2s.sgov.gov"}
"""Beginning of a region's name -> domain of its services, where it is not `amazonaws.com`."""


@dataclass(frozen=True)
class ApiQuestion:
    """A request that only looks, and is answered to those alone who may use what it is about.

    about: in words. url, method, headers, body: of the request. keys: access key and secret key, None for those of the
    instance's role.
    """

    about: str
    service: str
    region: str
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    keys: tuple[str, str] | None = field(default=None, repr=False)


def question_of(deployed: Deployed, service: str, resource: str) -> ApiQuestion:
    """What to ask for a resource on an instance of a service. Raises LookupError for a type that has no question."""
    binding, outputs, secrets = deployed.bound(resource)
    kind = deployed.blueprint.resources[resource].type
    values = binding_values(binding, outputs, secrets)
    found = api_environment(deployed.cloud, deployed.blueprint, service, deployed.bindings)
    keys = (found[API_KEYS[0]], found[API_KEYS[1]]) if API_KEYS[0] in found else None
    region, about = deployed.cloud.region, f"{kind} {resource}"
    endpoint = found.get("AWS_ENDPOINT_URL")
    if kind == "bucket":
        place = f"{endpoint or _endpoint('s3', region)}/{quote(values['name'])}?list-type=2&max-keys=1"
        return ApiQuestion(about, "s3", region, place, keys=keys)
    if kind == "queue":
        asked = json.dumps({"QueueUrl": values["url"], "AttributeNames": ["ApproximateNumberOfMessages"]})
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.GetQueueAttributes"}
        place = f"{endpoint or _endpoint('sqs', region)}/"
        return ApiQuestion(about, "sqs", region, place, "POST", headers, asked, keys)
    if kind == "topic":
        asked = urlencode({"Action": "GetTopicAttributes", "TopicArn": values["arn"], "Version": "2010-03-31"})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        place = f"{endpoint or _endpoint('sns', region)}/"
        return ApiQuestion(about, "sns", region, place, "POST", headers, asked, keys)
    raise LookupError(f"no question to AWS is known for the type {kind}")


def _endpoint(service: str, region: str) -> str:
    domain = next((domain for begins, domain in _DOMAINS.items() if region.startswith(begins)), "amazonaws.com")
    return f"https://{service}.{region}.{domain}"


def ask(host: Host, question: ApiQuestion, *, timeout: float = 10.0) -> str:
    """Puts the question on an instance; what the answer says, in words.

    timeout: seconds for each request. Raises CheckFailed where AWS refuses, OSError where it is not reached.
    """
    program = resources.files("hivemind.hosts.onhost").joinpath(PROGRAM).read_text(encoding="utf-8")
    asked: dict[str, Any] = {
        "url": question.url,
        "method": question.method,
        "service": question.service,
        "region": question.region,
        "headers": dict(question.headers),
        "body": question.body,
        "keys": [*question.keys, ""] if question.keys else None,
        "timeout": timeout,
    }
    # By standard input: keys are no part of a command that others on the instance see.
    stdin = f"{program}\nmain({json.dumps(asked)!r})\n".encode()
    done = host.run("python3 -I -", user="hivemind", stdin=stdin, timeout=4 * timeout + 10, what="a question to AWS")
    if done.code != 0:
        raise ConnectionError((done.stderr or done.stdout).strip()[-300:] or f"exit code {done.code}")
    answer = json.loads(done.stdout)
    status, body = int(answer["status"]), str(answer["body"])
    if not status:
        raise ConnectionError(body)
    if status >= 400:
        raise CheckFailed(_refused(question, status, body))
    waiting = re.search(r"\"ApproximateNumberOfMessages\":\s*\"(\d+)\"", body)
    return f"{waiting[1]} message{'s' if waiting[1] != '1' else ''} waiting" if waiting else "the role may use it"


def _refused(question: ApiQuestion, status: int, body: str) -> str:
    code, said = _found(_CODE, body) or str(status), _found(_SAID, body)
    return f"{question.about} is not usable: {code}" + (f": {said}" if said else "")


def _found(pattern: re.Pattern[str], body: str) -> str:
    match = pattern.search(body)
    return next(filter(None, match.groups()), "") if match else ""
