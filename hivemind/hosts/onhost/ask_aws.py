"""One question to AWS's API from an instance, signed with what its application has there: the keys of the request, else
the role of the instance. This file's text is run by itself: it imports nothing of ours.

Sources: "Create a signed AWS API request" in the IAM User Guide, "Use IMDS" in the EC2 User Guide.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

METADATA = "http://169.254.169.254/latest/"
LONGEST = 20000


def role_keys(timeout: float) -> tuple[str, str, str]:
    """Access key, secret key and session token of the instance's role. Raises OSError, KeyError, ValueError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def read(path: str, method: str = "GET", **headers: str) -> str:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        asked = urllib.request.Request(METADATA + path, method=method, headers=sent)  # noqa: S310
        with opener.open(asked, timeout=timeout) as answer:
            return str(answer.read().decode())

    token = read("api/token", "PUT", X_aws_ec2_metadata_token_ttl_seconds="60")  # noqa: S106
    folder = "meta-data/iam/security-credentials/"
    role = read(folder, X_aws_ec2_metadata_token=token).split()[0]
    found = json.loads(read(folder + role, X_aws_ec2_metadata_token=token))
    return found["AccessKeyId"], found["SecretAccessKey"], found["Token"]


def signed(question: dict[str, Any], keys: tuple[str, str, str], moment: str) -> urllib.request.Request:
    """The request. question: url, method, service, region, headers, body. moment: `YYYYMMDDTHHMMSSZ`, UTC."""
    body, url = question["body"].encode(), urllib.parse.urlsplit(question["url"])
    sent = {name.lower(): value for name, value in question["headers"].items()}
    sent.update(host=url.netloc)
    sent["x-amz-date"], sent["x-amz-content-sha256"] = moment, hashlib.sha256(body).hexdigest()
    if keys[2]:
        sent["x-amz-security-token"] = keys[2]
    names = ";".join(sorted(sent))
    lines = "".join(f"{name}:{sent[name].strip()}\n" for name in sorted(sent))
    canonical = "\n".join((question["method"], url.path or "/", url.query, lines, names, sent["x-amz-content-sha256"]))
    scope = "/".join((moment[:8], question["region"], question["service"], "aws4_request"))
    text = "\n".join(("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signing = ("AWS4" + keys[1]).encode()
    for part in scope.split("/"):
        signing = hmac.new(signing, part.encode(), "sha256").digest()
    signature = hmac.new(signing, text.encode(), "sha256").hexdigest()
    sent["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={keys[0]}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return urllib.request.Request(question["url"], data=body or None, method=question["method"], headers=sent)  # noqa: S310


def ask(question: dict[str, Any]) -> dict[str, Any]:
    """status: of the answer, 0 where there is none. body: its beginning, or why there is none."""
    timeout = float(question["timeout"])
    try:
        keys = tuple(question["keys"]) if question["keys"] else role_keys(timeout)
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        with urllib.request.urlopen(signed(question, keys, moment), timeout=timeout) as answer:  # noqa: S310
            return {"status": answer.status, "body": answer.read(LONGEST).decode(errors="replace")}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": error.read(LONGEST).decode(errors="replace")}
    except (OSError, KeyError, ValueError, IndexError) as error:
        return {"status": 0, "body": f"{type(error).__name__}: {error}"}


def main(question: str) -> None:
    """question: JSON, see `signed`; also keys (access key, secret key, session token; null for the role's) and timeout
    in seconds."""
    sys.stdout.write(json.dumps(ask(json.loads(question))) + "\n")
