"""The emulator's doors that stay shut: what would get past our own dispatcher, or run code of a caller's.

Like `emulator.py`, this knows private names of ministack, whose modules it is given; `tests/local/test_emulator.py` has
the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

_ENTRIES = ("_handle_pre_body_request", "_handle_post_body_shortcuts", "_handle_special_data_plane_request")
_CUSTOM = "Custom::Resource"


def close_entries(app: Any, kept: Collection[str]) -> None:
    """No request is answered by its path or host alone (administration, functions' addresses, registries), and nothing
    comes back of services that an earlier version of the local cloud had. kept: modules whose state is loaded."""
    for name in _ENTRIES:
        assert hasattr(app, name), name
        setattr(app, name, _pass_on)
    for key in [key for key, module in app._state_map.items() if module not in kept]:
        del app._state_map[key]


def close_types(provisioners: Any, installed: Collection[str], said: Callable[[str], str]) -> None:
    """Resource types other than the installed ones fail, however their template came: nested, or out of a transform.
    said: the reason. Stacks of an earlier version that hold some can still be deleted."""
    handlers = provisioners._RESOURCE_HANDLERS
    for name in handlers.keys() - set(installed):
        handlers[name] = {"create": _refusing(said(name)), "delete": handlers[name].get("delete", _no_more)}
    for name in ("_custom_resource_create", "_custom_resource_update", "_custom_resource_delete"):
        assert hasattr(provisioners, name), name
    provisioners._custom_resource_create = provisioners._custom_resource_update = _refusing(said(_CUSTOM))
    provisioners._custom_resource_delete = _no_more
    handlers["AWS::CloudFormation::CustomResource"] = {"create": _refusing(said(_CUSTOM)), "delete": _no_more}


def check_templates(modules: Collection[Any], refused: Callable[[Mapping[str, Any]], str | None]) -> None:
    """Each template is looked at before a stack begins. modules: those that know the emulator's own check.
    refused: why one is not taken, a sentence, or None."""
    (check,) = {module.validate_template_support for module in modules}

    def checked(template: Mapping[str, Any], *others: Any, **more: Any) -> None:
        if said := refused(template):
            raise ValueError(said)
        check(template, *others, **more)

    for module in modules:
        module.validate_template_support = checked


async def _pass_on(*_: Any, **__: Any) -> None:
    """Answers nothing, so that the request goes on to the dispatcher."""


def _refusing(said: str) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> None:
        raise ValueError(said)

    return refuse


def _no_more(*_: Any, **__: Any) -> None:
    """The deletion of what the local cloud does not run any more."""
