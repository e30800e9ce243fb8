"""Wrong input that a deployment would come to grief over, as `hivemind validate` says it: before anything is made.

What only AWS knows (names that are taken, what a region offers, networks that overlap) is in
tests/aws/test_preflight.py, a stack that belongs to another environment in tests/flow/test_looking_ahead.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hivemind.cli.main import main
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.fast

WEB = "services:\n  web: {runtime: python 3.11, start: run, port: 8000}\n"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
ENVIRONMENT = "in-the-far-east"
LONG = "this-name-is-far-too-long-for-a-load-balancer"


@pytest.mark.parametrize(
    ("text", "identity", "said", "hint"),
    [
        (f"region: eu-wst-1\n{WEB}", "H129", 'unknown region "eu-wst-1"', "Did you mean eu-west-1?"),
        (
            f"region: eu-west-1\ndomain: a.example.com\ncertificate: {CERTIFICATE}\n{WEB}",
            "H133", "the certificate is in us-east-1", "Request a certificate in eu-west-1",
        ),
        (WEB.replace("port", "size: t3.micor, port"), "H104", 'unknown size "t3.micor"', "Did you mean t3.micro?"),
        (f"{WEB}resources:\n  db: {{type: postgres, version: '12'}}\n", "H134", '"12"', 'Did you mean "13"?'),
        (f"{WEB}resources:\n  db: {{type: mariadb, version: '11.5'}}\n", "H134", '"11.5"', 'Did you mean "11.4"?'),
        (f"{WEB}resources:\n  db: {{type: mysql, size: db.t3.mcro}}\n", "H104", "db.t3.mcro", "db.t3.micro"),
        (f"network: {{cidr: 10.0.1.0/16}}\n{WEB}", "H116", "10.0.1.0/16", "Did you mean 10.0.0.0/16?"),
        (
            f"{WEB}  job: {{kind: job, schedule: '0 0 3 * * *', start: run}}\n",
            "H470", "6 fields instead of 5", "Did you mean `0 3 * * *`?",
        ),
        (f"{WEB}environments:\n  {ENVIRONMENT}: {{}}\n", "H109", "the stack name", "Shorten one"),
        (
            f"{WEB}overrides:\n  - {{op: add, path: /Resources/ALB/Properties/Name, value: {LONG}}}\n",
            "H414", "a load balancer's has 32 at most", "Shorten the name",
        ),
    ],
)  # fmt: skip
def test_it_is_found_with_its_line_and_the_nearest_right_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, identity: str, said: str, hint: str
) -> None:
    environment = ["-e", ENVIRONMENT] if identity == "H109" else []
    name = "a-name-of-twenty-nine-letters" if environment else "shop"
    (tmp_path / "hivemind.yaml").write_text(f"hivemind: 1\nname: {name}\n{text}")
    assert main(["validate", "--json", str(tmp_path), *environment]) == ExitCode.INVALID
    findings = [one for one in json.loads(capsys.readouterr().out)["findings"] if one["severity"] == "error"]
    assert [one["id"] for one in findings] == [identity]
    assert said in findings[0]["message"]
    assert hint in findings[0]["hint"]
    assert findings[0]["line"] > 2
