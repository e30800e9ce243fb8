"""A deployment's build stack: its template, whether one stands in the cloud, whose it is, and its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hivemind.aws.snapshot import describe
from hivemind.deploy.final_snapshots import Say
from hivemind.deploy.stack import StackDriver
from hivemind.template.assemble import assemble
from hivemind.template.build_stack import blueprint_of, chosen
from hivemind.template.names import BUILDS_TAG
from hivemind.values.errors import HiveMindError, Refused

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint, Service
    from hivemind.deploy.state import StateStore
    from hivemind.template.fragment import Assembly
    from hivemind.values.cloud import Cloud
    from hivemind.values.hooks import Hooks


def assembly(blueprint: Blueprint, services: Iterable[Service], hooks: Hooks) -> Assembly:
    """The template of a build stack, as all plugins make it together (`hivemind_fragments`).

    blueprint: of the deployment. services: those to be built. Raises what `assemble` raises, and PluginError.
    """
    around = blueprint_of(blueprint, services)
    answers = hooks.collect("hivemind_fragments", blueprint=around)
    return assemble(around, [(one.plugin, chosen(one.result)) for one in answers], distributions=hooks.described())


def remove(
    cloud: Cloud,
    name: str,
    deployment: str,
    say: Say,
    *,
    cancelled: Callable[[], bool] = lambda: False,
    **driver: Any,
) -> bool:
    """Deletes a build stack and waits for its end; whether there was one.

    deployment: id of the one that it builds for. driver: more of StackDriver's. Raises Refused for a stack that is
    somebody else's, and what StackDriver.delete raises.
    """
    view = described(cloud, name)
    if view is None:
        return False
    refuse_others(cloud, name, deployment)
    deletion = StackDriver(cloud, say=say, cancelled=cancelled, **driver).delete(view["StackId"])
    for one in deletion.left:
        say(f"not deleted with the build stack {name}: {one} {one.physical_id}")
    return True


def described(cloud: Cloud, name: str) -> Mapping[str, Any] | None:
    """DescribeStacks' entry of a build stack; None where there is none."""
    return describe(cloud.client("cloudformation"), name)


def is_of(described: Mapping[str, Any], deployment: str) -> bool:
    """Whether a stack builds for a deployment, and is no deployment itself."""
    return any(tag["Key"] == BUILDS_TAG and tag["Value"] == deployment for tag in described.get("Tags", ()))


def remove_left(cloud: Cloud, store: StateStore, deployment: str, name: str, say: Say, **driver: Any) -> None:
    """Takes away what an earlier run left, where nothing else is to be done. The caller holds the lease."""
    try:
        remove(cloud, name, deployment, say, **driver)
    except HiveMindError as error:
        say(what_is_left(name, error))
    else:
        store.update(deployment, build_stack=None)


def refuse_others(cloud: Cloud, name: str, deployment: str) -> None:
    """Raises Refused where a stack of this name is there that does not build for the deployment."""
    found = described(cloud, name)
    if found is not None and not is_of(found, deployment):
        raise Refused(
            f"the stack {name} exists, but is not HiveMind's build stack of {deployment}",
            hint="Rename the application or its environment, or build on this machine.",
        )


def what_is_left(name: str, error: HiveMindError) -> str:
    """What to tell people of a build stack that could not be removed."""
    lines = "; ".join((error.message, *getattr(error, "lines", ())))
    return (
        f"could not delete the build stack {name}, which costs money until it is deleted: {lines}. "
        "`hivemind apply` and `hivemind destroy` try again."
    )
