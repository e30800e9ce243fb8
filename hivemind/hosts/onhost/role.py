"""Requests that an instance signs with its own role, and its first boot. This file's text is also the user data of
instances of an Auto Scaling group, so it imports nothing of ours: a changed character replaces such instances.

Sources: "Use IMDS" in the EC2 User Guide, "Create a signed AWS API request" in the IAM User Guide.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path

METADATA = "http://169.254.169.254"
PAUSE = 5.0
TIMEOUT = 30


class NotThere(Exception):
    """The bucket has no such object, as far as the role may know: without s3:ListBucket S3 answers 403."""


def metadata(path: str) -> str:
    """A text of the instance metadata service, version 2. Raises OSError."""
    base = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", METADATA)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    lasting = {"X-aws-ec2-metadata-token-ttl-seconds": "300"}
    asking = urllib.request.Request(base + "/latest/api/token", method="PUT", headers=lasting)  # noqa: S310
    with opener.open(asking, timeout=5) as answer:
        token = answer.read().decode()
    known = {"X-aws-ec2-metadata-token": token}
    asking = urllib.request.Request(base + "/latest/" + path, headers=known)  # noqa: S310
    with opener.open(asking, timeout=5) as answer:
        return str(answer.read().decode())


def credentials() -> tuple[str, str, str]:
    """The role's access key, secret key and session token. Raises OSError, ValueError, KeyError."""
    folder = "meta-data/iam/security-credentials/"
    found = json.loads(metadata(folder + metadata(folder).split()[0]))
    return found["AccessKeyId"], found["SecretAccessKey"], found["Token"]


def opened(
    place: str,
    service: str,
    path: str = "/",
    *,
    query: Mapping[str, str] | None = None,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> http.client.HTTPResponse:
    """AWS's answer to a signed request, to be read and closed; without a body it is a GET, with one a POST.

    place: region and domain, such as `us-east-1.amazonaws.com`. service: as in a signature's scope. Raises OSError
    (HTTPError for an answer of an error), and what `credentials` raises.
    """
    region = place.partition(".")[0]
    base = os.environ.get("AWS_ENDPOINT_URL") or "https://" + service + "." + place
    key, secret, token = credentials()
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    digest = hashlib.sha256(body).hexdigest()
    sent = {"host": urllib.parse.urlsplit(base).netloc, "x-amz-date": moment, "x-amz-content-sha256": digest}
    sent.update({name.lower(): value for name, value in (headers or {}).items()})
    if token:
        sent["x-amz-security-token"] = token
    safe = urllib.parse.quote(path, safe="/-_.~")
    asked = urllib.parse.urlencode(sorted((query or {}).items()), quote_via=urllib.parse.quote)
    lines = "".join(name + ":" + sent[name].strip() + "\n" for name in sorted(sent))
    method, names = ("POST" if body else "GET"), ";".join(sorted(sent))
    canonical = "\n".join((method, safe, asked, lines, names, digest))
    scope = "/".join((moment[:8], region, service, "aws4_request"))
    text = "\n".join(("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signing = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        signing = hmac.new(signing, part.encode(), "sha256").digest()
    signature = hmac.new(signing, text.encode(), "sha256").hexdigest()
    claim = "AWS4-HMAC-SHA256 Credential=" + key + "/" + scope + ", SignedHeaders=" + names
    sent["authorization"] = claim + ", Signature=" + signature
    url = base + safe + ("?" + asked if asked else "")
    asking = urllib.request.Request(url, data=body or None, method=method, headers=sent)  # noqa: S310
    answer: http.client.HTTPResponse = urllib.request.urlopen(asking, timeout=TIMEOUT)  # noqa: S310
    return answer


def from_bucket(place: str, bucket: str, key: str) -> http.client.HTTPResponse:
    """An object, to be read and closed. Raises NotThere, OSError, and what `credentials` raises."""
    try:
        return opened(place, "s3", "/" + bucket + "/" + key)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (403, 404):
            raise NotThere(key) from error
        raise


def first_boot(place: str, bucket: str, service: str, stack: str, group: str) -> None:
    """Waits for the installer of the service in the bucket, and becomes its command `boot`."""
    while True:
        try:
            with from_bucket(place, bucket, "running/" + service + "/installer.pyz") as answer:
                content = answer.read()
            break
        except (OSError, ValueError, LookupError, NotThere) as error:
            sys.stdout.write("hivemind: no installer yet: " + type(error).__name__ + ": " + str(error) + "\n")
            sys.stdout.flush()
            time.sleep(PAUSE)
    path = Path(tempfile.mkdtemp(prefix="hivemind-"), "installer.pyz")
    path.write_bytes(content)
    command = [sys.executable, "-I", "-S", str(path), "boot", service, place, bucket, stack, group]
    os.execv(sys.executable, command)  # noqa: S606
