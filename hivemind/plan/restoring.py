"""What a plan does to a database because of the snapshot that it is made from, or of its master user. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from hivemind.plan.model import Action, Change, Plan
from hivemind.template.resource_types import DATABASE
from hivemind.values.findings import Finding, Severity

SNAPSHOT = "DBSnapshotIdentifier"
LOGIN = "AWS::SecretsManager::Secret"


def restoring(plan: Plan) -> Iterator[Finding]:
    """H162 for each database that another snapshot replaces; H164 for one whose master user would change, which only
    the secret would tell: the database is not replaced, and keeps its user and password."""
    fresh = {change.path for change in plan.changes if change.type == DATABASE and _is_made(change)}
    for change in plan.changes:
        if change.type == DATABASE and change.action is Action.REPLACE and SNAPSHOT in change.properties:
            yield _replaced(change)
        secret = change.type == LOGIN and change.logical_id.endswith("DatabaseSecret")
        told = change.action is Action.UPDATE and "GenerateSecretString" in change.properties
        if secret and told and change.path not in fresh:
            message = f"the master user of {_name(change)} cannot change: RDS keeps the one that the database has"
            hint = "Take the change of `user` back. Another user is made in the database: `hivemind db`."
            yield Finding("H164", Severity.ERROR, message, None, hint, change.plugin, _option(change, "user"))


def _is_made(change: Change) -> bool:
    return change.action in (Action.CREATE, Action.REPLACE)


def _replaced(change: Change) -> Finding:
    before, after = (side.get(SNAPSHOT) for side in (change.before, change.after))
    name = _name(change)
    if after is None:
        message = f"without `snapshot: {before}`, {name} is replaced by an empty database"
        hint = f"Keep `snapshot: {before}`: it is not restored again."
    else:
        message = f"{name} is replaced by what the snapshot {after} holds. What it holds now is lost to the application"
        hint = "A final snapshot of it stays. To keep the database, undo the change of `snapshot`."
    return Finding("H162", Severity.WARNING, message, None, hint, change.plugin, _option(change, "snapshot", after))


def _name(change: Change) -> str:
    return change.path if change.path.startswith("resources.") else change.logical_id


def _option(change: Change, option: str, value: object = "") -> str:
    """The place of the option that is wrong; of its resource, where it is not written."""
    return f"{change.path}.{option}" if change.path.startswith("resources.") and value is not None else change.path
