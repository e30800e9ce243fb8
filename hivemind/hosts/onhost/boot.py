"""First boot of an instance of an Auto Scaling group: installs what the manifest in the bucket names, by itself.

The manifest is the request of an installation, with marks where secrets belong; a mark that ends in `%2F` stands in a
URL. Its files lie beside it. An apply that reaches this instance meanwhile wins: where a release is current, nothing is
installed.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from hivemind.hosts.onhost import install, role
from hivemind.hosts.onhost.layout import Layout
from hivemind.hosts.onhost.report import InstallError, Reporter
from hivemind.hosts.onhost.request import KeptLayer, Request, parse

PAUSE = 5.0
"""Seconds until the bucket is asked again."""
LONGEST_PAUSE = 60.0
"""The same, after several failures."""
FAILURES = (InstallError, OSError, ValueError, LookupError, TypeError)

Sleep = Callable[[float], object]


class Place(NamedTuple):
    """Where a group belongs to. aws: region and domain, such as `us-east-1.amazonaws.com`. group: its logical id."""

    aws: str
    bucket: str
    stack: str
    group: str


def boot(layout: Layout, place: Place, sleep: Sleep = time.sleep) -> None:
    """Installs the current release, trying for as long as it takes, and tells CloudFormation when it is up."""
    pause, waiting = PAUSE, False
    while layout.current_id() is None:
        try:
            manifest = _manifest(layout, place)
            if _install(layout, place, manifest):
                sleep(float(manifest.get("settle") or 0))
                break
            failed = "the release does not start"
        except role.NotThere:
            failed, pause = "", PAUSE
            if not waiting:
                _say("waiting for the first release")
                # A stack that is updated must not wait for what an apply brings after it.
                _signal(place)
                waiting = True
        except FAILURES as error:
            failed = str(error) or type(error).__name__
        if failed:
            _say(f"not installed yet: {failed}")
        sleep(pause)
        pause = min(LONGEST_PAUSE, 2 * pause) if failed else PAUSE
    _signal(place)


def _manifest(layout: Layout, place: Place) -> Mapping[str, Any]:
    with role.from_bucket(place.aws, place.bucket, f"running/{layout.service}/manifest.json") as answer:
        content = json.loads(answer.read())
    if not isinstance(content, dict) or content.get("format") != 1:
        raise InstallError("the manifest is of another version of HiveMind")
    return content


def _install(layout: Layout, place: Place, manifest: Mapping[str, Any]) -> bool:
    wanted = parse(_with_secrets(manifest, place))
    reporter = Reporter(wanted.hidden_values)
    layout.product.mkdir(mode=0o755, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=layout.product, prefix=".boot-") as folder:
        return install.Installation(
            layout, _with_files(wanted, manifest["files"], place, Path(folder)), reporter, first=True
        ).run()


def _with_files(wanted: Request, files: Mapping[str, str], place: Place, folder: Path) -> Request:
    """The request with its archive and layers (digest -> key in the bucket) in this folder."""
    found = {}
    for digest, key in files.items():
        path = folder / key.rpartition("/")[2]
        try:
            with role.from_bucket(place.aws, place.bucket, key) as answer, path.open("wb") as target:
                shutil.copyfileobj(answer, target, 1 << 20)
        except role.NotThere:
            raise InstallError(f"the bucket has no {key} any more") from None
        found[digest] = str(path)
    layers = tuple(KeptLayer(one.digest, found[one.digest]) for one in wanted.layers)
    return replace(wanted, artifact=found[wanted.digest], layers=layers)


def _with_secrets(manifest: Mapping[str, Any], place: Place) -> Mapping[str, Any]:
    """The request in the manifest, with values in place of marks."""
    texts: dict[tuple[str, str], str] = {}
    values = {}
    for mark, source in manifest["secrets"].items():
        entry = source["store"], source["name"]
        if entry not in texts:
            texts[entry] = _secret(place, *entry)
        values[mark] = texts[entry] if source.get("key") is None else _field(texts[entry], *entry, source["key"])
    request = dict(manifest["request"])
    request["env"] = {name: filled(text, values) for name, text in request["env"].items()}
    return request


def filled(text: str, values: Mapping[str, str]) -> str:
    """A variable with secrets in place of marks; one that is followed by `%2F` stands in a URL."""
    for mark, value in values.items():
        text = text.replace(f"{mark}%2F", urllib.parse.quote(value, safe="")).replace(f"{mark}/", value)
    return text


def _secret(place: Place, store: str, name: str) -> str:
    service, target, asked, found = (
        ("ssm", "AmazonSSM.GetParameter", {"Name": name, "WithDecryption": True}, ("Parameter", "Value"))
        if store == "ssm"
        else ("secretsmanager", "secretsmanager.GetSecretValue", {"SecretId": name}, ("SecretString",))
    )
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    try:
        with role.opened(place.aws, service, body=json.dumps(asked).encode(), headers=headers) as answer:
            content = json.loads(answer.read())
        for key in found:
            content = content[key]
        return str(content)
    except (OSError, ValueError, LookupError, TypeError) as error:
        # Not the answer's own text: it could quote the value.
        raise InstallError(f"cannot read the secret {store}:{name}: {type(error).__name__}{_status(error)}") from None


def _status(error: BaseException) -> str:
    return f" {error.code}" if isinstance(error, urllib.error.HTTPError) else ""


def _field(text: str, store: str, name: str, key: str) -> str:
    try:
        value = json.loads(text)[key]
    except (ValueError, LookupError, TypeError):
        raise InstallError(f"the secret {store}:{name} has no field {key}") from None
    return value if isinstance(value, str) else json.dumps(value)


def _signal(place: Place) -> None:
    """Tells CloudFormation, which may be replacing instances of the group, that this one is up. Else it is refused."""
    try:
        query = {
            "Action": "SignalResource",
            "Version": "2010-05-15",
            "StackName": place.stack,
            "LogicalResourceId": place.group,
            "UniqueId": role.metadata("meta-data/instance-id"),
            "Status": "SUCCESS",
        }
        role.opened(place.aws, "cloudformation", query=query).close()
    except FAILURES as error:
        _say(f"CloudFormation does not wait for this instance ({type(error).__name__}{_status(error)})")


def _say(sentence: str) -> None:
    sys.stdout.write(f"hivemind: {sentence}\n")
    sys.stdout.flush()
