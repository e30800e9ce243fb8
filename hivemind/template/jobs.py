"""The jobs of an instance, which its tags name. Pure.

Tags and not metadata: an update that changes a resource's metadata alone is none (CloudFormation User Guide, "Metadata
attribute"), and tags of an instance change without an interruption.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

JOB_TAG = "hivemind:job:"
"""What the key of the tag begins with that names a job of an instance; each job has one."""


def job_tags(names: Iterable[str]) -> list[dict[str, str]]:
    """The tags of an instance that runs these jobs."""
    return [{"Key": f"{JOB_TAG}{name}", "Value": "scheduled"} for name in names]


def jobs_in(definition: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the jobs that an instance's definition has."""
    tags = (definition.get("Properties") or {}).get("Tags") or []
    keys = [str(tag.get("Key")) for tag in tags if isinstance(tag, Mapping)]
    return tuple(sorted(key.removeprefix(JOB_TAG) for key in keys if key.startswith(JOB_TAG)))
