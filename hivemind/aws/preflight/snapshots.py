"""H161: whether the snapshots that databases are made from are there and fit what the blueprint says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hivemind.aws.preflight.subject import Subject
from hivemind.template.resource_types import DATABASE
from hivemind.text.suggest import did_you_mean, listed
from hivemind.values.calls import CloudCallFailed
from hivemind.values.findings import Finding, Severity

NAME = "DBSnapshotIdentifier"
_NOT_THERE = frozenset({"DBSnapshotNotFound", "DBSnapshotNotFoundFault"})
_MOST_NAMES = 5


def snapshots(subject: Subject) -> Iterator[Finding]:
    """Errors where a snapshot is not there, is not complete, or cannot become the database that is asked for; a
    warning (H437) where it is not encrypted, since the database is as its snapshot."""
    for logical_id, properties in subject.made(DATABASE):
        name = properties.get(NAME)
        if not isinstance(name, str):
            continue
        try:
            # A whole ARN may be one that another account shares.
            shared = {"IncludeShared": True} if name.startswith("arn:") else {}
            answer = subject.cloud.client("rds").describe_db_snapshots(DBSnapshotIdentifier=name, **shared)
        except CloudCallFailed as error:
            if error.code not in _NOT_THERE:
                raise
            message = f"{subject.cloud.region} has no snapshot {name} in this account"
            yield _found(subject, logical_id, "snapshot", message, _nearest(subject, name))
            continue
        for found in answer["DBSnapshots"]:
            yield from _wrong(subject, logical_id, name, properties, found)


def _wrong(
    subject: Subject, logical_id: str, name: str, properties: Mapping[str, Any], found: Mapping[str, Any]
) -> Iterator[Finding]:
    engine, version = str(found.get("Engine")), str(found.get("EngineVersion"))
    user, storage = found.get("MasterUsername"), int(found.get("AllocatedStorage", 0))
    if found.get("Status", "available") != "available":
        message = f"the snapshot {name} is {found['Status']}, not available"
        yield _found(subject, logical_id, "snapshot", message, "Wait until it is available.")
    if engine != properties.get("Engine"):
        message = f"the snapshot {name} is one of {engine}, not of {properties.get('Engine')}"
        yield _found(subject, logical_id, "type", message, f"Write `type: {engine}`, or name another snapshot.")
        return
    if wrong := _version(properties, version):
        yield _found(subject, logical_id, "version", f"the snapshot {name} is of version {version}{wrong[0]}", wrong[1])
    wanted = str(properties.get("AllocatedStorage", storage))
    if wanted.isdecimal() and storage > int(wanted):
        message = f"the snapshot {name} is of {storage} GB, and the database would have {wanted}"
        yield _found(subject, logical_id, "storage", message, f"Write `storage: {storage}`, or more.")
    ours = _user(subject, logical_id)
    if user and ours and user != ours:
        message = f"the master user in the snapshot {name} is {user}, and the application would log in as {ours}"
        yield _found(subject, logical_id, "user", message, f"Write `user: {user}`.")
    if found.get("Encrypted") is False and subject.cloud.name == "aws":
        message = f"the snapshot {name} is unencrypted, and so is a database that is made from it"
        hint = f"Copy it with a key: aws rds copy-db-snapshot --source-db-snapshot-identifier {name} --kms-key-id "
        hint += "alias/aws/rds --target-db-snapshot-identifier NAME. Then restore the copy."
        yield replace(_found(subject, logical_id, "snapshot", message, hint), id="H437", severity=Severity.WARNING)


def _version(properties: Mapping[str, Any], there: str) -> tuple[str, str] | None:
    """What is wrong with restoring a version: RDS never goes back, and to a later major one only when told to."""
    wanted = str(properties.get("EngineVersion", there))
    old, new = (tuple(int(part) for part in text.split(".") if part.isdigit()) for text in (there, wanted))
    known = min(len(old), len(new))
    if new[:known] < old[:known]:
        return f", and cannot become {wanted}: RDS never goes back", f'Write `version: "{there}"`, or a later one.'
    parts = min(known, 1 if properties.get("Engine") == "postgres" else 2)
    if new[:parts] > old[:parts] and str(properties.get("AllowMajorVersionUpgrade", "")).lower() != "true":
        told = "Write the snapshot's version now and upgrade later, or add `major_upgrade: true`."
        return f": to {wanted} it is a major upgrade, which RDS refuses unless you allow it", told
    return None


def _user(subject: Subject, logical_id: str) -> str | None:
    """The user that services log in as: the database's secret says it. None for databases that are not ours."""
    assembly = subject.assembly
    secret = assembly.resources.get(f"{logical_id}Secret", {}).get("Properties") or {}
    text = (secret.get("GenerateSecretString") or {}).get("SecretStringTemplate")
    try:
        return str(json.loads(text)["username"]) if isinstance(text, str) else None
    except (ValueError, KeyError):
        return None


def _nearest(subject: Subject, name: str) -> str:
    pages = subject.cloud.client("rds").get_paginator("describe_db_snapshots").paginate()
    found = sorted(
        (one for page in pages for one in page["DBSnapshots"]), key=lambda one: str(one.get("SnapshotCreateTime", ""))
    )
    names = [str(one[NAME]) for one in found]
    if near := did_you_mean(name, names):
        return near
    return f"The newest: {listed(names[-_MOST_NAMES:])}." if names else "There are no snapshots."


def _found(subject: Subject, logical_id: str, option: str, message: str, hint: str) -> Finding:
    finding = subject.finding("H161", Severity.ERROR, message, hint, logical_id, NAME)
    path = finding.path or ""
    return replace(finding, path=f"{path}.{option}") if path.startswith("resources.") else finding
