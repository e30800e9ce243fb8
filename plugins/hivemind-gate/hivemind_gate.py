"""Steps for HiveMind: a person confirms traffic before it is sent, and pages are warmed up after it."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from hivemind import Apply, Context, Destroy, Failure, Release, SchemaPart, Stage, Step, hook, milestones

NAME = "hivemind-gate"
SECONDS = 10.0
"""For one page to answer."""
OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "ask": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["production"],
            "description": "Environments in which a person confirms before traffic is sent.",
            "examples": [["production"]],
        },
        "warm": {
            "type": "array",
            "items": {"type": "string", "pattern": "^/"},
            "default": [],
            "description": "Paths that are requested from each service once it has traffic.",
            "examples": [["/", "/products"]],
        },
    },
}


@hook
def hivemind_schema() -> SchemaPart:
    return SchemaPart(options=OPTIONS)


@hook
def hivemind_steps(run: Apply | Destroy) -> tuple[Step, ...]:
    if isinstance(run, Destroy) or not any(service.is_web for service, _ in run.releasing()):
        return ()
    options = run.blueprint.plugins.get(NAME, {})
    steps = []
    if run.blueprint.environment in options.get("ask", ["production"]):
        steps.append(
            Step(
                "confirm traffic",
                Stage.REGISTER,
                lambda _: None,
                needs=(milestones.RELEASE,),
                before=(milestones.TRAFFIC,),
                approval=f"Send traffic to {run.revision} of {run.blueprint.name}?",
            )
        )
    if paths := options.get("warm", []):
        steps.append(
            Step(
                "warm up",
                Stage.OBSERVE,
                lambda context: warm(context, paths),
                needs=(milestones.TRAFFIC, milestones.RECORD),
                failure=Failure.WARN,
                message=", ".join(paths),
                outcome=lambda pages: f"{pages} page{'' if pages == 1 else 's'}",
            )
        )
    return tuple(steps)


def warm(context: Context, paths: Sequence[str]) -> int:
    """Requests each path from each service with an address; the number of pages that answered. Raises RuntimeError for
    the first that does not."""
    release: Release = context[milestones.RECORD].release()
    pages = 0
    for service in release.web_services:
        for path in paths:
            context.check()
            url = f"{(service.url or '').rstrip('/')}{path}"
            headers = {"Host": service.host} if service.host else {}
            request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the load balancer's address
            try:
                with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - the same
                    answer.read()
            except (urllib.error.URLError, OSError) as error:
                raise RuntimeError(f"{url}: {error}") from error
            pages += 1
            context.progress(f"{pages} pages, {url}")
    return pages
